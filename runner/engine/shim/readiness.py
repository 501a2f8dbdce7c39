"""Having ready what the next attempt probably needs, while the present one still runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from runner.engine.shim.executor import Executor, Prepared
from runner.engine.shim.folder import AttemptFolder, ShimFolder
from runner.model.order import Order, PlayOrder

_ANY_TIME = datetime.fromtimestamp(0, UTC)


class Readiness:
    """At most one prepared attempt; a wrong guess is given up without having touched anything."""

    def __init__(self, folder: ShimFolder, executor: Executor) -> None:
        self._folder = folder
        self._executor = executor
        self._guess: Order | None = None
        self._prepared: Prepared | None = None

    def prepare(self, order: Order) -> None:
        """Get ready for an order whose variables and deadline may still change.

        Raises:
            RunnerError: it cannot be prepared.
        """
        guess = _fixed_part(order)
        if guess == self._guess:
            return
        self.discard()
        self._prepared = self._executor.prepare(order, self._folder.attempt(order.key))
        self._guess = guess

    def take(self, order: Order, folder: AttemptFolder) -> Prepared:
        """What was prepared for this order, or else what is prepared now; the caller owns it.

        Raises:
            RunnerError: it cannot be prepared.
        """
        prepared = self._prepared
        if prepared is None or _fixed_part(order) != self._guess:
            self.discard()
            return self._executor.prepare(order, folder)
        self._prepared = self._guess = None
        return prepared

    def discard(self) -> None:
        """Give up what was prepared."""
        if self._prepared is not None:
            self._prepared.discard()
        self._prepared = self._guess = None


def _fixed_part(order: Order) -> Order:
    """What must be the same for an order to be carried out by what was prepared for another."""
    work = replace(order.work, variables={}) if isinstance(order.work, PlayOrder) else order.work
    return replace(order, work=work, deadline=_ANY_TIME)
