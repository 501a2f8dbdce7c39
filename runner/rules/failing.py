"""What follows a forward attempt that failed, was cancelled, or was not seen to end."""

from __future__ import annotations

from runner.model.plan import Role
from runner.model.run import Attempt, Cause, Choice, Question, RunState
from runner.model.runbook import OnFailure, PlaybookWork
from runner.rules.beginning import begin
from runner.rules.entrance import stop_for_window, turn_back, way_back
from runner.rules.expansion import PlannedStep
from runner.rules.history import FINISHED, SETTLED_DONE, SETTLED_NOT_DONE, Standing, failed_hosts, unknown_hosts
from runner.rules.move import Move
from runner.rules.situation import Situation


def fail(run: Situation, planned: PlannedStep, attempt: Attempt, standing: Standing) -> Move:
    """Turn back, or ask people where the runbook says so, somebody stopped it, or there is no way back."""
    by_itself = run.runbook.on_failure is OnFailure.ROLL_BACK and run.has_way_back(planned.batch)
    if by_itself and standing is not Standing.CANCELLED:
        return turn_back(run, planned, Cause.STEP_FAILED, failed_hosts(attempt))
    return run.ask(Question.STEP_FAILED, attempt.key, _choices(run, planned, attempt))


def settle(run: Situation, planned: PlannedStep, attempt: Attempt) -> Move | None:
    """Find out what became of an attempt whose end was not seen (L6); None: it is as if it had succeeded."""
    work = planned.step.work
    if not isinstance(work, PlaybookWork) or work.settle is None:
        return _ask_unknown(run, planned, attempt)
    unknown = unknown_hosts(attempt)
    probe = run.history.slot(planned, Role.SETTLE, after=attempt)
    if probe.standing is Standing.NEEDED:
        return begin(run, planned, Role.SETTLE, work.settle, unknown)
    if probe.standing is not Standing.DONE:
        return _ask_unknown(run, planned, attempt)
    found = {probe.last.settled.get(host, "") for host in unknown}
    if found == {SETTLED_NOT_DONE}:
        return fail(run, planned, attempt, Standing.FAILED)
    if found != {SETTLED_DONE} or not _has_outputs(run, planned, work):
        return _ask_unknown(run, planned, attempt)
    rest = (attempt.outcomes.get(host) for host in attempt.hosts if host not in unknown)
    return None if all(outcome in FINISHED for outcome in rest) else fail(run, planned, attempt, Standing.FAILED)


def _ask_unknown(run: Situation, planned: PlannedStep, attempt: Attempt) -> Move:
    choices = _choices(run, planned, attempt)
    return run.ask(Question.OUTCOME_UNKNOWN, attempt.key, choices, RunState.OUTCOME_UNKNOWN)


def _choices(run: Situation, planned: PlannedStep, attempt: Attempt) -> tuple[Choice, ...]:
    """What may be decided about an attempt; repeating it only where it may still start, and funds once reconciled."""
    fresh = attempt.key.role is Role.DO and planned.step.mutating
    barred = fresh and planned.step.funds and not _is_reconciled(run, planned, attempt)
    again = () if barred or stop_for_window(run, planned, fresh=fresh) else (Choice.REPEAT,)
    return (*again, Choice.MARK_DONE, *way_back(run), Choice.ABANDON)


def _is_reconciled(run: Situation, planned: PlannedStep, attempt: Attempt) -> bool:
    """Whether a settle probe after the attempt has found, of every host not seen to finish, what became of it (L13)."""
    probe = run.history.slot(planned, Role.SETTLE, after=attempt)
    if probe.standing is not Standing.DONE:
        return False
    open_hosts = (host for host in attempt.hosts if attempt.outcomes.get(host) not in FINISHED)
    return all(probe.last.settled.get(host) in (SETTLED_DONE, SETTLED_NOT_DONE) for host in open_hosts)


def _has_outputs(run: Situation, planned: PlannedStep, work: PlaybookWork) -> bool:
    """Whether every output later steps may need has been recorded."""
    recorded = run.record.outputs.get(planned.step.id, {})
    return all(output.name in recorded for output in work.outputs)
