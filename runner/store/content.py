"""Content by its digest: files named for the SHA-256 of their bytes, written once and checked at every reading."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from runner.errors import NotFoundError, StorageError, UsageError
from runner.store.failures import file_errors
from runner.words import N_

_HEX: Final = re.compile(r"[0-9a-f]{64}")
_READ_ONLY: Final = 0o444
_PRIVATE: Final = 0o700


class ContentStore:
    """A folder of blobs, `ab/cdef…` by the hex of their SHA-256; a blob is never changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, data: bytes) -> str:
        """Keep these bytes durably; bytes that are kept already stay as they are.

        Returns:
            Hex SHA-256 of the bytes.

        Raises:
            StorageError: the file system does not take them; nothing half written remains.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        path = self.path(sha256)
        with file_errors(path):
            if not (path.exists() and path.read_bytes() == data):
                self._make_room(path.parent)
                _write_beside(path, data)
        return sha256

    def read(self, sha256: str) -> bytes:
        """The bytes with that digest.

        Raises:
            NotFoundError: they were never kept here.
            StorageError: the file cannot be read, or holds other bytes than its name says.
        """
        path = self.path(sha256)
        with file_errors(path):
            try:
                data = path.read_bytes()
            except FileNotFoundError as error:
                raise NotFoundError(N_("content {sha256}: does not exist here"), sha256=sha256) from error
        if (got := hashlib.sha256(data).hexdigest()) != sha256:
            raise StorageError(
                N_("{place}: holds other bytes than its name says (got {got})"),
                hint=N_("somebody or the disk has changed it: bring back the last backup of the state directory"),
                place=str(path),
                got=got,
            )
        return data

    def has(self, sha256: str) -> bool:
        """Whether bytes with that digest were kept."""
        return self.path(sha256).is_file()

    def path(self, sha256: str) -> Path:
        """Where the bytes with that digest lie, or would lie.

        Raises:
            UsageError: not 64 lower-case hex digits.
        """
        if not _HEX.fullmatch(sha256):
            raise UsageError(N_('content: "{sha256}" is not a SHA-256 in lower-case hex'), sha256=sha256[:80])
        return self._folder / sha256[:2] / sha256[2:]

    def _make_room(self, folder: Path) -> None:
        if not folder.is_dir():
            folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
            _sync(self._folder)


def _write_beside(path: Path, data: bytes) -> None:
    """Write under another name, make it durable, and only then give it its own name."""
    descriptor, name = tempfile.mkstemp(prefix=".new-", dir=path.parent)
    beside = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), _READ_ONLY)
            os.fsync(file.fileno())
        beside.rename(path)
    except OSError:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise
    _sync(path.parent)


def _sync(folder: Path) -> None:
    """Make new names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
