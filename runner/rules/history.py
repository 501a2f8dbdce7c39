"""What a run's record says about its attempts and decisions, put where the rules can find it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from runner.model.plan import Role
from runner.model.run import (
    Attempt,
    AttemptKey,
    AttemptState,
    Cause,
    Choice,
    Decision,
    HostOutcome,
    Question,
    RunKind,
    RunRecord,
)
from runner.rules.expansion import PlannedStep

TRIES: Final = 3
"""How often in a row something may be tried without a person's word while it has no effect: attempts that never began,
and read-only ones whose end was not seen."""

OPEN: Final = frozenset({AttemptState.INTENDED, AttemptState.BEGUN})
"""States of an attempt that has no recorded end."""

_INCONCLUSIVE: Final = frozenset({AttemptState.NEVER_BEGUN, AttemptState.UNKNOWN})
_UNTOUCHED: Final = frozenset({HostOutcome.UNREACHABLE, HostOutcome.SKIPPED})
FINISHED: Final = frozenset({HostOutcome.OK, HostOutcome.CHANGED, HostOutcome.SKIPPED})
"""Outcomes of a host on which an attempt ran to its end."""

Place = tuple[int, str, Role]
"""Batch, step and role: what attempts are numbered in."""


class Standing(StrEnum):
    """How far a step's work of one role has come."""

    NEEDED = "needed"
    """An attempt has to begin."""
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """Something may have changed; nobody saw its end."""
    CANCELLED = "cancelled"
    IN_PROGRESS = "in_progress"


SETTLED_DONE: Final = "done"
"""What a settle probe reports of a host on which the attempt took place."""
SETTLED_NOT_DONE: Final = "not_done"
"""What it reports of a host on which the attempt did not take place."""

