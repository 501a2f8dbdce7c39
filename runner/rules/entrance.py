"""What stands before a forward step: the window, the latest rollback decision time, the gate."""

from __future__ import annotations

from datetime import datetime, timedelta

from runner.model.plan import Role
from runner.model.run import Cause, Choice, Question, RunState, Turn
from runner.model.runbook import AtWindowEnd, ManualWork, RollbackScope, WhenLate
from runner.rules.expansion import PlannedStep
from runner.rules.history import has_effect
from runner.rules.move import Fallback, Move, TurnBack, WaitPeople
from runner.rules.rollback import undo_list
from runner.rules.situation import Situation
from runner.rules.windows import gate_late_at


def turn_back(s: Situation, planned: PlannedStep, cause: Cause, failed: tuple[str, ...] = ()) -> TurnBack:
    """Turn back where the run stands: by itself as far as its scope says, by decision everything it began."""
    scope = RollbackScope.RUN if cause is Cause.DECIDED else s.runbook.rollback_scope
    turn = Turn(cause, planned.batch, planned.step.id, scope, failed, s.now)
    return TurnBack(turn, RunState.ROLLING_BACK if undo_list(s, turn) else s.record.state)


def stop_for_window(s: Situation, planned: PlannedStep, *, fresh: bool) -> Move | None:
    """What follows the closing of the window, if that keeps a step from going on (L8).

    Args:
        s: the run.
        planned: the step.
        fresh: whether something new would start, rather than what is in progress be finished.
    """
    if not s.is_closed or _is_closing(s, planned, fresh=fresh):
        return None
    rule = s.runbook.at_window_end
    if rule is AtWindowEnd.FINISH_STEP and not fresh:
        return None
    if rule is AtWindowEnd.ROLL_BACK and s.has_way_back(planned.batch):
        return turn_back(s, planned, Cause.WINDOW_CLOSED)
    return s.ask(Question.WINDOW_CLOSED, s.key(planned), (*way_back(s), Choice.ABANDON))


def enter(s: Situation, planned: PlannedStep, role: Role = Role.DO) -> Move | None:
    """What keeps a step from beginning its work in `role`, or beginning it again."""
    attempts = s.history.slot(planned, role).attempts
    entered = any(has_effect(attempt) for attempt in attempts)
    fresh = planned.step.mutating or not entered
    if stop := stop_for_window(s, planned, fresh=fresh):
        return stop
    return None if entered else pass_by_people(s, planned)


def pass_by_people(s: Situation, planned: PlannedStep) -> Move | None:
    """Whom a step that is about to begin for the first time still waits for."""
    at = s.key(planned)
    if _is_past_decision(s, planned):
        choices = (Choice.CONTINUE, *way_back(s), Choice.ABANDON)
        return s.ask(Question.PAST_ROLLBACK_DECISION, at, choices, fallback=s.window_fallback(planned.batch))
    gate = planned.step.gate
    if gate is None or s.is_gate_passed(planned):
        return None
    late_at = gate_late_at(gate, waiting_since(s, RunState.AT_GATE, planned))
    return late_wait(s, planned, late_at, gate.when_late) or _wait(s, planned, RunState.AT_GATE, late_at)


def wait_at_sheet(s: Situation, planned: PlannedStep) -> Move:
    """Wait for the sheet of a manual step; its timeout is how long it may take."""
    late_at = waiting_since(s, RunState.AT_SHEET, planned) + timedelta(seconds=planned.step.timeout)
    rule = planned.step.gate.when_late if planned.step.gate else WhenLate.PAUSE
    return late_wait(s, planned, late_at, rule) or _wait(s, planned, RunState.AT_SHEET, late_at)


def waiting_since(s: Situation, state: RunState, planned: PlannedStep) -> datetime:
    """When the run began to wait there; now, if it has not."""
    since = s.record.waiting_since
    return since if since and s.is_waiting(state, s.key(planned)) else s.now


def late_wait(s: Situation, planned: PlannedStep, late_at: datetime, rule: WhenLate) -> Move | None:
    """What follows when people let a gate or a sheet wait too long."""
    at = s.key(planned)
    if s.now < late_at and not s.is_asked(Question.GATE_LATE, at):
        return None
    if rule is WhenLate.ROLL_BACK and s.has_way_back(planned.batch):
        return turn_back(s, planned, Cause.GATE_LATE)
    choices = (Choice.CONTINUE, *way_back(s), Choice.ABANDON)
    return s.ask(Question.GATE_LATE, at, choices, RunState.PAUSED, s.window_fallback(planned.batch))


def way_back(s: Situation) -> tuple[Choice, ...]:
    """The choice to roll back, where anything may have changed."""
    return (Choice.ROLL_BACK,) if s.has_mutated else ()


def _wait(s: Situation, planned: PlannedStep, state: RunState, late_at: datetime) -> WaitPeople:
    """Wait at a gate or sheet until it is late, or until a time comes that changes what follows."""
    gate = planned.step.gate
    late_fallback = Fallback.ROLL_BACK if gate and gate.when_late is WhenLate.ROLL_BACK else Fallback.ASK
    if not s.has_way_back(planned.batch):
        late_fallback = Fallback.ASK
    turns = [(late_at, late_fallback)]
    decision = s.latest_rollback_decision
    if state is RunState.AT_GATE and decision and s.now < decision and not _is_closing(s, planned, fresh=True):
        turns.append((decision, Fallback.ASK))
    window = s.record.window
    if window and s.now < window.closes and not _is_closing(s, planned, fresh=state is RunState.AT_GATE):
        turns.append((window.closes, s.window_fallback(planned.batch)))
    until, fallback = min(turns)
    work = planned.step.work
    instruct = work.instruct if isinstance(work, ManualWork) and state is RunState.AT_SHEET else None
    return WaitPeople(state, s.key(planned), until=until, fallback=fallback, instruct=instruct)


def _is_past_decision(s: Situation, planned: PlannedStep) -> bool:
    decision = s.latest_rollback_decision
    if decision is None or s.now < decision or _is_closing(s, planned, fresh=True):
        return False
    return s.history.continued(Question.PAST_ROLLBACK_DECISION, planned.batch, planned.step.id) is None


def _is_closing(s: Situation, planned: PlannedStep, *, fresh: bool) -> bool:
    """Whether all that is left only proves and closes what the run has changed: that is never a start."""
    if (fresh and planned.step.mutating) or not s.has_mutated:
        return False
    place = s.expansion.steps.index(planned)
    return not any(later.step.mutating for later in s.expansion.steps[place + 1 :])
