"""What a service does with what an earlier one left: shims that live on are heard again, the others are put down."""

from __future__ import annotations

import logging
import shutil
from datetime import datetime, timedelta

from runner.engine.journal import Leaves, service_entry
from runner.engine.links import Link, ShimStarter, is_running
from runner.engine.lost import Lost
from runner.engine.plans import PlanShelf
from runner.engine.process import is_alive
from runner.engine.pump import Pump
from runner.engine.shim.folder import ShimFolder
from runner.engine.shim.protocol import Message, Say
from runner.errors import RunnerError
from runner.model.holding import Shim
from runner.model.log import About
from runner.model.run import RunState
from runner.model.time import Clock
from runner.rules.accepting import AFTERWARDS
from runner.rules.moves import ENDED
from runner.rules.tags import Tag
from runner.store.store import Store

_log = logging.getLogger(__name__)

_KEPT = timedelta(days=7)
"""How long the folder of a shim stays after its end."""

OPEN_STATES = frozenset(RunState) - ENDED
"""States of a run that is not at an end."""


class Recovery:
    """Takes up again what was in progress."""

    def __init__(
        self,
        store: Store,
        leaves: Leaves,
        clock: Clock,
        shelf: PlanShelf,
        starter: ShimStarter,
        pump: Pump,
        lost: Lost,
    ) -> None:
        self._store = store
        self._leaves = leaves
        self._clock = clock
        self._shelf = shelf
        self._starter = starter
        self._pump = pump
        self._lost = lost

    def recover(self) -> tuple[str, ...]:
        """Connect to live shims again; the open runs, each of which is to be woken.

        Raises:
            StorageError: what was found cannot be recorded.
        """
        with self._store.reading() as transaction:
            records = transaction.runs.in_states(OPEN_STATES)
            owing = transaction.runs.in_states(AFTERWARDS)
            shims = transaction.shims.unended()
            at_work = [transaction.runs.find(shim.run) for shim in shims]
        runs = tuple(record.id for record in records)
        for shim in shims:
            self._take_up(shim, is_wanted=shim.run in runs)
        self._send_strays_home({shim.id for shim in shims})
        self._put_away_work()
        self._clear_away(self._clock.now() - _KEPT)
        self._shelf.clear_away({record.plan for record in (*records, *owing, *at_work) if record is not None})
        return runs

    def _take_up(self, shim: Shim, *, is_wanted: bool) -> None:
        if not is_running(shim):
            self._lost.gone(shim)
            return
        link = self._starter.find(shim)
        if link is None:
            _log.warning("shim %s lives but does not answer", shim.id)
        elif is_wanted:
            self._record(shim, self._clock.now())
            self._pump.attach(link, greets=True)
        else:
            link.send(Message(Say.RETIRE))
            link.close()

    def _record(self, shim: Shim, now: datetime) -> None:
        entry = service_entry(Tag.SHIM_REATTACHED, About(run=shim.run), now, {"shim": shim.id, "pid": shim.pid})
        with self._store.writing() as transaction:
            transaction.inbox.put(self._leaves.make_all([entry]))

    def _send_strays_home(self, known: set[str]) -> None:
        """Let shims go that were started and never recorded: nothing was ever ordered of them."""
        for folder in self._starter.folders():
            if folder.path.name not in known:
                self._send_home(folder)

    def _put_away_work(self) -> None:
        """Remove the private folders of processes that nobody will end any more: what a task was given lies there."""
        for folder in self._starter.folders():
            try:
                about = folder.find_about()
            except RunnerError as error:
                _log.warning("shim folder %s: %s", folder.path.name, error)
                continue
            if about is not None and not is_alive(about.process):
                folder.put_away_work()

    def _clear_away(self, before: datetime) -> None:
        """Remove folders of shims that ended long ago, of runs that are at an end: the log holds all they told."""
        with self._store.reading() as transaction:
            for folder in self._starter.folders():
                shim = transaction.shims.find(folder.path.name)
                if shim is None or shim.ended_at is None or shim.ended_at >= before:
                    continue
                record = transaction.runs.find(shim.run)
                if record is not None and record.state in ENDED:
                    shutil.rmtree(folder.path, ignore_errors=True)

    def _send_home(self, folder: ShimFolder) -> None:
        try:
            about = folder.find_about()
        except RunnerError as error:
            _log.warning("shim folder %s: %s", folder.path.name, error)
            return
        if about is None or not is_alive(about.process):
            return
        shim = Shim(folder.path.name, "", "", about.process.pid, about.process.start, about.process.boot, about.at)
        try:
            link = Link(shim, folder, folder.connect())
        except OSError:
            return
        link.send(Message(Say.RETIRE))
        link.close()
