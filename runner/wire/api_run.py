"""What the interface says about runs: enough for a screen to show one without any rule of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from runner.model.document import JsonObject, JsonValue
from runner.model.plan import Role
from runner.model.result import ResultRecord
from runner.model.run import Attempt, Choice, Decision, HandOver, Question, RunKind, RunState, Wish
from runner.model.runbook import Risk
from runner.model.text import Text
from runner.model.time import Seconds, Window
from runner.wire.api import Words
from runner.wire.api_request import Act, ReviewShown, StatementShown


class WorkKind(StrEnum):
    """What kind of step it is."""

    PLAYBOOK = "playbook"
    REMOTE = "remote"
    MANUAL = "manual"
    SOAK = "soak"


class StepState(StrEnum):
    """How far a step has come in a batch."""

    PENDING = "pending"
    AT_GATE = "at_gate"
    RUNNING = "running"
    VERIFYING = "verifying"
    OBSERVING = "observing"
    AT_SHEET = "at_sheet"
    DONE = "done"
    MARKED_DONE = "marked_done"
    """Two people took it as done."""
    FAILED = "failed"
    UNKNOWN = "unknown"
    ROLLING_BACK = "rolling_back"
    ROLLED_BACK = "rolled_back"
    NOT_REACHED = "not_reached"
    """The run ended before it."""


@dataclass(frozen=True, slots=True)
class StepShown:
    """A step in one batch, in order of execution; the pseudo step `after_rollback` comes last once it was reached."""

    batch: int
    id: str
    title: Text | None
    kind: WorkKind
    mutating: bool
    hosts: tuple[str, ...]
    state: StepState
    gate: bool
    """Whether two people must sign before it."""
    gate_passed: bool
    gate_says: Text | None
    playbook: str
    """Playbook of the main attempt; empty for other kinds."""
    rollback: str
    """Rollback playbook, empty when there is none."""
    rewinds_data: bool
    because: Text | None
    """Why there is no rollback."""
    timeout: Seconds
    attempts: tuple[Attempt, ...] = ()
    """Everything that was tried for this step in this batch, in order."""
    outputs: Mapping[str, JsonValue] = field(default_factory=dict)
    sheet: JsonObject | None = None
    """What was recorded on a manual step's signed sheet."""
    instruct: Text | None = None
    """Instruction of a manual step (or of its undoing, while rolling back)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The question a run waits with, and the attempt it is about; these are the fields of a decide statement."""

    question: Question
    choices: tuple[Choice, ...]
    batch: int
    step: str
    role: Role
    number: int
    reason: str = ""
    """Why the attempt failed, as recorded."""


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run in a list."""

    id: str
    kind: RunKind
    request: str
    title: Text
    runbook_id: str
    state: RunState
    production: bool
    risk: Risk
    executor: str
    confirmer: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    window: Window | None
    standing: bool = False
    """Whether it began under a standing approval."""
    vendor: str = ""
    """Company of the executor, where it is somebody of a vendor; the confirmer supervises such a run."""


@dataclass(frozen=True, slots=True)
class RunPage:
    """Runs, newest first."""

    rows: tuple[RunRow, ...]
    next: str | None
    """Value of `before` for the following page; None at the end."""


@dataclass(frozen=True, slots=True)
class RunShown:
    """A run with everything a live view shows besides output, which comes by `/v1/events?run=`."""

    row: RunRow
    plan: str
    content: str
    batches: tuple[tuple[str, ...], ...]
    steps: tuple[StepShown, ...]
    current: tuple[int, str] | None
    """(batch, step) where the run is."""
    act: Act | None
    """Whose signature it waits for."""
    asked: Asked | None
    """The question two people must decide."""
    rollback_decision_by: datetime | None
    """Latest rollback decision time; None without window or rollback."""
    rollback_estimate: Seconds
    overrun: bool
    """Whether it works on after its window has closed."""
    otherwise: Words
    """What happens if nobody presses anything."""
    wish: Wish
    decisions: tuple[Decision, ...]
    statements: tuple[StatementShown, ...]
    holding: tuple[str, ...]
    """Hosts it holds locked."""
    event: int
    """Id of the newest log entry when this was read: follow the event stream from here."""
    now: datetime
    review: ReviewShown | None = None
    """The after-review it owes, or that was done; only of an emergency."""
    hand_over: Act | None = None
    """The taker's signature that a hand-over waits for."""
    hand_overs: tuple[HandOver, ...] = ()
    """Every time one of its people gave way to another, in order."""
    result: ResultRecord | None = None
    """Its signed result, and what follows from it: business verification, trial, acceptance."""
