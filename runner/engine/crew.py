"""The shims of a service: started for runs, given orders, followed by the pump."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from runner.engine.crash import crash_point
from runner.engine.importer import Followed
from runner.engine.journal import Leaves, service_entry
from runner.engine.links import ShimStarter
from runner.engine.lost import Lost
from runner.engine.pump import Pump
from runner.engine.secret_values import Give
from runner.engine.shim.protocol import Message, Say, begin_message
from runner.errors import RunnerError
from runner.model.holding import Shim
from runner.model.log import About
from runner.model.order import Order
from runner.model.run import Attempt, AttemptKey, AttemptState, RunRecord
from runner.model.time import Clock
from runner.rules.tags import Tag
from runner.store.store import Store

_log = logging.getLogger(__name__)


class Crew:
    """Hands of the run machine over real shims."""

    def __init__(
        self, store: Store, leaves: Leaves, clock: Clock, starter: ShimStarter, pump: Pump, lost: Lost, give: Give
    ) -> None:
        self._store = store
        self._leaves = leaves
        self._clock = clock
        self._starter = starter
        self._pump = pump
        self._lost = lost
        self._give = give

    def shim_for(self, run: str) -> Shim:
        """A live shim for a run, started and recorded when there is none.

        Raises:
            StorageError: none can be started or recorded.
        """
        link = self._pump.link_of(run)
        if link is not None:
            return link.shim
        now = self._clock.now()
        link = self._starter.start(run, now)
        shim = link.shim
        crash_point("shim_started")
        try:
            with self._store.writing() as transaction:
                transaction.shims.add(shim)
                entry = service_entry(Tag.SHIM_STARTED, About(run=run), now, {"shim": shim.id, "pid": shim.pid})
                transaction.inbox.put(self._leaves.make_all([entry]))
        except BaseException:
            link.send(Message(Say.RETIRE))
            link.close()
            raise
        self._pump.attach(link, greets=False)
        return shim

    def begin(self, order: Order, request: str, shim: Shim) -> None:
        """Leave an order whose intent is recorded, and have it carried out with its secrets; without one, it never is.

        Raises:
            StorageError: the order cannot be left; nothing was begun.
        """
        folder = self._starter.folder(shim.id).attempt(order.key)
        folder.write_order(order)
        crash_point("order_written")
        followed = Followed(order.key, request, folder, shim)
        try:
            followed.begin = begin_message(folder.name, self._give(order.secrets))
        except RunnerError as error:
            self._pump.follow(followed, refused=str(error))
            return
        self._pump.follow(followed)
        self._pump.send(shim.id, followed.begin)
        crash_point("begin_sent")

    def prepare(self, order: Order) -> None:
        """Have a shim get ready for an attempt that may follow."""
        link = self._pump.link_of(order.key.run)
        if link is not None:
            link.send(Message(Say.PREPARE, order=order))

    def cancel(self, key: AttemptKey) -> None:
        """Have an attempt end at its next task border."""
        link = self._pump.link_of(key.run)
        if link is not None:
            link.send(Message(Say.CANCEL, link.folder.attempt(key).name))

    def pause(self, run: str, *, paused: bool) -> None:
        """Have a run's attempt wait at its next task border, or go on."""
        link = self._pump.link_of(run)
        if link is not None:
            link.send(Message(Say.PAUSE if paused else Say.GO_ON))

    def retire(self, run: str) -> None:
        """Let a run's shim go."""
        link = self._pump.link_of(run)
        if link is not None:
            link.send(Message(Say.RETIRE))

    def follows(self, key: AttemptKey) -> bool:
        """Whether an attempt is being seen through to its end."""
        return self._pump.follows(key)

    def resume(self, attempt: Attempt, record: RunRecord, shim: Shim | None) -> None:
        """See an attempt through that an earlier life of the service had begun, or find out what became of it."""
        if shim is None:
            _log.error("attempt %s: no shim is on record for it", attempt.key)
            return
        _log.info("attempt %s: taken up again", attempt.key)
        followed = self._followed(attempt, record, shim)
        self._pump.follow(followed)
        self._pump.send(shim.id, Message(Say.HELLO))

    def is_clear(self, record: RunRecord, attempts: Sequence[tuple[Attempt, Shim]]) -> bool:
        """Whether nothing works on any more for attempts of unseen end.

        Raises:
            StorageError: what was told meanwhile cannot be recorded now.
        """
        return self._lost.is_clear(self._followed(attempt, record, shim) for attempt, shim in attempts)

    def _followed(self, attempt: Attempt, record: RunRecord, shim: Shim) -> Followed:
        followed = Followed(
            attempt.key,
            record.request,
            self._starter.folder(shim.id).attempt(attempt.key),
            shim,
            is_recovered=True,
            is_begun=attempt.state is not AttemptState.INTENDED,
        )
        followed.reader.skip_to(attempt.imported)
        return followed
