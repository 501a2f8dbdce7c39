"""A run at one instant: its plan, its record and the time, with what forward steps and rollback both ask of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from runner.model.plan import Role
from runner.model.policy import Policy
from runner.model.run import (
    AttemptKey,
    Choice,
    Question,
    RunRecord,
    RunState,
)
from runner.model.runbook import AtWindowEnd, ManualWork, PlaybookWork, RollbackScope, Runbook
from runner.model.time import Window
from runner.rules.expansion import Expansion, PlannedStep, rollback_estimate
from runner.rules.history import History, has_effect, read_history
from runner.rules.move import Fallback, WaitPeople
from runner.rules.windows import binding_window, is_closed, latest_rollback_decision


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything a move depends on."""

    expansion: Expansion
    record: RunRecord
    history: History
    now: datetime
    policy: Policy
    at: PlannedStep | None = None
    """The step the run stands at going forward, where that matters."""

    @property
    def runbook(self) -> Runbook:
        return self.expansion.runbook

    @property
    def window(self) -> Window | None:
        """The window that bounds the run; None where there is none, and in an emergency."""
        return binding_window(self.record.window, self.runbook.risk)

    @property
    def latest_rollback_decision(self) -> datetime | None:
        """After it a forward step needs a decision; None where nothing can be rolled back, or without a window."""
        if not self.runbook.mutating:
            return None
        estimate = rollback_estimate(self.runbook, len(self.expansion.batches))
        return latest_rollback_decision(self.window, estimate, self.policy.rollback_reserve)

    @property
    def is_closed(self) -> bool:
        """Whether the window has closed."""
        return is_closed(self.window, self.now)

    def before_closing(self, instant: datetime) -> datetime:
        """The instant, or the closing of the window if that comes first."""
        window = self.window
        return min(instant, window.closes) if window and self.now < window.closes else instant

    def key(self, planned: PlannedStep, role: Role = Role.DO, number: int = 0) -> AttemptKey:
        return AttemptKey(self.record.id, planned.batch, planned.step.id, role, number)

    def hosts_of(self, batch: int) -> tuple[str, ...]:
        """Hosts of a batch; every host for steps done once."""
        if 1 <= batch <= len(self.expansion.batches):
            return self.expansion.batches[batch - 1]
        return self.expansion.hosts

    def is_waiting(self, state: RunState, at: AttemptKey) -> bool:
        """Whether the run is recorded as waiting there in that state."""
        return self.record.state is state and self.record.waiting_at == at

    def is_asked(self, question: Question, at: AttemptKey) -> bool:
        """Whether a question about no attempt is open there: asked, and not decided since."""
        if self.record.question is not question or self.record.waiting_at != at or self.record.waiting_since is None:
            return False
        decided = self.history.continued(question, at.batch, at.step)
        return decided is None or decided.at < self.record.waiting_since

    def has_begun(self, planned: PlannedStep) -> bool:
        """Whether a step may have changed a host."""
        if not planned.step.mutating:
            return False
        if isinstance(planned.step.work, ManualWork):
            return self.is_reached(planned)
        return any(has_effect(attempt) for attempt in self.history.slot(planned, Role.DO).attempts)

    def is_reached(self, planned: PlannedStep) -> bool:
        """Whether people may have begun a manual step: its sheet is signed, or nothing stood before it any more."""
        if sheet_key(planned) in self.record.sheets:
            return True
        turned = any((turn.batch, turn.step) == (planned.batch, planned.step.id) for turn in self.record.turns)
        return (turned or planned == self.at) and self.is_gate_passed(planned)

    def is_at_sheet(self, planned: PlannedStep) -> bool:
        """Whether people have been shown the sheet of a manual step, and not put off since."""
        at = self.key(planned)
        if self.is_waiting(RunState.AT_SHEET, at):
            return True
        return self.is_gate_passed(planned) and self.is_asked(Question.GATE_LATE, at)

    def standing_at(self, planned: PlannedStep | None) -> Situation:
        """The same, with every step before that one done."""
        return replace(self, at=planned)

    def find(self, key: AttemptKey) -> PlannedStep | None:
        """The planned step a key names."""
        for planned in self.expansion.steps:
            if (planned.batch, planned.step.id) == (key.batch, key.step):
                return planned
        return None

    def is_gate_passed(self, planned: PlannedStep) -> bool:
        """Whether nothing keeps a step behind a gate."""
        if planned.step.gate is None or (planned.batch, planned.step.id) in self.record.gates:
            return True
        return self.history.continued(Question.GATE_LATE, planned.batch, planned.step.id) is not None

    def begun(self, scope: RollbackScope, batch: int) -> tuple[PlannedStep, ...]:
        """The steps of a batch, or of the run, that may have changed a host; in forward order."""
        return tuple(
            planned
            for planned in self.expansion.steps
            if (scope is RollbackScope.RUN or planned.batch == batch) and self.has_begun(planned)
        )

    @property
    def has_mutated(self) -> bool:
        """Whether anything in the run may have changed a host."""
        return any(self.has_begun(planned) for planned in self.expansion.steps)

    def has_way_back(self, batch: int) -> bool:
        """Whether the run may go back by itself: nothing that destroys the way back has begun in its scope."""
        return not any(
            isinstance(planned.step.work, PlaybookWork) and planned.step.work.irreversible
            for planned in self.begun(self.runbook.rollback_scope, batch)
        )

    def ask(
        self,
        question: Question,
        at: AttemptKey,
        choices: tuple[Choice, ...],
        state: RunState = RunState.AWAITING_DECISION,
        fallback: Fallback = Fallback.WAIT,
    ) -> WaitPeople:
        """A question to the run's two people; what may be chosen changes when the window closes."""
        window = self.window
        until = window.closes if window and self.now < window.closes else None
        return WaitPeople(state, at, question, choices, until, fallback if until else Fallback.WAIT)

    def window_fallback(self, batch: int) -> Fallback:
        """What the closing of the window leads to when nobody decides before."""
        if self.runbook.at_window_end is AtWindowEnd.ROLL_BACK and self.has_way_back(batch):
            return Fallback.ROLL_BACK
        return Fallback.ASK


def sheet_key(planned: PlannedStep, role: Role = Role.DO) -> str:
    """Name of a manual step's sheet among `RunRecord.sheets`."""
    name = f"{planned.batch}/{planned.step.id}"
    return name if role is Role.DO else f"{name}.{role.value}"


def situate(expansion: Expansion, record: RunRecord, now: datetime, policy: Policy) -> Situation:
    """A run at an instant."""
    return Situation(expansion, record, read_history(record), now, policy)
