"""Step shims as the service knows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ProcessMark:
    """What tells one process from every other that ever had its number."""

    pid: int
    start: int
    """Start time in clock ticks since boot, from `/proc/<pid>/stat`."""
    boot: str
    """Boot id of the kernel."""


@dataclass(frozen=True, slots=True)
class Shim:
    """A process of its own that carries out the attempts of one run."""

    id: str
    """Name of its folder under `shims/`."""
    run: str
    process: ProcessMark
    started_at: datetime
