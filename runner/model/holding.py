"""What a run holds while it is in progress: hosts it has locked and the shims that work for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class HostLock:
    """A host identity held by a run; shared by readers, exclusive for a run that changes it (L7)."""

    identity: str
    """`Host.identity`: a host is its pinned key, not its alias."""
    run: str
    exclusive: bool
    since: datetime


@dataclass(frozen=True, slots=True)
class Shim:
    """A step shim process; pid, start time and boot id together are never used twice."""

    id: str
    run: str
    folder: str
    """Its folder, relative to the state directory."""
    pid: int
    start_time: int
    """Start of the process in clock ticks since the machine's boot (field 22 of `/proc/PID/stat`)."""
    boot_id: str
    started_at: datetime
    ended_at: datetime | None = None
