"""How far each step of a run has come, as people see it; pure."""

from __future__ import annotations

from collections.abc import Mapping

from runner.model.document import JsonValue
from runner.model.plan import Role
from runner.model.run import Attempt, AttemptKey, Choice, RunKind, RunRecord, RunState
from runner.model.runbook import ManualWork, PlaybookWork, RemoteWork, SoakWork, Step
from runner.model.text import Text
from runner.rules.expansion import AFTER_ROLLBACK, PlannedStep
from runner.rules.history import OPEN, Standing
from runner.rules.moves import ENDED
from runner.rules.situation import Situation, sheet_key
from runner.rules.watch import read_watch
from runner.wire.api_run import StepShown, StepState, WorkKind

Outputs = Mapping[str, Mapping[str, JsonValue]]
"""Values steps reported, by step and name."""

_UNDOING = (Role.WRITES_OFF, Role.ROLLBACK, Role.ROLLBACK_VERIFY)
_IN_PROGRESS = {
    Role.DO: StepState.RUNNING,
    Role.VERIFY: StepState.VERIFYING,
    Role.SETTLE: StepState.UNKNOWN,
    Role.SOAK: StepState.OBSERVING,
    Role.WRITES_OFF: StepState.ROLLING_BACK,
    Role.ROLLBACK: StepState.ROLLING_BACK,
    Role.ROLLBACK_VERIFY: StepState.ROLLING_BACK,
    Role.HEALTH: StepState.VERIFYING,
}
_STANDING = {
    Standing.NEEDED: StepState.PENDING,
    Standing.DONE: StepState.DONE,
    Standing.FAILED: StepState.FAILED,
    Standing.UNKNOWN: StepState.UNKNOWN,
    Standing.CANCELLED: StepState.FAILED,
    Standing.IN_PROGRESS: StepState.RUNNING,
}
_KINDS: dict[type, WorkKind] = {
    PlaybookWork: WorkKind.PLAYBOOK,
    RemoteWork: WorkKind.REMOTE,
    ManualWork: WorkKind.MANUAL,
    SoakWork: WorkKind.SOAK,
}


def steps_shown(situation: Situation, outputs: Mapping[int, Outputs]) -> tuple[StepShown, ...]:
    """Every step of every batch in order of execution, and proofs of health after a rollback.

    Args:
        situation: the run now.
        outputs: of each batch, by step.
    """
    shown = [
        _shown(situation, planned, outputs.get(planned.batch, {}).get(planned.step.id, {}))
        for planned in situation.expansion.steps
    ]
    batches = {turn.batch for turn in situation.record.turns}
    health = [_health(situation, batch) for batch in sorted(batches) if _attempts(situation, batch, AFTER_ROLLBACK)]
    return (*shown, *health)


def step_state(situation: Situation, planned: PlannedStep) -> StepState:
    """How far a step has come in its batch."""
    attempts = _attempts(situation, planned.batch, planned.step.id)
    current = next((attempt for attempt in attempts if attempt.state in OPEN), None)
    if current is not None:
        return _IN_PROGRESS[current.key.role]
    state = _waiting(situation.record, planned) or _undone(situation, planned) or _forward(situation, planned)
    if state is StepState.PENDING and situation.record.state in ENDED:
        return StepState.NOT_REACHED
    return state


def _waiting(record: RunRecord, planned: PlannedStep) -> StepState | None:
    """The state of the step the run waits at a gate or with a sheet of."""
    at = record.waiting_at
    if at is None or (at.batch, at.step) != (planned.batch, planned.step.id):
        return None
    return {RunState.AT_GATE: StepState.AT_GATE, RunState.AT_SHEET: StepState.AT_SHEET}.get(record.state)


def _undone(situation: Situation, planned: PlannedStep) -> StepState | None:
    """How far a step's undoing has come; None when it was not begun."""
    work = planned.step.work
    if isinstance(work, ManualWork):
        return StepState.ROLLED_BACK if sheet_key(planned, Role.ROLLBACK) in situation.record.sheets else None
    if not isinstance(work, PlaybookWork) or work.rollback is None:
        return None
    slots = [situation.history.slot(planned, role) for role in _UNDOING]
    if not any(slot.attempts for slot in slots):
        return None
    undo, proof = slots[1], slots[2]
    for slot in slots:
        if slot.standing in (Standing.FAILED, Standing.UNKNOWN, Standing.CANCELLED):
            return _STANDING[slot.standing]
    is_proven = work.rollback.verify is None or proof.standing is Standing.DONE
    return StepState.ROLLED_BACK if undo.standing is Standing.DONE and is_proven else StepState.ROLLING_BACK


