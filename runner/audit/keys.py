"""The log's own key: Ed25519, made with the log, readable by nobody but its owner.

The file holds the key in the text form of signed notes (`PRIVATE+KEY+name+id+base64`), the file beside it the verifier
key (`name+id+base64`, C2SP vkey) that everybody may have.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from runner.errors import StorageError, UsageError
from runner.proof.encoding import from_base64, to_base64
from runner.proof.note import NoteKey, NoteSigner
from runner.words import N_

PRIVATE_FILE: Final = "log.key"
PUBLIC_FILE: Final = "log.pub"

_PRIVATE: Final = "PRIVATE+KEY+"
_ED25519: Final = b"\x01"
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def create_log_key(folder: Path, origin: str) -> NoteSigner:
    """Make the log's key and write both files; they must not exist.

    Raises:
        StorageError: a key is there already, or the files cannot be written.
        UsageError: the origin cannot name a log.
    """
    signer = NoteSigner(origin, Ed25519PrivateKey.generate())
    seed = signer.private_key.private_bytes_raw()
    text = f"{_PRIVATE}{origin}+{signer.key.key_id.hex()}+{to_base64(_ED25519 + seed)}\n"
    _write_new(folder / PRIVATE_FILE, text, 0o600)
    _write_new(folder / PUBLIC_FILE, signer.key.to_text() + "\n", 0o644)
    return signer


def load_log_key(folder: Path) -> NoteSigner:
    """The log's key.

    Raises:
        StorageError: the file is missing, unreadable, or open to others.
        UsageError: it does not hold a key.
    """
    path = folder / PRIVATE_FILE
    text = _read(path, private=True).strip()
    name, _, rest = text.removeprefix(_PRIVATE).partition("+")
    key_id, _, encoded = rest.partition("+")
    with suppress(ValueError):
        typed = from_base64(encoded)
        if text.startswith(_PRIVATE) and typed[:1] == _ED25519:
            signer = NoteSigner(name, Ed25519PrivateKey.from_private_bytes(typed[1:]))
            if signer.key.key_id.hex() == key_id:
                return signer
    raise UsageError(N_("{place}: is not the key of a log"), place=str(path))


def load_verifier_key(folder: Path) -> NoteKey:
    """The log's verifier key, which needs no secret.

    Raises:
        StorageError: the file is missing or unreadable.
        UsageError: it does not hold a verifier key.
    """
    return NoteKey.from_text(_read(folder / PUBLIC_FILE, private=False).strip())


def _read(path: Path, *, private: bool) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            status = os.fstat(file.fileno())
            if private and (status.st_mode & _OTHERS or status.st_uid != os.geteuid()):
                raise StorageError(
                    N_("{place}: others may read this key"),
                    hint=N_("make it yours alone: chmod 600 {place}; if somebody may have copied it, make a new log"),
                    place=str(path),
                )
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(
            N_("{place}: cannot be read"),
            hint=N_("bring back the last backup of the state directory"),
            place=str(path),
            reason=str(error),
        ) from error


def _write_new(path: Path, text: str, mode: int) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise StorageError(
            N_("{place}: cannot be written"),
            hint=N_("check the folder; an existing key is never replaced"),
            place=str(path),
            reason=str(error),
        ) from error
