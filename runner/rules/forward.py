"""How a run goes forward: step by step, batch by batch."""

from __future__ import annotations

from runner.model.plan import Role
from runner.model.run import RunState
from runner.model.runbook import ManualWork, PlaybookWork, RemoteWork, SoakWork
from runner.rules.beginning import STATE_OF, begin
from runner.rules.entrance import enter, pass_by_people, stop_for_window, wait_at_sheet
from runner.rules.expansion import PlannedStep
from runner.rules.failing import fail, settle
from runner.rules.history import Slot, Standing, unfinished_hosts
from runner.rules.move import Begin, Move, WaitUntil
from runner.rules.situation import Situation, sheet_key
from runner.rules.watch import read_watch
from runner.rules.windows import attempt_deadline


def next_forward(run: Situation) -> tuple[PlannedStep, Move] | None:
    """Where a run stands and what comes next there; None once every step of every batch is done.

    Batches the run turned back in are behind it.
    """
    behind = {turn.batch for turn in run.record.turns}
    for planned in run.expansion.steps:
        if planned.batch not in behind and (move := _step(run, planned)):
            return planned, move
    return None


def _step(run: Situation, planned: PlannedStep) -> Move | None:
    work = planned.step.work
    if isinstance(work, ManualWork):
        return _sheet(run.standing_at(planned), planned)
    if isinstance(work, SoakWork):
        return _look(run, planned, work)
    return _main(run, planned, work) or _verify(run, planned, work)


def _main(run: Situation, planned: PlannedStep, work: PlaybookWork | RemoteWork) -> Move | None:
    slot = run.history.slot(planned, Role.DO)
    if slot.standing is Standing.NEEDED:
        return enter(run, planned) or _begin(run, planned, slot, work)
    if slot.standing is Standing.UNKNOWN:
        return settle(run, planned, slot.last)
    return None if slot.standing is Standing.DONE else fail(run, planned, slot.last, slot.standing)


def _begin(run: Situation, planned: PlannedStep, slot: Slot, work: PlaybookWork | RemoteWork) -> Begin:
    """The next main attempt; a mutating one leaves out the hosts on which the step is finished."""
    if isinstance(work, PlaybookWork):
        tried = run.history.tried(planned) if planned.step.mutating else ()
        return begin(run, planned, Role.DO, work.play, unfinished_hosts(tried, planned.hosts))
    return Begin(
        key=run.key(planned, Role.DO, slot.number),
        state=STATE_OF[Role.DO],
        hosts=planned.hosts,
        mutating=False,
        deadline=attempt_deadline(planned.step, Role.DO, run.now),
        work=work.probes,
    )


def _verify(run: Situation, planned: PlannedStep, work: PlaybookWork | RemoteWork) -> Move | None:
    if isinstance(work, RemoteWork) or work.verify is None:
        return None
    slot = run.history.slot(planned, Role.VERIFY)
    if slot.standing is Standing.NEEDED:
        return stop_for_window(run, planned, fresh=False) or begin(run, planned, Role.VERIFY, work.verify)
    return None if slot.standing is Standing.DONE else fail(run, planned, slot.last, slot.standing)


def _look(run: Situation, planned: PlannedStep, work: SoakWork) -> Move | None:
    looks = run.history.slot(planned, Role.SOAK).attempts
    watch = read_watch(run.history, looks, planned.step, work, run.now)
    if watch.standing is Standing.DONE:
        return None
    if watch.standing is not Standing.NEEDED:
        return fail(run, planned, looks[-1], watch.standing)
    if stop := enter(run, planned, Role.SOAK):
        return stop
    if watch.due and run.now < watch.due:
        return WaitUntil(run.before_closing(watch.due), RunState.OBSERVING)
    return begin(run, planned, Role.SOAK, work.play, watch_since=watch.since)


def _sheet(run: Situation, planned: PlannedStep) -> Move | None:
    if sheet_key(planned) in run.record.sheets:
        return None
    if run.is_at_sheet(planned):
        return stop_for_window(run, planned, fresh=False) or wait_at_sheet(run, planned)
    return stop_for_window(run, planned, fresh=True) or pass_by_people(run, planned) or wait_at_sheet(run, planned)
