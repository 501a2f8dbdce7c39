"""The run machine: asks the rules what a run does next, and carries it out, until it waits.

Each move is one transaction: the run is claimed, the move is computed from what is recorded in that very transaction,
and state, log entries and intent are written together. Only afterwards is anything done outside. A wake-up is a hint:
`advance` may be called at any time, any number of times.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from runner.engine.carrying import entries_of, record_after
from runner.engine.crash import crash_point
from runner.engine.hands import Hands
from runner.engine.in_force import InForce
from runner.engine.journal import Leaves, about_attempt, about_run, service_entry
from runner.engine.notifier import TOLD, Notice, Notices
from runner.engine.orders import order_of, scope_of
from runner.engine.plans import OpenPlan, PlanShelf
from runner.engine.snapshot import Snapshot
from runner.engine.timers import Timers
from runner.errors import RunnerError, StorageError, UsageError
from runner.model.holding import Shim
from runner.model.order import Order
from runner.model.plan import Plan
from runner.model.run import Attempt, AttemptState, RunKind, RunRecord, RunState
from runner.model.runbook import Risk
from runner.model.time import Clock
from runner.rules.history import OPEN, open_attempts
from runner.rules.move import Begin, Finish, Move, WaitAttempt, WaitPeople, WaitUntil
from runner.rules.moves import ENDED, likely_next, next_move
from runner.rules.tags import Tag
from runner.rules.transitions import require_run_transition
from runner.store.store import Store, Transaction

_log = logging.getLogger(__name__)

_SOON = timedelta(seconds=1)
"""When a run is looked at again that waits for something nobody tells of."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the machine works with."""

    store: Store
    leaves: Leaves
    shelf: PlanShelf
    hands: Hands
    timers: Timers
    notices: Notices
    clock: Clock
    in_force: InForce


