"""The attempts a run begins: which play on which hosts, until when, under which number."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from runner.model.plan import Role
from runner.model.run import AttemptKey, RunState, Turn
from runner.model.runbook import PlaybookWork, PlayRef, RollbackScope
from runner.rules.expansion import AFTER_ROLLBACK, PlannedStep
from runner.rules.move import Begin
from runner.rules.situation import Situation
from runner.rules.windows import attempt_deadline

STATE_OF: Final[Mapping[Role, RunState]] = {
    Role.DO: RunState.RUNNING,
    Role.VERIFY: RunState.VERIFYING,
    Role.SETTLE: RunState.OUTCOME_UNKNOWN,
    Role.SOAK: RunState.OBSERVING,
    Role.WRITES_OFF: RunState.ROLLING_BACK,
    Role.ROLLBACK: RunState.ROLLING_BACK,
    Role.ROLLBACK_VERIFY: RunState.ROLLING_BACK,
    Role.HEALTH: RunState.ROLLING_BACK,
}
"""State a run shows while an attempt of that role is in progress."""


def begin(
    run: Situation,
    planned: PlannedStep,
    role: Role,
    play: PlayRef,
    hosts: tuple[str, ...] | None = None,
    watch_since: datetime | None = None,
) -> Begin:
    """The next attempt of a play; on every host of the step unless some are named."""
    work = planned.step.work
    main = role is Role.DO and isinstance(work, PlaybookWork)
    return Begin(
        key=run.key(planned, role, run.history.slot(planned, role).number),
        state=STATE_OF[role],
        hosts=planned.hosts if hosts is None else hosts,
        mutating=planned.step.mutating if main else role is Role.ROLLBACK,
        deadline=attempt_deadline(planned.step, role, run.now, watch_since),
        work=play,
        outputs=work.outputs if main and isinstance(work, PlaybookWork) else (),
    )


def begin_health(run: Situation, turn: Turn, play: PlayRef) -> Begin:
    """The next attempt of the play that proves the service healthy after a rollback."""
    hosts = run.expansion.hosts if turn.scope is RollbackScope.RUN else run.hosts_of(turn.batch)
    number = run.history.slot_at((turn.batch, AFTER_ROLLBACK, Role.HEALTH)).number
    return Begin(
        key=AttemptKey(run.record.id, turn.batch, AFTER_ROLLBACK, Role.HEALTH, number),
        state=STATE_OF[Role.HEALTH],
        hosts=hosts,
        mutating=False,
        deadline=attempt_deadline(None, Role.HEALTH, run.now),
        work=play,
    )
