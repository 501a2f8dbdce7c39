"""How a run goes forward: step by step, batch by batch."""

from __future__ import annotations

from runner.model.plan import Role
from runner.model.run import RunState
from runner.model.runbook import ManualWork, PlaybookWork, RemoteWork, SoakWork
from runner.rules.entrance import enter, pass_by_people, stop_for_window, wait_at_sheet
from runner.rules.expansion import PlannedStep
from runner.rules.failing import fail, settle
from runner.rules.history import Slot, Standing, unfinished_hosts
from runner.rules.move import Begin, Move, WaitUntil
from runner.rules.situation import STATE_OF, Situation, sheet_key
from runner.rules.watch import read_watch
from runner.rules.windows import attempt_deadline


def next_forward(s: Situation) -> tuple[PlannedStep, Move] | None:
    """Where a run stands and what comes next there; None once every step of every batch is done.

    Batches the run turned back in are behind it.
    """
    behind = {turn.batch for turn in s.record.turns}
    for planned in s.expansion.steps:
        if planned.batch not in behind and (move := _step(s, planned)):
            return planned, move
    return None


def _step(s: Situation, planned: PlannedStep) -> Move | None:
    work = planned.step.work
    if isinstance(work, ManualWork):
        return _sheet(s.standing_at(planned), planned)
    if isinstance(work, SoakWork):
        return _look(s, planned, work)
    return _main(s, planned, work) or _verify(s, planned, work)


def _main(s: Situation, planned: PlannedStep, work: PlaybookWork | RemoteWork) -> Move | None:
    slot = s.history.slot(planned, Role.DO)
    if slot.standing is Standing.NEEDED:
        return enter(s, planned) or _begin(s, planned, slot, work)
    if slot.standing is Standing.UNKNOWN:
        return settle(s, planned, slot.last)
    return None if slot.standing is Standing.DONE else fail(s, planned, slot.last, slot.standing)


def _begin(s: Situation, planned: PlannedStep, slot: Slot, work: PlaybookWork | RemoteWork) -> Begin:
    """The next main attempt; a mutating one leaves out the hosts on which the step is finished."""
    if isinstance(work, PlaybookWork):
        tried = s.history.tried(planned) if planned.step.mutating else ()
        return s.begin(planned, Role.DO, work.play, unfinished_hosts(tried, planned.hosts))
    return Begin(
        key=s.key(planned, Role.DO, slot.number),
        state=STATE_OF[Role.DO],
        hosts=planned.hosts,
        mutating=False,
        deadline=attempt_deadline(planned.step, Role.DO, s.now),
        work=work.probes,
    )


def _verify(s: Situation, planned: PlannedStep, work: PlaybookWork | RemoteWork) -> Move | None:
    if isinstance(work, RemoteWork) or work.verify is None:
        return None
    slot = s.history.slot(planned, Role.VERIFY)
    if slot.standing is Standing.NEEDED:
        return stop_for_window(s, planned, fresh=False) or s.begin(planned, Role.VERIFY, work.verify)
    return None if slot.standing is Standing.DONE else fail(s, planned, slot.last, slot.standing)


def _look(s: Situation, planned: PlannedStep, work: SoakWork) -> Move | None:
    looks = s.history.slot(planned, Role.SOAK).attempts
    watch = read_watch(s.history, looks, planned.step, work, s.now)
    if watch.standing is Standing.DONE:
        return None
    if watch.standing is not Standing.NEEDED:
        return fail(s, planned, looks[-1], watch.standing)
    if stop := enter(s, planned, Role.SOAK):
        return stop
    if watch.due and s.now < watch.due:
        return WaitUntil(s.before_closing(watch.due), RunState.OBSERVING)
    return s.begin(planned, Role.SOAK, work.play, watch_since=watch.since)


def _sheet(s: Situation, planned: PlannedStep) -> Move | None:
    if sheet_key(planned) in s.record.sheets:
        return None
    if s.is_at_sheet(planned):
        return stop_for_window(s, planned, fresh=False) or wait_at_sheet(s, planned)
    fresh = planned.step.mutating
    return stop_for_window(s, planned, fresh=fresh) or pass_by_people(s, planned) or wait_at_sheet(s, planned)
