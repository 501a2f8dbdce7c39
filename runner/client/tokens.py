"""Tokens of sessions, kept for the person alone: one small file for each service, in a folder that ends with the login.

A token is given only to the service it came from, known by its log and by where it listens.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import stat
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from runner.errors import UsageError
from runner.proof.canonical import parse_strict
from runner.words import N_

_MAX_FILE: Final = 16 * 1024
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class KeptToken:
    """A session of the person at this client."""

    origin: str
    """Name of the service's log."""
    socket: str
    """Where that service listens."""
    person: str
    token: str = field(repr=False)


class Tokens:
    """What is kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, origin: str, socket: Path) -> KeptToken | None:
        """The token for a service; none if others may read it, or it came from somewhere else."""
        try:
            with self.place(origin).open("rb") as file:
                found = os.fstat(file.fileno())
                data = file.read(_MAX_FILE)
        except OSError:
            return None
        if found.st_uid != os.geteuid() or found.st_mode & _OTHERS:
            return None
        try:
            document = parse_strict(data)
        except UsageError:
            return None
        if not isinstance(document, dict):
            return None
        kept = KeptToken(*(str(document.get(name, "")) for name in ("origin", "socket", "person", "token")))
        return kept if kept.token and (kept.origin, kept.socket) == (origin, _real(socket)) else None

    def keep(self, origin: str, socket: Path, person: str, token: str) -> None:
        """Keep a token in place of the one before.

        Raises:
            UsageError: it cannot be written.
        """
        path = self.place(origin)
        beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        text = json.dumps({"origin": origin, "socket": _real(socket), "person": person, "token": token})
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            beside.rename(path)
        except OSError as error:
            with suppress(OSError):
                beside.unlink()
            raise UsageError(
                N_("session {path}: cannot be kept: {reason}"), path=str(path), reason=error.strerror or str(error)
            ) from error

    def forget(self, origin: str) -> None:
        """Keep nothing for a service any more."""
        with suppress(OSError):
            self.place(origin).unlink()

    def place(self, origin: str) -> Path:
        """The file a token is kept in."""
        return self._folder / f"{hashlib.sha256(origin.encode()).hexdigest()[:32]}.json"


def _real(socket: Path) -> str:
    return str(socket.absolute())