def _forward(situation: Situation, planned: PlannedStep) -> StepState:
    work, history = planned.step.work, situation.history
    if isinstance(work, ManualWork):
        return StepState.DONE if sheet_key(planned) in situation.record.sheets else StepState.PENDING
    if isinstance(work, SoakWork):
        looks = history.slot(planned, Role.SOAK).attempts
        watch = read_watch(history, looks, planned.step, work, situation.now)
        return StepState.OBSERVING if looks and watch.standing is Standing.NEEDED else _STANDING[watch.standing]
    return _played(situation, planned, work)


def _played(situation: Situation, planned: PlannedStep, work: PlaybookWork | RemoteWork) -> StepState:
    history = situation.history
    main = history.slot(planned, Role.DO)
    if main.standing is Standing.UNKNOWN and _is_settled(situation, planned, main.last):
        return StepState.DONE
    if main.standing is not Standing.DONE:
        return _STANDING[main.standing]
    is_verified = situation.record.kind is RunKind.CHANGE  # a check changes nothing that could be verified
    if isinstance(work, PlaybookWork) and work.verify is not None and is_verified:
        proof = history.slot(planned, Role.VERIFY)
        if proof.standing is not Standing.DONE:
            return StepState.VERIFYING if proof.standing is Standing.NEEDED else _STANDING[proof.standing]
        return _done(situation, proof.last)
    return _done(situation, main.last)


def _is_settled(situation: Situation, planned: PlannedStep, attempt: Attempt) -> bool:
    probe = situation.history.slot(planned, Role.SETTLE, after=attempt)
    return probe.standing is Standing.DONE and situation.history.slot(planned, Role.VERIFY).standing is Standing.DONE


def _done(situation: Situation, attempt: Attempt) -> StepState:
    marked = situation.history.decided.get(attempt.key) is Choice.MARK_DONE
    return StepState.MARKED_DONE if marked else StepState.DONE


def _shown(situation: Situation, planned: PlannedStep, outputs: Mapping[str, JsonValue]) -> StepShown:
    step, work, record = planned.step, planned.step.work, situation.record
    undoing = work.rollback if isinstance(work, PlaybookWork) else None
    return StepShown(
        batch=planned.batch,
        id=step.id,
        title=step.title,
        kind=_KINDS[type(work)],
        mutating=step.mutating,
        hosts=planned.hosts,
        state=step_state(situation, planned),
        gate=step.gate is not None,
        gate_passed=step.gate is not None and situation.is_gate_passed(planned),
        gate_says=step.gate.say if step.gate else None,
        playbook=work.play.playbook if isinstance(work, PlaybookWork | SoakWork) else "",
        rollback=undoing.play.playbook if undoing else "",
        rewinds_data=undoing.rewinds_data if undoing else False,
        because=work.because if isinstance(work, PlaybookWork | ManualWork) else None,
        timeout=step.timeout,
        attempts=_attempts(situation, planned.batch, step.id),
        outputs=dict(outputs),
        sheet=record.sheets.get(sheet_key(planned)),
        instruct=_instruction(record, step, planned),
    )


def _health(situation: Situation, batch: int) -> StepShown:
    attempts = _attempts(situation, batch, AFTER_ROLLBACK)
    play = situation.runbook.after_rollback
    slot = situation.history.slot_at((batch, AFTER_ROLLBACK, Role.HEALTH))
    last = attempts[-1]
    return StepShown(
        batch=batch,
        id=AFTER_ROLLBACK,
        title=None,
        kind=WorkKind.PLAYBOOK,
        mutating=False,
        hosts=last.hosts,
        state=StepState.VERIFYING if last.state in OPEN else _STANDING[slot.standing],
        gate=False,
        gate_passed=False,
        gate_says=None,
        playbook=play.playbook if play else "",
        rollback="",
        rewinds_data=False,
        because=None,
        timeout=situation.expansion.steps[-1].step.timeout,
        attempts=attempts,
    )


def _instruction(record: RunRecord, step: Step, planned: PlannedStep) -> Text | None:
    work = step.work
    if not isinstance(work, ManualWork):
        return None
    at = record.waiting_at
    undoing = at is not None and at == AttemptKey(record.id, planned.batch, step.id, Role.ROLLBACK, at.number)
    return work.rollback if undoing else work.instruct


def _attempts(situation: Situation, batch: int, step: str) -> tuple[Attempt, ...]:
    return tuple(
        attempt for attempt in situation.record.attempts if (attempt.key.batch, attempt.key.step) == (batch, step)
    )
