"""Runs, their batches, steps and attempts, as recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from runner.model.document import JsonObject, JsonValue
from runner.model.plan import Role
from runner.model.runbook import RollbackScope
from runner.model.time import Window


class RunKind(StrEnum):
    """Whether a run carries out a change or only checks it (`plan --check`)."""

    CHANGE = "change"
    CHECK = "check"


class RunState(StrEnum):
    """State of a run; its legal transitions are in `runner.rules.transitions`."""

    CONFIRMING = "confirming"
    """The executor has signed, the confirmer not yet."""
    LAPSED = "lapsed"
    """The confirmer did not sign in time; nothing began."""
    RUNNING = "running"
    VERIFYING = "verifying"
    OBSERVING = "observing"
    AT_GATE = "at_gate"
    AT_SHEET = "at_sheet"
    """A manual step waits for its sheet to be signed by two."""
    PAUSED = "paused"
    OUTCOME_UNKNOWN = "outcome_unknown"
    AWAITING_DECISION = "awaiting_decision"
    ROLLING_BACK = "rolling_back"
    ROLLBACK_FAILED = "rollback_failed"
    SUCCEEDED = "succeeded"
    """Everything done; the result waits for its two signatures."""
    ROLLED_BACK = "rolled_back"
    """Everything undone and proven; the result waits for its two signatures."""
    FAILED = "failed"
    """Failed with nothing to undo; the result waits for its two signatures."""
    ABANDONED = "abandoned"
    """Two people ended it where it stood; the result waits for its two signatures."""
    AWAITING_BUSINESS = "awaiting_business"
    """The result is signed by both; a business owner verifies it."""
    DISPUTED = "disputed"
    """The business did not accept the result; people decide what becomes of it."""
    ON_TRIAL = "on_trial"
    """In service for the days its request states; then information and using department accept it."""
    NOT_ACCEPTED = "not_accepted"
    """It is over, and was not accepted by the business, or at the end of its trial."""
    CLOSED = "closed"
    """It is over."""


UNSIGNED: Final = frozenset({RunState.SUCCEEDED, RunState.ROLLED_BACK, RunState.FAILED, RunState.ABANDONED})
"""States of a run whose result waits for its two signatures."""


class AttemptState(StrEnum):
    """State of an attempt."""

    INTENDED = "intended"
    """Recorded as about to begin (L5); the shim may or may not have begun."""
    BEGUN = "begun"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """Its end was not seen for at least one host."""
    CANCELLED = "cancelled"
    """Ended at a task border on request; no host was in mid-task."""
    NEVER_BEGUN = "never_begun"
    """Intended, but proven not to have begun; takes no effect and may be intended again under a new number."""


class HostOutcome(StrEnum):
    """What became of one host in one attempt."""

    OK = "ok"
    CHANGED = "changed"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    """Not reached before anything could have changed."""
    STOPPED = "stopped"
    """Ended at a task border before all tasks were done."""
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    """No task was meant for it."""


@dataclass(frozen=True, slots=True, order=True)
class AttemptKey:
    """One try of a step on a batch; the unit of record."""

    run: str
    batch: int
    """0 for `once: before` steps, 1…n for batches, n+1 for `once: after` steps."""
    step: str
    role: Role
    number: int
    """From 1, within (run, batch, step, role)."""

    def __str__(self) -> str:
        return f"{self.run}/{self.batch}/{self.step}.{self.role}/{self.number}"


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt as recorded."""

    key: AttemptKey
    state: AttemptState
    mutating: bool
    hosts: tuple[str, ...]
    intended_at: datetime
    deadline: datetime
    began_at: datetime | None = None
    ended_at: datetime | None = None
    outcomes: Mapping[str, HostOutcome] = field(default_factory=dict)
    """By host name; complete once the attempt has ended."""
    settled: Mapping[str, str] = field(default_factory=dict)
    """By host name: what a settle attempt found (done, not_done, unknown)."""
    reason: str = ""
    """Why it failed, in one message id filled in (English)."""
    imported: int = 0
    """Highest spool event number recorded in the log."""


