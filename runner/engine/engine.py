"""The engine as the service sees it: put together, started, woken, stopped."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from runner.engine.crew import Crew
from runner.engine.dispatch import Dispatcher, LocalDispatcher
from runner.engine.importer import Importer
from runner.engine.in_force import InForce
from runner.engine.journal import Leaves
from runner.engine.links import SHIM_COMMAND, Command, ShimStarter
from runner.engine.lost import Lost
from runner.engine.machine import Machine, Surroundings
from runner.engine.notifier import Notice, Notices, Notifier, notice_entry
from runner.engine.plans import PlanShelf
from runner.engine.pump import Pump
from runner.engine.recovery import Recovery
from runner.engine.secret_values import Give, give_nothing
from runner.engine.timers import Timers
from runner.errors import StorageError
from runner.model.plan import Plan
from runner.model.run import RunRecord
from runner.model.time import Clock
from runner.store.store import Store, Transaction

_log = logging.getLogger(__name__)

_RETRY = timedelta(seconds=2)
"""When a run is looked at again whose next move could not be recorded."""


@dataclass(frozen=True, slots=True)
class EngineParts:
    """What an engine is made from."""

    store: Store
    leaves: Leaves
    shelf: PlanShelf
    shims: Path
    """Folder that holds the folders of all shims."""
    notifier: Notifier
    clock: Clock
    in_force: InForce
    shim_command: Command = SHIM_COMMAND
    give: Give = give_nothing
    """Gives the secrets of an attempt when it begins."""


class Engine:
    """Carries runs on until it is stopped; attempts in progress outlive it."""

    def __init__(self, parts: EngineParts) -> None:
        self._clock = parts.clock
        starter = ShimStarter(parts.shims, parts.shim_command)
        importer = Importer(parts.store, parts.leaves, parts.clock)
        lost = Lost(parts.store, parts.leaves, parts.clock, importer)
        self._pump = Pump(importer, starter, lost, parts.clock, self.wake)
        crew = Crew(parts.store, parts.leaves, parts.clock, starter, self._pump, lost, parts.give)
        self._timers = Timers(parts.clock, self.wake)
        self._notices = Notices(parts.notifier, self._record_notice)
        self._store, self._leaves = parts.store, parts.leaves
        self._machine = Machine(
            Surroundings(
                store=parts.store,
                leaves=parts.leaves,
                shelf=parts.shelf,
                hands=crew,
                timers=self._timers,
                notices=self._notices,
                clock=parts.clock,
                in_force=parts.in_force,
            )
        )
        self._dispatcher: Dispatcher = LocalDispatcher(self._advance)
        self._recovery = Recovery(parts.store, parts.leaves, parts.clock, parts.shelf, starter, self._pump, lost)

    def start(self) -> None:
        """Take up what an earlier engine left, and begin to work.

        Raises:
            StorageError: what was found cannot be recorded.
        """
        self._notices.start()
        self._timers.start()
        self._pump.start()
        self._dispatcher.start()
        for run in self._recovery.recover():
            self.wake(run)

    def stop(self) -> None:
        """Finish the move at hand and stop working; shims go on by themselves."""
        self._dispatcher.stop()
        self._timers.stop()
        self._pump.stop()
        self._notices.stop()

    def begin_run(self, transaction: Transaction, record: RunRecord, plan: Plan, now: datetime) -> None:
        """Take the run's hosts, all or none, and record the run as begun; part of the caller's transaction.

        Raises:
            RefusedError: another run holds one of the hosts; names it and since when.
        """
        self._machine.begin_run(transaction, record, plan, now)

    def wake(self, run: str) -> None:
        """Hint that a run may have something to do."""
        self._dispatcher.wake(run)

    def warm(self, run: str) -> None:
        """Get ready to begin a run soon: its snapshot, its shim, its first Ansible process."""
        self._dispatcher.wake(run)

    def tell(self, notice: Notice) -> None:
        """Tell people outside, soon."""
        self._notices.tell(notice)

    def _record_notice(self, notice: Notice, reason: str) -> None:
        entry = notice_entry(notice, reason, self._clock.now())
        with self._store.writing() as transaction:
            transaction.inbox.put(self._leaves.make_all([entry]))

    def _advance(self, run: str) -> None:
        try:
            self._machine.advance(run)
        except StorageError as error:
            _log.warning("run %s waits until its next move can be recorded: %s", run, error)
            self._timers.set(run, self._clock.now() + _RETRY)
