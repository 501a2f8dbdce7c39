"""How a run goes back: newest first, proven where it can be, and never over data that people have not given up."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from runner.model.plan import Role
from runner.model.run import Attempt, AttemptKey, Choice, Question, RunState, Turn
from runner.model.runbook import ManualWork, PlaybookWork, PlayRef, Rollback
from runner.model.time import Seconds
from runner.rules.beginning import begin, begin_health
from runner.rules.expansion import AFTER_ROLLBACK, PlannedStep
from runner.rules.history import TRIES, Slot, Standing, has_effect, touched_hosts
from runner.rules.move import Move, WaitPeople
from runner.rules.situation import Situation, sheet_key

PROOF_LASTS: Final = Seconds(60)
"""How long a proof that nothing writes is good for; an older one is made again before data is rewound."""

_CHOICES: Final = (Choice.REPEAT, Choice.MARK_DONE, Choice.ABANDON)


def undo_list(run: Situation, turn: Turn) -> tuple[PlannedStep, ...]:
    """The steps that a turn undoes, newest first: those that may have changed something and know how to undo it."""
    return tuple(planned for planned in reversed(run.begun(turn.scope, turn.batch)) if _can_be_undone(run, planned))


def next_undo(run: Situation, turn: Turn) -> Move | None:
    """What comes next in a rollback; None once everything is undone and proven."""
    undone = undo_list(run, turn)
    for planned in undone:
        if move := _undo(run, planned):
            return move
    return _prove_health(run, turn) if undone else None


def _can_be_undone(run: Situation, planned: PlannedStep) -> bool:
    work = planned.step.work
    if isinstance(work, ManualWork):
        return work.rollback is not None
    return isinstance(work, PlaybookWork) and work.rollback is not None and bool(_touched(run, planned))


def _undo(run: Situation, planned: PlannedStep) -> Move | None:
    work = planned.step.work
    if isinstance(work, ManualWork):
        return _undo_by_hand(run, planned, work)
    if isinstance(work, PlaybookWork) and work.rollback:
        return _undo_by_play(run, planned, work.rollback)
    return None


def _undo_by_hand(run: Situation, planned: PlannedStep, work: ManualWork) -> Move | None:
    if sheet_key(planned, Role.ROLLBACK) in run.record.sheets:
        return None
    return WaitPeople(RunState.AT_SHEET, run.key(planned, Role.ROLLBACK), instruct=work.rollback)


def _undo_by_play(run: Situation, planned: PlannedStep, rollback: Rollback) -> Move | None:
    slot = run.history.slot(planned, Role.ROLLBACK)
    if slot.standing is Standing.NEEDED:
        proving = _prove_writes_off(run, planned, rollback, slot) if rollback.rewinds_data else None
        return proving or begin(run, planned, Role.ROLLBACK, rollback.play, _touched(run, planned))
    if slot.standing is not Standing.DONE:
        return _ask(slot, again=not planned.step.funds)
    return _prove(run, planned, Role.ROLLBACK_VERIFY, rollback.verify)


def _prove_writes_off(run: Situation, planned: PlannedStep, rollback: Rollback, undoing: Slot) -> Move | None:
    """Prove, or ask about, what rewinding would lose (L13); None: nothing, or people have given it up."""
    if _is_given_up(run, planned):
        return None
    begun = [attempt for attempt in undoing.attempts if has_effect(attempt)]
    probes = run.history.slot(planned, Role.WRITES_OFF, after=begun[-1] if begun else None)
    if rollback.writes_off is None:
        return _ask_loss(run.key(planned, Role.WRITES_OFF), (Choice.ROLL_BACK, Choice.ABANDON))
    if probes.standing is Standing.DONE and _is_fresh(run, probes.last):
        return None
    is_stale = probes.standing is Standing.DONE and len(probes.counted) < TRIES
    if probes.standing is Standing.NEEDED or is_stale:
        return begin(run, planned, Role.WRITES_OFF, rollback.writes_off, _touched(run, planned))
    return _ask_loss(probes.last.key, (Choice.REPEAT, Choice.ROLL_BACK, Choice.ABANDON))


def _is_given_up(run: Situation, planned: PlannedStep) -> bool:
    """Whether two people have decided to rewind this step's data, seeing what would be lost."""
    return any(
        decision.question is Question.DATA_WOULD_BE_LOST
        and decision.choice is Choice.ROLL_BACK
        and (decision.batch, decision.step) == (planned.batch, planned.step.id)
        for decision in run.record.decisions
    )


def _is_fresh(run: Situation, probe: Attempt) -> bool:
    return probe.ended_at is not None and run.now <= probe.ended_at + timedelta(seconds=PROOF_LASTS)


def _prove(run: Situation, planned: PlannedStep, role: Role, play: PlayRef | None) -> Move | None:
    if play is None:
        return None
    slot = run.history.slot(planned, role)
    if slot.standing is Standing.NEEDED:
        return begin(run, planned, role, play, _touched(run, planned))
    return None if slot.standing is Standing.DONE else _ask(slot)


def _prove_health(run: Situation, turn: Turn) -> Move | None:
    play = run.runbook.after_rollback
    if play is None:
        return None
    slot = run.history.slot_at((turn.batch, AFTER_ROLLBACK, Role.HEALTH))
    if slot.standing is Standing.NEEDED:
        return begin_health(run, turn, play)
    return None if slot.standing is Standing.DONE else _ask(slot)


def _ask_loss(at: AttemptKey, choices: tuple[Choice, ...]) -> Move:
    """Ask whether to rewind data although something may have been written since; repeating proves it anew."""
    return WaitPeople(RunState.AWAITING_DECISION, at, Question.DATA_WOULD_BE_LOST, choices)


def _ask(slot: Slot, *, again: bool = True) -> Move:
    """Ask about an attempt of the rollback; going back without it is no choice, nor is undoing funds twice (L13)."""
    choices = _CHOICES if again else _CHOICES[1:]
    if slot.standing is Standing.UNKNOWN:
        return WaitPeople(RunState.OUTCOME_UNKNOWN, slot.last.key, Question.OUTCOME_UNKNOWN, choices)
    return WaitPeople(RunState.ROLLBACK_FAILED, slot.last.key, Question.ROLLBACK_FAILED, choices)


def _touched(run: Situation, planned: PlannedStep) -> tuple[str, ...]:
    return touched_hosts(run.history.slot(planned, Role.DO).attempts, planned.hosts)