class Choice(StrEnum):
    """What two people may decide about a run that waits for them."""

    REPEAT = "repeat"
    """Do the step once more, as a new attempt."""
    MARK_DONE = "mark_done"
    """Take the step as done; the run goes on with its verification."""
    ROLL_BACK = "roll_back"
    ABANDON = "abandon"
    """End the run where it stands."""
    CONTINUE = "continue"
    """Go on (paused, late, or past the latest rollback decision time)."""


class Question(StrEnum):
    """Why a run waits for a decision."""

    OUTCOME_UNKNOWN = "outcome_unknown"
    STEP_FAILED = "step_failed"
    PAUSED = "paused"
    GATE_LATE = "gate_late"
    WINDOW_CLOSED = "window_closed"
    PAST_ROLLBACK_DECISION = "past_rollback_decision"
    DATA_WOULD_BE_LOST = "data_would_be_lost"
    """A rollback rewinds data and writes are not proven off."""
    ROLLBACK_FAILED = "rollback_failed"


@dataclass(frozen=True, slots=True)
class Decision:
    """What two people decided about one question, in order."""

    question: Question
    choice: Choice
    batch: int
    step: str
    role: Role
    number: int
    """The attempt decided about (0 when none)."""
    at: datetime


class Cause(StrEnum):
    """Why a run turned back."""

    STEP_FAILED = "step_failed"
    GATE_LATE = "gate_late"
    WINDOW_CLOSED = "window_closed"
    DECIDED = "decided"
    """Two people decided it."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A point where a run stopped going forward and began to undo; the list of them drives every rollback."""

    cause: Cause
    batch: int
    step: str
    """Where it stood."""
    scope: RollbackScope
    """Whether that batch is undone or everything the run began."""
    failed: tuple[str, ...]
    """Hosts that had failed there; counted against `stop_after_failures`."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Wish:
    """What one person asked of a run in progress; stopping needs one person, going on needs two.

    Every decision that is recorded clears it: two people have spoken since.
    """

    pause: bool = False
    abort: bool = False
    """End the current attempt at the next task border, then wait for a decision."""


class Part(StrEnum):
    """Which of a run's two people somebody is."""

    EXECUTOR = "executor"
    CONFIRMER = "confirmer"


@dataclass(frozen=True, slots=True)
class HandOver:
    """One of a run's two people giving way to another while the run is parked."""

    part: Part
    giver: str
    taker: str
    by: str = ""
    """Who signed for the giver's side: the giver, or an approver in their place; empty while nobody has."""
    reason: str = ""
    at: datetime | None = None
    """When it took effect; None: it has not."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """Everything recorded about a run that decides what happens next."""

    id: str
    """`RUN` number of the request plus a count: `BG-2026-0153/1`."""
    kind: RunKind
    request: str
    """Request number; empty for a check."""
    plan: str
    state: RunState
    epoch: int
    """Fencing token: every write names it, every claim raises it."""
    executor: str
    """Who executes now, after every hand-over."""
    confirmer: str
    """Who confirms now, likewise."""
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    window: Window | None = None
    attempts: tuple[Attempt, ...] = ()
    """In the order they were intended."""
    outputs: Mapping[str, Mapping[str, JsonValue]] = field(default_factory=dict)
    """By step id, then by name; for the batch in progress where steps run once for each batch."""
    gates: tuple[tuple[int, str], ...] = ()
    """(batch, step) of every gate passed."""
    sheets: Mapping[str, JsonObject] = field(default_factory=dict)
    """Signed sheets of manual steps by `batch/step`, and by `batch/step.rollback` for their undoing."""
    decisions: tuple[Decision, ...] = ()
    wish: Wish = field(default_factory=Wish)
    turns: tuple[Turn, ...] = ()
    """Every time it turned back, in order; only the last can be unfinished."""
    waiting_since: datetime | None = None
    """When it began to wait for people where it waits now."""
    question: Question | None = None
    """Why it waits for a decision."""
    waiting_at: AttemptKey | None = None
    """Where it waits for people: the attempt asked about, or the step with number 0."""
    hand_overs: tuple[HandOver, ...] = ()
    """Every time one of its people gave way to another, in order."""
    standing: bool = False
    """Whether it began under a standing approval: the request and the approval are its two signatures."""
