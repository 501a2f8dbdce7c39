"""What a run does next: one pure, total function of plan, record, time and policy.

It never begins anything while an attempt has no recorded end or after the run has ended, never repeats a mutating
attempt of unseen end without a decision of two people, and undoes newest first. How a run goes forward is in
`runner.rules.forward`, how it goes back in `runner.rules.rollback`, checks are in `runner.rules.checking`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from runner.model.plan import Role
from runner.model.policy import Policy
from runner.model.run import (
    Attempt,
    AttemptKey,
    AttemptState,
    Cause,
    Choice,
    HostOutcome,
    Question,
    RunKind,
    RunRecord,
    RunState,
    Turn,
)
from runner.model.runbook import RollbackScope
from runner.rules.beginning import STATE_OF
from runner.rules.checking import next_check
from runner.rules.entrance import turn_back
from runner.rules.expansion import Expansion
from runner.rules.forward import next_forward
from runner.rules.history import SETTLED_DONE, must_end, must_return, open_attempts
from runner.rules.move import (
    Begin,
    Fallback,
    Finish,
    Move,
    TurnBack,
    WaitAttempt,
    WaitPeople,
    WaitUntil,
)
from runner.rules.rollback import next_undo, undo_list
from runner.rules.situation import Situation, situate
from runner.words import N_

__all__ = [
    "ENDED",
    "Begin",
    "Fallback",
    "Finish",
    "Move",
    "TurnBack",
    "WaitAttempt",
    "WaitPeople",
    "WaitUntil",
    "likely_next",
    "next_move",
]

ENDED: Final = frozenset(
    {
        RunState.LAPSED,
        RunState.SUCCEEDED,
        RunState.ROLLED_BACK,
        RunState.FAILED,
        RunState.ABANDONED,
        RunState.AWAITING_BUSINESS,
        RunState.DISPUTED,
        RunState.ON_TRIAL,
        RunState.NOT_ACCEPTED,
        RunState.CLOSED,
    }
)
"""States in which nothing more is done to a host."""

_UNDOING: Final = frozenset({Role.WRITES_OFF, Role.ROLLBACK, Role.ROLLBACK_VERIFY, Role.HEALTH})


def next_move(expansion: Expansion, record: RunRecord, now: datetime, policy: Policy) -> Move:
    """What the run does next; the same arguments always give the same move."""
    if record.state in ENDED:
        return Finish(record.state)
    if record.state is RunState.CONFIRMING:
        return _confirming(record, now, policy)
    run = situate(expansion, record, now, policy)
    attempt = next(open_attempts(record), None)
    return _in_progress(run, attempt) if attempt else _between_attempts(run)


def likely_next(expansion: Expansion, record: RunRecord, now: datetime, policy: Policy) -> Begin | None:
    """The attempt that follows if what the run waits for goes well; None if something else follows.

    Ansible can be started for it beforehand. What really follows is decided when the time has come.
    """
    move = next_move(expansion, record, now, policy)
    hoped = _hoped_for(record, move, now)
    if hoped is None:
        return None
    later = move.instant if isinstance(move, WaitUntil) else now
    following = next_move(expansion, hoped, later, policy)
    return following if isinstance(following, Begin) else None


def _hoped_for(record: RunRecord, move: Move, now: datetime) -> RunRecord | None:
    """The record as it will be if nothing goes wrong: the attempt succeeds, people sign."""
    if isinstance(move, WaitUntil):
        return record
    if isinstance(move, WaitAttempt) and not move.cancel:
        attempts = tuple(_succeeded(each, now) if each.key == move.key else each for each in record.attempts)
        return replace(record, attempts=attempts)
    if not isinstance(move, WaitPeople):
        return None
    if move.state is RunState.CONFIRMING:
        return replace(record, state=RunState.RUNNING, started_at=now)
    if move.state is RunState.AT_GATE:
        return replace(record, gates=(*record.gates, (move.at.batch, move.at.step)))
    return None


def _succeeded(attempt: Attempt, now: datetime) -> Attempt:
    return replace(
        attempt,
        state=AttemptState.SUCCEEDED,
        ended_at=now,
        outcomes=dict.fromkeys(attempt.hosts, HostOutcome.OK),
        settled=dict.fromkeys(attempt.hosts, SETTLED_DONE),
    )


def _confirming(record: RunRecord, now: datetime, policy: Policy) -> Move:
    lapses = record.created_at + timedelta(seconds=policy.start_valid_for)
    if now >= lapses:
        return Finish(RunState.LAPSED, N_("the confirmer did not sign in time"))
    at = AttemptKey(record.id, 0, "", Role.DO, 0)
    return WaitPeople(RunState.CONFIRMING, at, until=lapses, fallback=Fallback.LAPSE)


def _in_progress(run: Situation, attempt: Attempt) -> Move:
    """Let an attempt go on, hold it while people think, or end it at its next task border."""
    state = STATE_OF[attempt.key.role]
    wish = run.record.wish
    is_check = run.record.kind is RunKind.CHECK
    if wish.abort or must_end(run.record) or must_return(run.record) or (is_check and wish.pause):
        return WaitAttempt(attempt.key, state, cancel=True)
    if not wish.pause:
        return WaitAttempt(attempt.key, state)
    return _pause(run, attempt.key, holding=attempt.key)


def _between_attempts(run: Situation) -> Move:
    if run.record.kind is RunKind.CHECK:
        return next_check(run)
    if must_end(run.record):
        return Finish(RunState.ABANDONED, N_("two people ended it where it stood"))
    if run.record.waiting_at and _is_pausing(run):
        return _pause(run, run.record.waiting_at)
    return _paused(run, _undisturbed(run))


def _undisturbed(run: Situation) -> Move:
    """What comes next as far as nobody wishes to pause."""
    turn = run.record.turns[-1] if run.record.turns else None
    if turn:
        if undo := next_undo(run, turn):
            return undo
        if _ends_run(run, turn):
            return _finish(run)
    standing = next_forward(run)
    if must_return(run.record):
        planned = standing[0] if standing else run.expansion.steps[-1]
        return turn_back(run, planned, Cause.DECIDED)
    return standing[1] if standing else _finish(run)


def _paused(run: Situation, move: Move) -> Move:
    """Put off what would be done, and the wait at a gate or sheet, while somebody wishes the run to pause."""
    wish = run.record.wish
    if not (wish.pause or wish.abort) or isinstance(move, Finish):
        return move
    if isinstance(move, WaitPeople) and move.question:
        return move
    if isinstance(move, TurnBack) and move.turn.cause is Cause.DECIDED:
        return move
    return _pause(run, _place(run, move))


def _is_pausing(run: Situation) -> bool:
    """Whether the run waits in a pause that stands: what it would have done since must not end the pause."""
    wish, at = run.record.wish, run.record.waiting_at
    return (wish.pause or wish.abort) and run.record.question is Question.PAUSED and at is not None and at.number == 0


def _pause(run: Situation, at: AttemptKey, holding: AttemptKey | None = None) -> WaitPeople:
    """Wait because somebody wished it; rolling back is a choice while going forward, once anything has changed."""
    may_return = at.role not in _UNDOING and run.standing_at(run.find(at)).has_mutated
    choices = (Choice.CONTINUE, *((Choice.ROLL_BACK,) if may_return else ()), Choice.ABANDON)
    return WaitPeople(RunState.PAUSED, at, Question.PAUSED, choices, holding=holding)


def _place(run: Situation, move: Move) -> AttemptKey:
    """Where a run that pauses stands."""
    if isinstance(move, Begin):
        return replace(move.key, number=0)
    if isinstance(move, WaitPeople):
        return move.at
    if isinstance(move, TurnBack):
        return AttemptKey(run.record.id, move.turn.batch, move.turn.step, Role.DO, 0)
    standing = next_forward(run)
    return run.key(standing[0]) if standing else AttemptKey(run.record.id, 0, "", Role.DO, 0)


def _ends_run(run: Situation, turn: Turn) -> bool:
    """Whether no further batch may begin after a rollback."""
    if turn.cause is not Cause.STEP_FAILED or turn.scope is RollbackScope.RUN:
        return True
    if not 1 <= turn.batch <= len(run.expansion.batches):
        return True
    failed = {host for each in run.record.turns for host in each.failed}
    return len(failed) >= run.runbook.targets.stop_after_failures


def _finish(run: Situation) -> Finish:
    """How a run ends that has nothing left to do."""
    turns = run.record.turns
    if not turns:
        return Finish(RunState.SUCCEEDED)
    if any(undo_list(run, turn) for turn in turns):
        return Finish(RunState.ROLLED_BACK, REASONS[turns[-1].cause])
    return Finish(RunState.FAILED, REASONS[turns[-1].cause])


REASONS: Final = {
    Cause.STEP_FAILED: N_("a step failed"),
    Cause.GATE_LATE: N_("people let a gate wait too long"),
    Cause.WINDOW_CLOSED: N_("the window closed"),
    Cause.DECIDED: N_("two people decided to roll back"),
}
"""Why a run turned back, as message ids."""
