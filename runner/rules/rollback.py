"""How a run goes back: newest first, proven where it can be, and never over data that people have not given up."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from runner.model.plan import Role
from runner.model.run import Attempt, AttemptKey, Choice, Question, RunState, Turn
from runner.model.runbook import ManualWork, PlaybookWork, PlayRef, Rollback
from runner.model.time import Seconds
from runner.rules.expansion import AFTER_ROLLBACK, PlannedStep
from runner.rules.history import TRIES, Slot, Standing, has_effect, touched_hosts
from runner.rules.move import Move, WaitPeople
from runner.rules.situation import Situation, sheet_key

PROOF_LASTS: Final = Seconds(60)
"""How long a proof that nothing writes is good for; an older one is made again before data is rewound."""

_CHOICES: Final = (Choice.REPEAT, Choice.MARK_DONE, Choice.ABANDON)


def undo_list(s: Situation, turn: Turn) -> tuple[PlannedStep, ...]:
    """The steps that a turn undoes, newest first: those that may have changed something and know how to undo it."""
    return tuple(planned for planned in reversed(s.begun(turn.scope, turn.batch)) if _can_be_undone(s, planned))


def next_undo(s: Situation, turn: Turn) -> Move | None:
    """What comes next in a rollback; None once everything is undone and proven."""
    undone = undo_list(s, turn)
    for planned in undone:
        if move := _undo(s, planned):
            return move
    return _prove_health(s, turn) if undone else None


def _can_be_undone(s: Situation, planned: PlannedStep) -> bool:
    work = planned.step.work
    if isinstance(work, ManualWork):
        return work.rollback is not None
    return isinstance(work, PlaybookWork) and work.rollback is not None and bool(_touched(s, planned))


def _undo(s: Situation, planned: PlannedStep) -> Move | None:
    work = planned.step.work
    if isinstance(work, ManualWork):
        return _undo_by_hand(s, planned, work)
    if isinstance(work, PlaybookWork) and work.rollback:
        return _undo_by_play(s, planned, work.rollback)
    return None


def _undo_by_hand(s: Situation, planned: PlannedStep, work: ManualWork) -> Move | None:
    if sheet_key(planned, Role.ROLLBACK) in s.record.sheets:
        return None
    return WaitPeople(RunState.AT_SHEET, s.key(planned, Role.ROLLBACK), instruct=work.rollback)


def _undo_by_play(s: Situation, planned: PlannedStep, rollback: Rollback) -> Move | None:
    slot = s.history.slot(planned, Role.ROLLBACK)
    if slot.standing is Standing.NEEDED:
        proving = _prove_writes_off(s, planned, rollback, slot) if rollback.rewinds_data else None
        return proving or s.begin(planned, Role.ROLLBACK, rollback.play, _touched(s, planned))
    if slot.standing is not Standing.DONE:
        return _ask(slot)
    return _prove(s, planned, Role.ROLLBACK_VERIFY, rollback.verify)


def _prove_writes_off(s: Situation, planned: PlannedStep, rollback: Rollback, undoing: Slot) -> Move | None:
    """Prove, or ask about, what rewinding would lose (L13); None: nothing, or people have given it up."""
    if _is_given_up(s, planned):
        return None
    begun = [attempt for attempt in undoing.attempts if has_effect(attempt)]
    probes = s.history.slot(planned, Role.WRITES_OFF, after=begun[-1] if begun else None)
    if rollback.writes_off is None:
        return _ask_loss(s.key(planned, Role.WRITES_OFF), (Choice.ROLL_BACK, Choice.ABANDON))
    if probes.standing is Standing.DONE and _is_fresh(s, probes.last):
        return None
    is_stale = probes.standing is Standing.DONE and len(probes.counted) < TRIES
    if probes.standing is Standing.NEEDED or is_stale:
        return s.begin(planned, Role.WRITES_OFF, rollback.writes_off, _touched(s, planned))
    return _ask_loss(probes.last.key, (Choice.REPEAT, Choice.ROLL_BACK, Choice.ABANDON))


def _is_given_up(s: Situation, planned: PlannedStep) -> bool:
    """Whether two people have decided to rewind this step's data, seeing what would be lost."""
    return any(
        decision.question is Question.DATA_WOULD_BE_LOST
        and decision.choice is Choice.ROLL_BACK
        and (decision.batch, decision.step) == (planned.batch, planned.step.id)
        for decision in s.record.decisions
    )


def _is_fresh(s: Situation, probe: Attempt) -> bool:
    return probe.ended_at is not None and s.now <= probe.ended_at + timedelta(seconds=PROOF_LASTS)


def _prove(s: Situation, planned: PlannedStep, role: Role, play: PlayRef | None) -> Move | None:
    if play is None:
        return None
    slot = s.history.slot(planned, role)
    if slot.standing is Standing.NEEDED:
        return s.begin(planned, role, play, _touched(s, planned))
    return None if slot.standing is Standing.DONE else _ask(slot)


def _prove_health(s: Situation, turn: Turn) -> Move | None:
    play = s.runbook.after_rollback
    if play is None:
        return None
    slot = s.history.slot_at((turn.batch, AFTER_ROLLBACK, Role.HEALTH))
    if slot.standing is Standing.NEEDED:
        return s.begin_health(turn, play)
    return None if slot.standing is Standing.DONE else _ask(slot)


def _ask_loss(at: AttemptKey, choices: tuple[Choice, ...]) -> Move:
    """Ask whether to rewind data although something may have been written since; repeating proves it anew."""
    return WaitPeople(RunState.AWAITING_DECISION, at, Question.DATA_WOULD_BE_LOST, choices)


def _ask(slot: Slot) -> Move:
    """Ask about an attempt of the rollback; going back further without it is no choice."""
    if slot.standing is Standing.UNKNOWN:
        return WaitPeople(RunState.OUTCOME_UNKNOWN, slot.last.key, Question.OUTCOME_UNKNOWN, _CHOICES)
    return WaitPeople(RunState.ROLLBACK_FAILED, slot.last.key, Question.ROLLBACK_FAILED, _CHOICES)


def _touched(s: Situation, planned: PlannedStep) -> tuple[str, ...]:
    return touched_hosts(s.history.slot(planned, Role.DO).attempts, planned.hosts)
