"""What the run machine has done outside the database: shims started, told and followed. A port."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from runner.model.holding import Shim
from runner.model.order import Order
from runner.model.run import Attempt, AttemptKey, RunRecord


class Hands(Protocol):
    """Reaches the shims of runs."""

    def shim_for(self, run: str) -> Shim:
        """A live shim for a run, started and recorded when there is none.

        Raises:
            StorageError: none can be started or recorded.
        """
        ...

    def begin(self, order: Order, request: str, shim: Shim) -> None:
        """Leave an order whose intent is recorded, and have it carried out.

        Raises:
            StorageError: the order cannot be left; nothing was begun.
        """
        ...

    def prepare(self, order: Order) -> None:
        """Have a shim get ready for an attempt that may follow."""
        ...

    def cancel(self, key: AttemptKey) -> None:
        """Have an attempt end at its next task border."""
        ...

    def pause(self, run: str, *, paused: bool) -> None:
        """Have a run's attempt wait at its next task border, or go on."""
        ...

    def retire(self, run: str) -> None:
        """Let a run's shim go."""
        ...

    def follows(self, key: AttemptKey) -> bool:
        """Whether an attempt is being seen through to its end."""
        ...

    def resume(self, attempt: Attempt, record: RunRecord, shim: Shim | None) -> None:
        """See an attempt through that an earlier life of the service had begun, or find out what became of it."""
        ...

    def is_clear(self, record: RunRecord, attempts: Sequence[tuple[Attempt, Shim]]) -> bool:
        """Whether nothing works on any more for attempts of unseen end.

        Raises:
            StorageError: what was told meanwhile cannot be recorded now.
        """
        ...
