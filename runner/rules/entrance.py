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


def turn_back(run: Situation, planned: PlannedStep, cause: Cause, failed: tuple[str, ...] = ()) -> TurnBack:
    """Turn back where the run stands: by itself as far as its scope says, by decision everything it began."""
    scope = RollbackScope.RUN if cause is Cause.DECIDED else run.runbook.rollback_scope
    turn = Turn(cause, planned.batch, planned.step.id, scope, failed, run.now)
    return TurnBack(turn, RunState.ROLLING_BACK if undo_list(run, turn) else run.record.state)


def stop_for_window(run: Situation, planned: PlannedStep, *, fresh: bool) -> Move | None:
    """What follows the closing of the window, if that keeps a step from going on (L8).

    Args:
        run: the run at this instant.
        planned: the step.
        fresh: whether something new would start, rather than what is in progress be finished.
    """
    if not run.is_closed or _is_closing(run, planned, fresh=fresh):
        return None
    rule = run.runbook.at_window_end
    if rule is AtWindowEnd.FINISH_STEP and not fresh:
        return None
    if rule is AtWindowEnd.ROLL_BACK and run.has_way_back(planned.batch):
        return turn_back(run, planned, Cause.WINDOW_CLOSED)
    return run.ask(Question.WINDOW_CLOSED, run.key(planned), (*way_back(run), Choice.ABANDON))


def enter(run: Situation, planned: PlannedStep, role: Role = Role.DO) -> Move | None:
    """What keeps a step from beginning its work in `role`, or beginning it again."""
    attempts = run.history.slot(planned, role).attempts
    entered = any(has_effect(attempt) for attempt in attempts)
    fresh = planned.step.mutating or not entered
    if stop := stop_for_window(run, planned, fresh=fresh):
        return stop
    return None if entered else pass_by_people(run, planned)


def pass_by_people(run: Situation, planned: PlannedStep) -> Move | None:
    """Whom a step that is about to begin for the first time still waits for."""
    at = run.key(planned)
    if _is_past_decision(run, planned):
        choices = (Choice.CONTINUE, *way_back(run), Choice.ABANDON)
        return run.ask(Question.PAST_ROLLBACK_DECISION, at, choices, fallback=run.window_fallback(planned.batch))
    gate = planned.step.gate
    if gate is None or run.is_gate_passed(planned):
        return None
    late_at = gate_late_at(gate, waiting_since(run, RunState.AT_GATE, planned))
    return late_wait(run, planned, late_at, gate.when_late) or _wait(run, planned, RunState.AT_GATE, late_at)


def wait_at_sheet(run: Situation, planned: PlannedStep) -> Move:
    """Wait for the sheet of a manual step; its timeout is how long it may take."""
    late_at = waiting_since(run, RunState.AT_SHEET, planned) + timedelta(seconds=planned.step.timeout)
    rule = planned.step.gate.when_late if planned.step.gate else WhenLate.PAUSE
    return late_wait(run, planned, late_at, rule) or _wait(run, planned, RunState.AT_SHEET, late_at)


def waiting_since(run: Situation, state: RunState, planned: PlannedStep) -> datetime:
    """When the run began to wait there; now, if it has not."""
    since = run.record.waiting_since
    return since if since and run.is_waiting(state, run.key(planned)) else run.now


def late_wait(run: Situation, planned: PlannedStep, late_at: datetime, rule: WhenLate) -> Move | None:
    """What follows when people let a gate or a sheet wait too long."""
    at = run.key(planned)
    if run.now < late_at and not run.is_asked(Question.GATE_LATE, at):
        return None
    if rule is WhenLate.ROLL_BACK and run.has_way_back(planned.batch):
        return turn_back(run, planned, Cause.GATE_LATE)
    choices = (Choice.CONTINUE, *way_back(run), Choice.ABANDON)
    return run.ask(Question.GATE_LATE, at, choices, RunState.PAUSED, run.window_fallback(planned.batch))


def way_back(run: Situation) -> tuple[Choice, ...]:
    """The choice to roll back, where anything may have changed."""
    return (Choice.ROLL_BACK,) if run.has_mutated else ()


def _wait(run: Situation, planned: PlannedStep, state: RunState, late_at: datetime) -> WaitPeople:
    """Wait at a gate or sheet until it is late, or until a time comes that changes what follows."""
    gate = planned.step.gate
    late_fallback = Fallback.ROLL_BACK if gate and gate.when_late is WhenLate.ROLL_BACK else Fallback.ASK
    if not run.has_way_back(planned.batch):
        late_fallback = Fallback.ASK
    turns = [(late_at, late_fallback)]
    decision = run.latest_rollback_decision
    if state is RunState.AT_GATE and decision and run.now < decision and not _is_closing(run, planned, fresh=True):
        turns.append((decision, Fallback.ASK))
    window = run.window
    if window and run.now < window.closes and not _is_closing(run, planned, fresh=state is RunState.AT_GATE):
        turns.append((window.closes, run.window_fallback(planned.batch)))
    until, fallback = min(turns)
    work = planned.step.work
    instruct = work.instruct if isinstance(work, ManualWork) and state is RunState.AT_SHEET else None
    return WaitPeople(state, run.key(planned), until=until, fallback=fallback, instruct=instruct)


def _is_past_decision(run: Situation, planned: PlannedStep) -> bool:
    decision = run.latest_rollback_decision
    if decision is None or run.now < decision or _is_closing(run, planned, fresh=True):
        return False
    return run.history.continued(Question.PAST_ROLLBACK_DECISION, planned.batch, planned.step.id) is None


def _is_closing(run: Situation, planned: PlannedStep, *, fresh: bool) -> bool:
    """Whether all that is left only proves and closes what the run has changed: that is never a start."""
    if (fresh and planned.step.mutating) or not run.has_mutated:
        return False
    place = run.expansion.steps.index(planned)
    return not any(later.step.mutating for later in run.expansion.steps[place + 1 :])
