"""What became of each host in an attempt, and what the attempt comes to (law L6).

A host counts as done only once Ansible's closing statistics have been seen. Without them, a host on which a task was
in flight, or may have been begun since the last event that was certainly written, is unknown; the others had reached a
task border.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from runner.errors import UsageError, fill
from runner.model.document import JsonObject, JsonValue
from runner.model.run import AttemptState, HostOutcome
from runner.model.runbook import Output
from runner.rules.event_fold import EventFold, HostCounts, HostFacts
from runner.rules.history import SETTLED_DONE, SETTLED_NOT_DONE
from runner.rules.parameters import read_value
from runner.rules.secret_use import MASK
from runner.words import N_

SETTLED_UNKNOWN: Final = "unknown"
"""What a settle probe reports, or is taken to report, when it cannot tell."""

_FAILURES: Final = (HostOutcome.FAILED, HostOutcome.UNREACHABLE, HostOutcome.STOPPED)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What the events of an attempt come to."""

    outcomes: Mapping[str, HostOutcome]
    """By host name; every host of the attempt."""
    complete: bool
    """Whether everything that was to be done was seen to have ended."""
    stopped: bool
    """Whether the process told that it ended at a task border before everything was done."""
    changed: bool
    """Whether any task reported a change."""
    masked: int
    """How many values were masked."""
    outputs: Mapping[str, JsonValue] = field(default_factory=dict)
    """Values given to `set_stats` for the whole run, as given."""
    settled: Mapping[str, str] = field(default_factory=dict)
    """By host name: what a settle probe reported."""
    reason: str = ""
    """What went wrong, in English; empty when nothing did."""


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What an attempt comes to."""

    state: AttemptState
    outputs: Mapping[str, JsonValue]
    """Typed; empty unless it succeeded."""
    reason: str


def fold_events(hosts: Sequence[str], events: Iterable[JsonObject], *, ended: bool, mutating: bool) -> Outcomes:
    """Judge a whole stream of events; see `judge`."""
    fold = EventFold(hosts)
    fold.feed(events)
    return judge(fold, ended=ended, mutating=mutating)


def judge(fold: EventFold, *, ended: bool, mutating: bool) -> Outcomes:
    """What the events so far come to.

    Args:
        fold: the events of the attempt.
        ended: whether the process was seen to end by itself or at a task border, with every event written.
        mutating: whether the attempt may change a host.
    """
    ended = ended or fold.ended
    outcomes = {name: _outcome(fold, name, host, ended=ended, mutating=mutating) for name, host in fold.hosts.items()}
    return Outcomes(
        outcomes=outcomes,
        complete=_is_complete(fold),
        stopped=fold.stopped,
        changed=any(host.changed for host in fold.hosts.values()) or _counted_change(fold),
        masked=fold.masked,
        outputs=dict(fold.custom),
        settled=_settled(fold),
        reason=_reason(fold, outcomes),
    )


def conclude(
    found: Outcomes, *, may_change: bool, stopped: bool = False, declared: Sequence[Output] = (), reason: str = ""
) -> Conclusion:
    """What an attempt comes to.

    Args:
        found: what its events come to.
        may_change: whether a change is allowed: the attempt is mutating or runs in check mode.
        stopped: whether it was ended at a task border because somebody asked.
        declared: outputs it must report.
        reason: what else was wrong, in English; it then does not succeed.
    """
    values = list(found.outcomes.values())
    why = reason or found.reason
    if HostOutcome.UNKNOWN in values:
        return Conclusion(AttemptState.UNKNOWN, {}, why or fill(N_("its end was not seen"), {}))
    if not found.complete and (stopped or found.stopped):
        return Conclusion(AttemptState.CANCELLED, {}, why or fill(N_("it was ended at a task border"), {}))
    if any(value in _FAILURES for value in values) or not found.complete or why:
        return Conclusion(AttemptState.FAILED, {}, why or fill(N_("it ended before everything was done"), {}))
    if found.changed and not may_change:
        return Conclusion(AttemptState.FAILED, {}, fill(N_("it may change nothing, but reported a change"), {}))
    outputs, missing = typed_outputs(declared, found.outputs)
    return Conclusion(AttemptState.FAILED if missing else AttemptState.SUCCEEDED, outputs, missing)


def typed_outputs(declared: Sequence[Output], reported: Mapping[str, JsonValue]) -> tuple[Mapping[str, JsonValue], str]:
    """The declared outputs with their types, or none and why (in English): one is missing, mistyped or unsafe."""
    values: dict[str, JsonValue] = {}
    for output in declared:
        if output.name not in reported:
            return {}, fill(N_('output "{name}" was not reported'), {"name": output.name})
        if MASK in str(reported[output.name]):
            return {}, fill(N_('output "{name}" holds a secret, which is not recorded'), {"name": output.name})
        try:
            values[output.name] = read_value(output, reported[output.name])
        except UsageError as error:
            return {}, fill(N_("output {reason}"), {"reason": str(error)})
    return values, ""


def _is_complete(fold: EventFold) -> bool:
    """Whether everything was seen to have ended."""
    if any(host.probed for host in fold.hosts.values()):
        return all(host.probed for host in fold.hosts.values())
    return fold.counts is not None and not fold.stopped


def _outcome(fold: EventFold, name: str, host: HostFacts, *, ended: bool, mutating: bool) -> HostOutcome:
    if host.probed is not None:
        return host.probed
    if fold.counts is None or fold.stopped:
        return _unfinished(fold, host, ended=ended, mutating=mutating)
    if host.flying:
        return HostOutcome.UNKNOWN
    counts = fold.counts.get(name)
    if counts is None:
        return HostOutcome.UNREACHABLE if _has_failed(fold) else HostOutcome.SKIPPED
    return _counted(fold, host, counts, mutating=mutating)


def _counted(fold: EventFold, host: HostFacts, counts: HostCounts, *, mutating: bool) -> HostOutcome:
    """Outcome of a host by the closing statistics."""
    if counts.unreachable:
        return HostOutcome.UNKNOWN if mutating and host.lost else HostOutcome.UNREACHABLE
    if counts.failed:
        return HostOutcome.FAILED
    if _is_broken_off(fold):
        return HostOutcome.STOPPED
    if host.changed or counts.changed:
        return HostOutcome.CHANGED
    return HostOutcome.OK if counts.done else HostOutcome.SKIPPED


def _unfinished(fold: EventFold, host: HostFacts, *, ended: bool, mutating: bool) -> HostOutcome:
    """Outcome of a host without closing statistics."""
    if host.flying:
        return HostOutcome.UNKNOWN
    if not ended and fold.border and host.ended_at < fold.border:
        # A task may have begun here and the event that says so not been written; a failure may have been ignored.
        return HostOutcome.UNKNOWN
    if host.unreachable:
        return HostOutcome.UNKNOWN if mutating and host.lost else HostOutcome.UNREACHABLE
    if host.failed_at >= 0:
        return HostOutcome.FAILED
    return HostOutcome.STOPPED if host.started else HostOutcome.UNREACHABLE


def _has_failed(fold: EventFold) -> bool:
    counts = (fold.counts or {}).values()
    return bool(fold.rc) or any(count.failed or count.unreachable for count in counts)


def _is_broken_off(fold: EventFold) -> bool:
    """Whether Ansible ended the play for hosts that had not failed, because others had."""
    if not _has_failed(fold):
        return False
    failed_at = max((host.failed_at for host in fold.hosts.values()), default=-1)
    return fold.broken_off or (0 <= failed_at == fold.fatal_border)


def _counted_change(fold: EventFold) -> bool:
    return any(count.changed for count in (fold.counts or {}).values())


def _settled(fold: EventFold) -> Mapping[str, str]:
    """What a settle probe reported; for a single host it may have been reported for the whole run."""
    settled: dict[str, str] = {}
    for name in fold.hosts:
        custom = fold.host_custom.get(name)
        value = custom.get("settled") if isinstance(custom, dict) else None
        if value is None and len(fold.hosts) == 1:
            value = fold.custom.get("settled")
        if value is not None:
            known = value in (SETTLED_DONE, SETTLED_NOT_DONE)
            settled[name] = str(value) if known else SETTLED_UNKNOWN
    return settled


def _reason(fold: EventFold, outcomes: Mapping[str, HostOutcome]) -> str:
    if fold.strangers:
        return fill(N_("it worked on {host}, which is not a host of the plan"), {"host": ", ".join(fold.strangers)})
    told = [(name, host.reason) for name, host in fold.hosts.items() if host.reason and outcomes[name] in _TOLD]
    if told:
        name, reason = told[0]
        message = N_("{host}: {reason}") if len(told) == 1 else N_("{host}: {reason} (and {more} more hosts)")
        return fill(message, {"host": name, "reason": reason, "more": len(told) - 1})
    if fold.counts == {}:
        return fold.complaint or fill(N_("no host of the plan is meant by the play"), {})
    if fold.rc and not fold.stopped:
        return fold.complaint or fill(N_("it ended with exit status {rc}"), {"rc": fold.rc})
    return fold.complaint if fold.counts is None else ""


_TOLD: Final = frozenset({HostOutcome.FAILED, HostOutcome.UNREACHABLE, HostOutcome.UNKNOWN})
