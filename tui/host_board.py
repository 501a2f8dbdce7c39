"""What every host of a run is doing, followed from log entries; no rule of the run is decided here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from runner.model.run import Attempt
from runner.rules.tags import Tag
from runner.wire.api_audit import EntryShown

AT_WORK: Final = "running"
_ENDS: Final = frozenset({"ok", "changed", "failed", "unreachable", "skipped"})

AttemptPlace = tuple[int, str, str, int]
"""Batch, step, role and number: an attempt within its run."""


@dataclass(frozen=True, slots=True)
class HostNow:
    """The last thing a host did in an attempt."""

    word: str
    """`running` while a task is in flight, else how the last one ended."""
    task: str = ""


@dataclass(slots=True)
class _Seen:
    hosts: dict[str, HostNow] = field(default_factory=dict)
    tasks: int = 0


class HostBoard:
    """Hosts by attempt, as far as the entries that were taken in tell."""

    def __init__(self) -> None:
        self._seen: dict[AttemptPlace, _Seen] = {}

    def take(self, entry: EntryShown) -> None:
        """Follow one more entry."""
        place = _place(entry)
        if place is None or entry.payload is None:
            return
        seen = self._seen.setdefault(place, _Seen())
        kind = str(entry.payload.get("event") or "")
        host = str(entry.payload.get("host") or entry.about.get("host") or "")
        task = str(entry.payload.get("task") or entry.payload.get("probe") or "")
        if kind == "task_start":
            seen.tasks += 1
        elif kind in {"host_start", "probe_start"} and host:
            seen.hosts[host] = HostNow(AT_WORK, task)
        elif kind in _ENDS and host:
            seen.hosts[host] = HostNow(kind, task)
        elif kind == "probe_end" and host:
            seen.hosts[host] = HostNow(str(entry.payload.get("outcome") or ""))

    def hosts_of(self, attempt: Attempt) -> Mapping[str, HostNow]:
        """What is known of the hosts of an attempt."""
        seen = self._seen.get(_place_of(attempt))
        return seen.hosts if seen else {}

    def tasks_of(self, attempt: Attempt) -> int:
        """How many tasks of an attempt have begun."""
        seen = self._seen.get(_place_of(attempt))
        return seen.tasks if seen else 0


def _place(entry: EntryShown) -> AttemptPlace | None:
    if entry.tag not in (Tag.ANSIBLE_EVENT, Tag.PROBE_RESULT):
        return None
    batch, attempt = entry.about.get("batch"), entry.about.get("attempt")
    if not isinstance(batch, int) or not isinstance(attempt, int):
        return None
    return batch, str(entry.about.get("step")), str(entry.about.get("role")), attempt


def _place_of(attempt: Attempt) -> AttemptPlace:
    return attempt.key.batch, attempt.key.step, attempt.key.role.value, attempt.key.number
