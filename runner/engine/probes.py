"""The fixed, read-only probes of a remote step: which command each runs and how its answer is read. Pure.

A command is an argument list; where a shell stands between (SSH), it is quoted by whoever sends it. No probe writes
anything, takes free text or needs more than coreutils and `/proc`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from runner.model.document import JsonValue
from runner.model.runbook import Probe, ProbeKind
from runner.words import N_

_PLAIN = ("env", "LC_ALL=C")
"""Answers are read by program, so they come in one language."""
_KIB = 1024
_MILLION = 1_000_000
_AVAILABLE = re.compile(r" (\d+) +(?:\d+%|-) /")
"""What stands before the percentage in the answer of `df`; names around it may hold blanks."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command on a host came to."""

    status: int
    output: str
    """Standard output, cut to what any probe needs."""
    asked: datetime
    """When it was sent (UTC)."""
    answered: datetime
    """When its output was complete (UTC)."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one probe read on one host."""

    probe: Probe
    within: bool
    """Whether everything asked for holds."""
    figures: dict[str, JsonValue]
    reason: str = ""
    """Message id of what is wrong, with the figures as its facts; empty when nothing is."""


def command_of(probe: Probe) -> tuple[str, ...]:
    """The command a probe runs on a host."""
    place = probe.path or "/"
    match probe.kind:
        case ProbeKind.REACHABLE:
            return ("true",)
        case ProbeKind.FREE_DISK:
            return (*_PLAIN, "df", "-Pk", "--", place)
        case ProbeKind.FREE_MEMORY:
            return ("cat", "/proc/meminfo")
        case ProbeKind.CLOCK_SKEW:
            return (*_PLAIN, "date", "-u", "+%s.%N")
        case ProbeKind.LOAD:
            return ("cat", "/proc/loadavg", "/proc/cpuinfo")
        case ProbeKind.FILE:
            return (*_PLAIN, "stat", "-L", "-c", "%s %Y %F", "--", place)


def judge(probe: Probe, answer: Answer) -> Reading:
    """What a command's answer says; an answer that cannot be read is outside every limit."""
    if probe.kind is ProbeKind.REACHABLE and answer.status == 0:
        return Reading(probe, within=True, figures={"answered_in_ms": _milliseconds(answer.answered - answer.asked)})
    if answer.status != 0:
        return _failed(probe, answer)
    try:
        return _READERS[probe.kind](probe, answer)
    except (ValueError, IndexError, KeyError):
        return Reading(probe, within=False, figures={}, reason=N_("the host's answer cannot be read"))


def _failed(probe: Probe, answer: Answer) -> Reading:
    figures: dict[str, JsonValue] = {"status": answer.status}
    if probe.path is None:
        return Reading(probe, within=False, figures=figures, reason=N_("the command ended with status {status}"))
    figures["path"] = probe.path
    return Reading(probe, within=False, figures=figures, reason=N_("{path}: does not exist or cannot be looked at"))


def _free_disk(probe: Probe, answer: Answer) -> Reading:
    free = int(_AVAILABLE.findall(answer.output)[-1]) * _KIB
    return _at_least(probe, {"path": probe.path or "/", "free_bytes": free}, free)


def _free_memory(probe: Probe, answer: Answer) -> Reading:
    fields = dict(line.split(":", 1) for line in answer.output.splitlines() if ":" in line)
    free = int(fields["MemAvailable"].split()[0]) * _KIB
    return _at_least(probe, {"free_bytes": free}, free)


def _at_least(probe: Probe, figures: dict[str, JsonValue], free: int) -> Reading:
    if probe.at_least is None or free >= probe.at_least:
        return Reading(probe, within=True, figures=figures)
    figures["at_least"] = probe.at_least
    return Reading(probe, within=False, figures=figures, reason=N_("{free_bytes} bytes free, expected {at_least}"))


def _clock_skew(probe: Probe, answer: Answer) -> Reading:
    """The clock was read somewhere between question and answer, so half of that span is doubt and counts as skew."""
    seconds, nanoseconds = answer.output.strip().split(".")
    there = int(seconds) * _MILLION + int(nanoseconds[:6])
    trip = answer.answered - answer.asked
    here = _microseconds(answer.asked) + _span(trip) // 2
    skew, doubt = (there - here) // 1000, _milliseconds(trip) // 2 + 1
    figures: dict[str, JsonValue] = {"skew_ms": skew, "doubt_ms": doubt}
    if probe.at_most is None or abs(skew) + doubt <= probe.at_most:
        return Reading(probe, within=True, figures=figures)
    figures["at_most_ms"] = probe.at_most
    reason = N_("the clock is {skew_ms} ms off (read to {doubt_ms} ms), expected at most {at_most_ms} ms")
    return Reading(probe, within=False, figures=figures, reason=reason)


def _load(probe: Probe, answer: Answer) -> Reading:
    whole, _, part = answer.output.split()[0].partition(".")
    processors = sum(line.startswith("processor") for line in answer.output.splitlines()) or 1
    load = (int(whole) * 100 + int(part[:2].ljust(2, "0"))) // processors
    figures: dict[str, JsonValue] = {"load_percent": load, "processors": processors}
    if probe.at_most is None or load <= probe.at_most:
        return Reading(probe, within=True, figures=figures)
    figures["at_most_percent"] = probe.at_most
    reason = N_("load is {load_percent} percent of its processors, expected at most {at_most_percent} percent")
    return Reading(probe, within=False, figures=figures, reason=reason)


def _file(probe: Probe, answer: Answer) -> Reading:
    size, modified, kind = answer.output.strip().split(" ", 2)
    figures: dict[str, JsonValue] = {
        "path": probe.path or "/",
        "size_bytes": int(size),
        "modified": int(modified),
        "kind": kind,
    }
    return Reading(probe, within=True, figures=figures)


_READERS = {
    ProbeKind.FREE_DISK: _free_disk,
    ProbeKind.FREE_MEMORY: _free_memory,
    ProbeKind.CLOCK_SKEW: _clock_skew,
    ProbeKind.LOAD: _load,
    ProbeKind.FILE: _file,
}


def _span(span: timedelta) -> int:
    return span // timedelta(microseconds=1)


def _milliseconds(span: timedelta) -> int:
    return _span(span) // 1000


def _microseconds(instant: datetime) -> int:
    return int(instant.timestamp()) * _MILLION + instant.microsecond