class Machine:
    """Carries runs on."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._store = around.store
        self._hands = around.hands
        self._clock = around.clock

    def begin_run(self, transaction: Transaction, record: RunRecord, plan: Plan, now: datetime) -> None:
        """Take the run's hosts, all or none, and record the run as begun; part of the caller's transaction.

        Raises:
            RefusedError: another run holds one of the hosts; names it and since when.
        """
        exclusive = plan.runbook.mutating and record.kind is RunKind.CHANGE
        identities = sorted({host.identity for host in plan.binding.hosts})
        transaction.locks.take(record.id, identities, now, exclusive=exclusive)
        require_run_transition(record.state, RunState.RUNNING)
        begun = replace(record, state=RunState.RUNNING, started_at=now)
        transaction.runs.save(begun)
        about = about_run(record)
        entries = [
            service_entry(Tag.LOCKS_TAKEN, about, now, {"hosts": list(identities), "exclusive": exclusive}),
            service_entry(Tag.RUN_MOVED, about, now, {"from": record.state.value, "to": begun.state.value, "why": ""}),
        ]
        transaction.inbox.put(self._around.leaves.make_all(entries))
        transaction.after_commit(lambda: self._notify(begun, plan, now))

    def advance(self, run: str) -> None:
        """Carry a run on until it waits or has ended.

        Raises:
            StorageError: what is to be recorded cannot be; nothing more begins, and it is to be tried again.
        """
        while self._step(run):
            pass

    def _step(self, run: str) -> bool:
        """Make one move; whether another may follow at once."""
        now = self._clock.now()
        with self._store.reading() as transaction:
            record = transaction.runs.find(run)
            if record is None:
                return False
            opened = self._around.shelf.get(record.plan, transaction.plans)
            shims = self._shims_of_unseen(transaction, record)
        move = next_move(opened.expansion, record, now, self._around.in_force.policy)
        if isinstance(move, Begin | Finish) and record.state not in ENDED and not self._is_clear(record, shims):
            self._around.timers.set(run, now + _SOON)
            return False
        if isinstance(move, Begin):
            return self._begin(record, opened, now)
        if record_after(record, move, now) != record:
            return self._record(record, opened, move, now)
        self._wait(record, opened, move, now)
        return False

    def _begin(self, seen: RunRecord, opened: OpenPlan, now: datetime) -> bool:
        """Record the intent of an attempt, and then have it begun (L5)."""
        shim, snapshot = self._hands.shim_for(seen.id), self._snapshot(opened)
        with self._store.writing() as transaction:
            record = transaction.runs.claim(seen.id, seen.epoch)
            if record is None:
                return True
            move = next_move(opened.expansion, record, now, self._around.in_force.policy)
            if not isinstance(move, Begin):
                return True
            attempt = Attempt(move.key, AttemptState.INTENDED, move.mutating, move.hosts, now, move.deadline)
            order = self._order(transaction, record, opened, snapshot, move)
            if isinstance(order, str):
                attempt = replace(attempt, state=AttemptState.NEVER_BEGUN, ended_at=now, reason=order)
            after = self._write(transaction, record, move, now)
            transaction.attempts.add(attempt, record.epoch, shim=shim.id)
            if isinstance(order, str):
                about = about_attempt(move.key, record.request)
                entry = service_entry(Tag.ATTEMPT_NEVER_BEGUN, about, now, {"reason": order})
                transaction.inbox.put(self._around.leaves.make_all([entry]))
        crash_point("intent_committed")
        self._notify_of(seen, after, opened.plan, now)
        if isinstance(order, Order):
            self._hands.begin(order, record.request, shim)
        return True

    def _record(self, seen: RunRecord, opened: OpenPlan, move: Move, now: datetime) -> bool:
        """Record what a move changes that begins nothing."""
        with self._store.writing() as transaction:
            record = transaction.runs.claim(seen.id, seen.epoch)
            if record is None or next_move(opened.expansion, record, now, self._around.in_force.policy) != move:
                return True
            after = self._write(transaction, record, move, now)
            if isinstance(move, Finish):
                self._finish(transaction, after, now)
        crash_point("transition_committed")
        self._notify_of(seen, after, opened.plan, now)
        return True

    def _write(self, transaction: Transaction, record: RunRecord, move: Move, now: datetime) -> RunRecord:
        after = record_after(record, move, now)
        if after.state is not record.state:
            require_run_transition(record.state, after.state)
        transaction.runs.save(after)
        transaction.inbox.put(self._around.leaves.make_all(entries_of(record, after, move, now)))
        return after

    def _finish(self, transaction: Transaction, record: RunRecord, now: datetime) -> None:
        """Let go of the hosts; those of an abandoned run stay held until its result is signed."""
        transaction.acts.drop_open_of(record.id)
        crash_point("before_lock_release")
        held = transaction.locks.of(record.id)
        if held and record.state is not RunState.ABANDONED:
            transaction.locks.release(record.id)
            told = service_entry(
                Tag.LOCKS_RELEASED, about_run(record), now, {"hosts": [lock.identity for lock in held]}
            )
            transaction.inbox.put(self._around.leaves.make_all([told]))

    def _wait(self, record: RunRecord, opened: OpenPlan, move: Move, now: datetime) -> None:
        """Do what a waiting run needs beside its record."""
        timers, hands = self._around.timers, self._hands
        match move:
            case WaitAttempt():
                timers.set(record.id, None)
                self._see_through(record)
                if move.cancel:
                    hands.cancel(move.key)
                else:
                    hands.pause(record.id, paused=False)
                    self._prepare(
                        record, opened, likely_next(opened.expansion, record, now, self._around.in_force.policy)
                    )
            case WaitPeople():
                timers.set(record.id, move.until)
                if move.holding is not None:
                    self._see_through(record)
                    hands.pause(record.id, paused=True)
                else:
                    self._get_ready(record, opened, move, now)
            case WaitUntil():
                timers.set(record.id, move.instant)
                self._prepare(record, opened, self._move_at(record, opened, move.instant))
            case Finish():
                timers.set(record.id, None)
                hands.retire(record.id)

    def _see_through(self, record: RunRecord) -> None:
        """Take up an attempt again that nobody follows since the service was started again."""
        for attempt in open_attempts(record):
            if not self._hands.follows(attempt.key):
                with self._store.reading() as transaction:
                    now_known = transaction.attempts.get(attempt.key)
                    shim = transaction.shims.find_of(attempt.key)
                if now_known.state in OPEN:
                    self._hands.resume(now_known, record, shim)

    def _get_ready(self, record: RunRecord, opened: OpenPlan, move: WaitPeople, now: datetime) -> None:
        """Have ready what begins once people have signed, where that is one thing only."""
        if move.state is RunState.CONFIRMING:
            signed = replace(record, state=RunState.RUNNING, started_at=now)
            self._hands.shim_for(record.id)
        elif move.state is RunState.AT_GATE:
            signed = replace(record, gates=(*record.gates, (move.at.batch, move.at.step)))
        else:
            return
        self._prepare(record, opened, self._move_at(signed, opened, now))

    def _move_at(self, record: RunRecord, opened: OpenPlan, instant: datetime) -> Begin | None:
        move = next_move(opened.expansion, record, instant, self._around.in_force.policy)
        return move if isinstance(move, Begin) else None

    def _prepare(self, record: RunRecord, opened: OpenPlan, guess: Begin | None) -> None:
        """Have a shim get ready for what probably follows; that this cannot be done disturbs nothing."""
        if guess is None:
            return
        try:
            snapshot = self._around.shelf.snapshot(opened)
            self._hands.prepare(order_of(guess, opened, snapshot, None, self._around.in_force.policy))
        except RunnerError as error:
            _log.warning("run %s: the next attempt is not prepared: %s", record.id, error)

    def _snapshot(self, opened: OpenPlan) -> Snapshot | str:
        """The snapshot of a plan, or why nothing may run from it.

        Raises:
            StorageError: it cannot be built now.
        """
        try:
            return self._around.shelf.snapshot(opened)
        except StorageError:
            raise
        except RunnerError as error:
            return str(error)

    def _order(
        self, transaction: Transaction, record: RunRecord, opened: OpenPlan, snapshot: Snapshot | str, begin: Begin
    ) -> Order | str:
        """The order of an attempt, or why there can be none."""
        if isinstance(snapshot, str):
            return snapshot
        outputs = transaction.runs.outputs_of(record.id, begin.key.batch)
        try:
            scope = scope_of(record, opened, begin.key.batch, outputs)
            return order_of(begin, opened, snapshot, scope, self._around.in_force.policy)
        except UsageError as error:
            return str(error)

    def _shims_of_unseen(self, transaction: Transaction, record: RunRecord) -> list[tuple[Attempt, Shim]]:
        """Attempts of unseen end, with the shims that carried them."""
        unseen = [attempt for attempt in record.attempts if attempt.state is AttemptState.UNKNOWN]
        found = [(attempt, transaction.shims.find_of(attempt.key)) for attempt in unseen]
        return [(attempt, shim) for attempt, shim in found if shim is not None]

    def _is_clear(self, record: RunRecord, unseen: list[tuple[Attempt, Shim]]) -> bool:
        return not unseen or self._hands.is_clear(record, unseen)

    def _notify_of(self, before: RunRecord, after: RunRecord, plan: Plan, now: datetime) -> None:
        if before.state is not after.state and _is_news(before, after):
            self._notify(after, plan, now)

    def _notify(self, record: RunRecord, plan: Plan, now: datetime) -> None:
        loud = plan.risk is Risk.EMERGENCY
        self._around.notices.tell(Notice(record.id, plan.risk, record.state, now, loud))


def _is_news(before: RunRecord, after: RunRecord) -> bool:
    """Whether people outside are told: a run that only goes on is no news."""
    return after.state in TOLD and not (after.state is RunState.RUNNING and before.state is not RunState.CONFIRMING)