_STANDING: Final = {
    AttemptState.INTENDED: Standing.IN_PROGRESS,
    AttemptState.BEGUN: Standing.IN_PROGRESS,
    AttemptState.SUCCEEDED: Standing.DONE,
    AttemptState.FAILED: Standing.FAILED,
    AttemptState.CANCELLED: Standing.CANCELLED,
    AttemptState.UNKNOWN: Standing.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Slot:
    """Every attempt of one step, batch and role, and what they come to."""

    attempts: tuple[Attempt, ...]
    counted: tuple[Attempt, ...]
    """Those that still stand: after the one people decided to repeat, or after the attempt asked about."""
    standing: Standing

    @property
    def last(self) -> Attempt:
        """The newest attempt; there is one unless an attempt is needed."""
        return self.attempts[-1]

    @property
    def number(self) -> int:
        """Number of the next attempt."""
        return self.attempts[-1].key.number + 1 if self.attempts else 1


@dataclass(frozen=True, slots=True)
class History:
    """A run's attempts by place, and what two people decided about them."""

    record: RunRecord
    attempts: Mapping[Place, tuple[Attempt, ...]]
    decided: Mapping[AttemptKey, Choice]
    """The last decision about an attempt that says what to do with it."""

    def slot(self, planned: PlannedStep, role: Role, after: Attempt | None = None) -> Slot:
        """The attempts of a planned step in one role; with `after`, only those intended after that attempt stand."""
        return self.slot_at((planned.batch, planned.step.id, role), after)

    def slot_at(self, place: Place, after: Attempt | None = None) -> Slot:
        """As `slot`, by place."""
        attempts = self.attempts.get(place, ())
        counted = self.counted(attempts if after is None else self._later(attempts, after))
        return Slot(attempts, counted, self._standing(counted))

    def tried(self, planned: PlannedStep) -> tuple[Attempt, ...]:
        """The main attempts of a step and the probes that settled them, in order."""
        return tuple(
            attempt
            for attempt in self.record.attempts
            if (attempt.key.batch, attempt.key.step) == (planned.batch, planned.step.id)
            and attempt.key.role in (Role.DO, Role.SETTLE)
        )

    def counted(self, attempts: tuple[Attempt, ...]) -> tuple[Attempt, ...]:
        """The attempts after the last one that people decided to repeat."""
        for place in range(len(attempts) - 1, -1, -1):
            if self.decided.get(attempts[place].key) is Choice.REPEAT:
                return attempts[place + 1 :]
        return attempts

    def has_changed(self, attempt: Attempt) -> bool:
        """Whether an attempt that may change nothing reported a change."""
        if attempt.mutating or self.record.kind is RunKind.CHECK:
            return False
        return HostOutcome.CHANGED in attempt.outcomes.values()

    def continued(self, question: Question, batch: int, step: str) -> Decision | None:
        """The last decision to go on with a step despite a question that is about no attempt."""
        for decision in reversed(self.record.decisions):
            if (
                decision.question is question
                and decision.choice is Choice.CONTINUE
                and (decision.batch, decision.step) == (batch, step)
            ):
                return decision
        return None

    def _later(self, attempts: tuple[Attempt, ...], than: Attempt) -> tuple[Attempt, ...]:
        order = {attempt.key: place for place, attempt in enumerate(self.record.attempts)}
        return tuple(attempt for attempt in attempts if order[attempt.key] > order[than.key])

    def _standing(self, tail: tuple[Attempt, ...]) -> Standing:
        if not tail:
            return Standing.NEEDED
        last = tail[-1]
        if self.decided.get(last.key) is Choice.MARK_DONE:
            return Standing.DONE
        if last.state in _INCONCLUSIVE and not (last.state is AttemptState.UNKNOWN and last.mutating):
            return Standing.NEEDED if trailing_inconclusive(tail) < TRIES else Standing.FAILED
        if last.state is AttemptState.SUCCEEDED and self.has_changed(last):
            return Standing.FAILED
        return _STANDING[last.state]


def read_history(record: RunRecord) -> History:
    """Index a run's record."""
    attempts: dict[Place, list[Attempt]] = {}
    for attempt in record.attempts:
        key = attempt.key
        attempts.setdefault((key.batch, key.step, key.role), []).append(attempt)
    decided = {
        AttemptKey(record.id, decision.batch, decision.step, decision.role, decision.number): decision.choice
        for decision in record.decisions
        if decision.choice in (Choice.REPEAT, Choice.MARK_DONE)
    }
    return History(record, {place: tuple(found) for place, found in attempts.items()}, decided)


def trailing_inconclusive(attempts: tuple[Attempt, ...]) -> int:
    """How many of the newest attempts in a row never began or were not seen to end."""
    count = 0
    for attempt in reversed(attempts):
        if attempt.state not in _INCONCLUSIVE:
            break
        count += 1
    return count


def has_effect(attempt: Attempt) -> bool:
    """Whether an attempt has begun, or may have."""
    return attempt.state is not AttemptState.NEVER_BEGUN


def touched_hosts(attempts: tuple[Attempt, ...], hosts: tuple[str, ...]) -> tuple[str, ...]:
    """The hosts, in their order, that a step's attempts may have changed; a host without outcome is one of them."""
    touched = {
        host
        for attempt in attempts
        if attempt.mutating and has_effect(attempt)
        for host in attempt.hosts
        if attempt.outcomes.get(host) not in _UNTOUCHED
    }
    return tuple(host for host in hosts if host in touched)


def unfinished_hosts(attempts: tuple[Attempt, ...], hosts: tuple[str, ...]) -> tuple[str, ...]:
    """The hosts, in their order, on which a step is not known to be finished.

    All of them when it is finished on each: then it did not fail for a host.

    Args:
        attempts: main attempts and the probes that settled them, in order.
        hosts: every host of the step.
    """
    finished: dict[str, bool] = {}
    for attempt in attempts:
        if attempt.key.role is Role.SETTLE:
            finished |= {host: found == SETTLED_DONE for host, found in attempt.settled.items()}
        else:
            finished |= {host: outcome in FINISHED for host, outcome in attempt.outcomes.items()}
    return tuple(host for host in hosts if not finished.get(host)) or hosts


def failed_hosts(attempt: Attempt) -> tuple[str, ...]:
    """The hosts an attempt failed on; all of its hosts when it failed as a whole."""
    failed = tuple(host for host in attempt.hosts if attempt.outcomes.get(host) not in FINISHED)
    return failed or attempt.hosts


def unknown_hosts(attempt: Attempt) -> tuple[str, ...]:
    """The hosts on which an attempt was not seen to end; all of its hosts when its record names none."""
    unknown = tuple(
        host for host in attempt.hosts if attempt.outcomes.get(host, HostOutcome.UNKNOWN) is HostOutcome.UNKNOWN
    )
    return unknown or attempt.hosts


def open_attempts(record: RunRecord) -> Iterator[Attempt]:
    """Attempts without a recorded end; there is never more than one."""
    return (attempt for attempt in record.attempts if attempt.state in OPEN)


def must_return(record: RunRecord) -> bool:
    """Whether two people decided to roll back and the run has not turned yet."""
    if any(turn.cause is Cause.DECIDED for turn in record.turns):
        return False
    return any(_decides_return(decision) for decision in record.decisions)


def must_end(record: RunRecord) -> bool:
    """Whether two people decided to end the run where it stands."""
    return any(decision.choice is Choice.ABANDON for decision in record.decisions)


def _decides_return(decision: Decision) -> bool:
    """Whether a decision turns the run back; inside a rollback the same choice only accepts the loss of data."""
    return decision.choice is Choice.ROLL_BACK and decision.question is not Question.DATA_WOULD_BE_LOST
