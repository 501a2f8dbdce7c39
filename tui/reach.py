"""Where a live backend finds its service and what it keeps beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from runner.model.time import Clock


@dataclass(frozen=True, slots=True)
class Reach:
    """Plain values, found out by the command that opens the terminal UI."""

    site: Path
    state: Path
    socket: Path
    checkpoints: Path
    """Folder of the heads of logs this client remembers."""
    clock: Clock
    key: Path | None = None
    """Key file named at the start."""
    passphrase: str | None = None
    """Its passphrase, when it was given in a file."""
