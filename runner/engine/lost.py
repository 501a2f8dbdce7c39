"""What became of attempts whose shim is gone: their folder says, and nothing is taken for seen that was not."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from runner.engine.importer import Followed, Importer
from runner.engine.journal import Leaves, service_entry
from runner.engine.links import is_running
from runner.engine.process import holders_of, own_mark
from runner.engine.process_tree import kill_tree
from runner.engine.shim.folder import ShimFolder
from runner.engine.shim.judging import Loss, unseen_result
from runner.errors import RunnerError, StorageError, UsageError
from runner.model.holding import Shim
from runner.model.log import About
from runner.model.order import Result
from runner.model.time import Clock
from runner.rules.tags import Tag
from runner.store.store import Store
from runner.words import N_

_log = logging.getLogger(__name__)


class Lost:
    """Finds out what became of attempts, and records that their shims are gone."""

    def __init__(self, store: Store, leaves: Leaves, clock: Clock, importer: Importer) -> None:
        self._store = store
        self._importer = importer
        self._leaves = leaves
        self._clock = clock

    def result(self, followed: Followed) -> Result:
        """The result a shim has left, or what its spool shows when that cannot be read."""
        try:
            found = followed.folder.find_result()
        except RunnerError as error:
            _log.warning("attempt %s: its result cannot be read: %s", followed.key, error)
            found = None
        loss = Loss.SHIM if followed.shim.boot_id == own_mark().boot else Loss.POWER
        return found or unseen_result(followed.folder, self._clock.now(), loss)

    def end_of(self, followed: Followed) -> Result | str:
        """How the attempt of a dead shim ended, or why it never began."""
        if not followed.folder.has_begun():
            return str(UsageError(N_("its shim ended before it began")))
        return self.result(followed)

    def is_clear(self, attempts: Iterable[Followed]) -> bool:
        """Whether nothing works on any more for attempts whose end was not seen.

        An Ansible process that has lost its shim ends at its next task border. Until then nobody may touch what it is
        touching; at the deadline of its attempt it is ended from here. What it told meanwhile is imported.

        Raises:
            StorageError: its last events cannot be recorded now.
        """
        return all(self._is_quiet(followed) for followed in attempts)

    def _is_quiet(self, followed: Followed) -> bool:
        folder = followed.folder
        processes = holders_of(folder.spool) if folder.spool.exists() else ()
        if processes and self._clock.now() >= folder.read_order().deadline:
            for process in processes:
                kill_tree(process)
        while self._importer.import_some(followed):
            pass
        if processes:
            return False
        if not is_running(followed.shim):
            ShimFolder(folder.path.parent).put_away_work()
        return True

    def gone(self, shim: Shim) -> None:
        """Record that a shim is gone; what cannot be recorded now is found out again at the next start."""
        try:
            self._record(shim)
        except StorageError as error:
            _log.warning("shim %s: its end is not recorded: %s", shim.id, error)

    def _record(self, shim: Shim) -> None:
        now = self._clock.now()
        with self._store.writing() as transaction:
            known = transaction.shims.find(shim.id)
            if known is None or known.ended_at is not None:
                return
            transaction.shims.end(shim.id, now)
            about = About(run=shim.run)
            transaction.inbox.put(
                self._leaves.make_all([service_entry(Tag.SHIM_GONE, about, now, {"shim": shim.id, "pid": shim.pid})])
            )
