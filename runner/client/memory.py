"""What a client remembers of every log: its verifier key and the last head it verified.

A log that later shows another key, a smaller size or a head that does not continue the remembered one was rewritten;
that is how every person who signs also witnesses the log.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from runner.errors import UsageError, VerificationError
from runner.model.log import Checkpoint
from runner.proof.canonical import parse_strict
from runner.proof.checkpoint import open_checkpoint
from runner.proof.note import NoteKey
from runner.words import N_

_MAX_FILE: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Remembered:
    """The last verified head of one log."""

    origin: str
    log_key: str
    """Verifier key (C2SP vkey)."""
    note: str
    """Signed checkpoint, exactly as received."""

    def checkpoint(self) -> Checkpoint:
        """The head in the note, its signature verified.

        Raises:
            VerificationError: the note is not signed by the key.
        """
        return open_checkpoint(self.note.encode(), NoteKey.from_text(self.log_key))


class Memory:
    """Heads of logs in a folder of the person's own; one small file for each log."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, origin: str) -> Remembered | None:
        """What is remembered of a log; None for one never seen.

        Raises:
            VerificationError: the file is there, but is not what was written.
        """
        path = self.place(origin)
        try:
            data = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise self._unusable(path, error.strerror or str(error)) from error
        try:
            document = parse_strict(data, _MAX_FILE)
        except UsageError as error:
            raise self._unusable(path, str(error)) from error
        if not isinstance(document, dict) or document.get("origin") != origin:
            raise self._unusable(path, "origin")
        return Remembered(origin, str(document.get("log_key", "")), str(document.get("note", "")))

    def keep(self, head: Remembered) -> None:
        """Remember a verified head in place of the former one; a larger one that is there stays.

        Raises:
            UsageError: the file cannot be written.
            VerificationError: the one that is there is not what was written.
        """
        path = self.place(head.origin)
        former = self.find(head.origin)
        if former is not None and former.checkpoint().size > head.checkpoint().size:
            return
        text = json.dumps({"origin": head.origin, "log_key": head.log_key, "note": head.note}, indent=1)
        beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            beside.rename(path)
        except OSError as error:
            with suppress(OSError):
                beside.unlink()
            raise UsageError(
                N_("memory of the log {path}: cannot be written: {reason}"),
                path=str(path),
                reason=error.strerror or str(error),
            ) from error

    def place(self, origin: str) -> Path:
        """The file a log's head is remembered in."""
        readable = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in origin)[:60]
        return self._folder / f"{readable}.{hashlib.sha256(origin.encode()).hexdigest()[:16]}.json"

    def _unusable(self, path: Path, reason: str) -> VerificationError:
        return VerificationError(
            N_("memory of the log {path}: it cannot be used: {reason}"),
            hint=N_("find out why before you remove it: it is what proves that the log was not rewritten"),
            path=str(path),
            reason=reason,
        )
