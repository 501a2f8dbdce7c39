"""How a check goes: every play once in check mode, every probe, in order, ended by the first failure."""

from __future__ import annotations

from dataclasses import replace

from runner.model.plan import Role
from runner.model.run import RunState
from runner.model.runbook import PlaybookWork, RemoteWork
from runner.rules.beginning import STATE_OF, begin
from runner.rules.expansion import PlannedStep, uses_outputs
from runner.rules.history import Standing
from runner.rules.move import Begin, Finish, Move
from runner.rules.situation import Situation
from runner.rules.windows import attempt_deadline
from runner.words import N_


def next_check(run: Situation) -> Move:
    """What a check does next.

    A play that needs outputs of earlier steps is left out: in check mode nothing has reported them.
    """
    if run.record.wish.abort or run.record.wish.pause:
        return Finish(RunState.FAILED, N_("it was stopped"))
    for planned in run.expansion.steps:
        if not _is_checked(planned):
            continue
        slot = run.history.slot(planned, Role.DO)
        if slot.standing is Standing.NEEDED:
            return _begin(run, planned, slot.number)
        if slot.standing is not Standing.DONE:
            return Finish(RunState.FAILED, N_("a step failed in check mode"))
    return Finish(RunState.SUCCEEDED)


def _is_checked(planned: PlannedStep) -> bool:
    work = planned.step.work
    return isinstance(work, RemoteWork) or (isinstance(work, PlaybookWork) and not uses_outputs(work.play))


def _begin(run: Situation, planned: PlannedStep, number: int) -> Begin:
    work = planned.step.work
    if isinstance(work, PlaybookWork):
        return replace(begin(run, planned, Role.DO, work.play), mutating=False, outputs=(), check=True)
    return Begin(
        key=run.key(planned, Role.DO, number),
        state=STATE_OF[Role.DO],
        hosts=planned.hosts,
        mutating=False,
        deadline=attempt_deadline(planned.step, Role.DO, run.now),
        work=work.probes if isinstance(work, RemoteWork) else (),
    )
