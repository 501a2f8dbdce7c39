"""Telling one process from every other that ever had its number."""

from __future__ import annotations

import os
import resource
from dataclasses import dataclass
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_STATE, _START = 0, 19
"""Places in `/proc/<pid>/stat` counted from behind the name of the program."""


@dataclass(frozen=True, slots=True)
class ProcessMark:
    """What tells one process from every other that ever had its number."""

    pid: int
    start: int
    """Start time in clock ticks since boot, from `/proc/<pid>/stat`."""
    boot: str
    """Boot id of the kernel."""


def leave_no_core() -> None:
    """Keep this process and everything it starts from being written to disk when it crashes."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def own_mark() -> ProcessMark:
    """The mark of this process."""
    return ProcessMark(os.getpid(), int(_stat(os.getpid())[_START]), _boot_id())


def mark_of(pid: int) -> ProcessMark | None:
    """The mark of the process that now has the number, or None when there is none."""
    try:
        return ProcessMark(pid, int(_stat(pid)[_START]), _boot_id())
    except (FileNotFoundError, ProcessLookupError):
        return None


def is_alive(mark: ProcessMark) -> bool:
    """Whether the very process of the mark still runs; a zombie does not."""
    if mark.boot != _boot_id():
        return False
    try:
        fields = _stat(mark.pid)
    except (FileNotFoundError, ProcessLookupError):
        return False
    return int(fields[_START]) == mark.start and fields[_STATE] not in "ZX"


def _stat(pid: int) -> list[str]:
    """Fields of a process from its state on; the name before them may hold anything."""
    return Path(f"/proc/{pid}/stat").read_text("utf-8", errors="replace").rpartition(")")[2].split()


def _boot_id() -> str:
    return _BOOT_ID.read_text("ascii").strip()


def holders_of(path: Path) -> tuple[int, ...]:
    """Processes that have a file open, as far as this user may see."""
    target = path.stat()
    return tuple(
        int(process.name) for process in Path("/proc").iterdir() if process.name.isdigit() and _holds(process, target)
    )


def works_in(folder: Path) -> bool:
    """Whether a process has a folder for its working directory, as far as this user may see."""
    target = folder.stat()
    return any(_is_same(process / "cwd", target) for process in Path("/proc").iterdir() if process.name.isdigit())


def _holds(process: Path, target: os.stat_result) -> bool:
    try:
        return any(_is_same(entry, target) for entry in (process / "fd").iterdir())
    except OSError:
        return False


def _is_same(entry: Path, target: os.stat_result) -> bool:
    try:
        found = entry.stat()
    except OSError:
        return False
    return (found.st_dev, found.st_ino) == (target.st_dev, target.st_ino)
