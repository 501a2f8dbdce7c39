"""Ending a process with everything below it."""

from __future__ import annotations

import os
import signal
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

_PARENT = 1
"""Place in `/proc/<pid>/stat` counted from behind the name of the program."""


def kill_tree(pid: int) -> tuple[int, ...]:
    """Kill a process and all its descendants, also those in sessions of their own, as Ansible's workers are.

    Each is stopped before its children are looked for, so that none is born unseen. Processes that have cut
    themselves off from their parents (services a play has started) are none of them.

    Returns:
        Processes that could not be killed because they belong to another user.
    """
    stopped: set[int] = set()
    foreign: set[int] = set()
    found = {pid}
    while fresh := found - stopped - foreign:
        for process in fresh:
            (stopped if _signal(process, signal.SIGSTOP) else foreign).add(process)
        found = {pid} | _descendants(pid)
    for process in stopped:
        _signal(process, signal.SIGKILL)
    return tuple(sorted(foreign))


def parent_of(pid: int) -> int | None:
    """The parent of a process, or None when there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", errors="replace")
    except OSError:
        return None
    return int(stat.rpartition(")")[2].split()[_PARENT])


def _descendants(pid: int) -> set[int]:
    children: dict[int, list[int]] = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (parent := parent_of(int(entry.name))) is not None:
            children[parent].append(int(entry.name))
    below: set[int] = set()
    ahead = [pid]
    while ahead:
        born = [child for child in children[ahead.pop()] if child not in below]
        below.update(born)
        ahead.extend(born)
    return below


def _signal(pid: int, number: signal.Signals) -> bool:
    """Send a signal; False when the process belongs to another user. One that is gone needs none."""
    with suppress(ProcessLookupError):
        try:
            os.kill(pid, number)
        except PermissionError:
            return False
    return True
