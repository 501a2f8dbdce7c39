"""The ports through which a shim carries out an attempt: Ansible and probes are behind them, fakes in tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from runner.engine.shim.folder import AttemptFolder
from runner.model.document import JsonObject, JsonValue
from runner.model.order import Order
from runner.model.secret import Given


@dataclass(frozen=True, slots=True)
class Ending:
    """How the work of an attempt ended."""

    seen: bool
    """Whether it ended by itself or at a task border, with every event in the spool; otherwise it was cut off."""
    stopped: bool = False
    """Whether it ended before its work was done because it was asked to."""
    reason: str = ""
    """Message id of what was wrong beyond what events tell; empty when nothing was."""
    outputs: Mapping[str, JsonValue] = field(default_factory=dict)
    facts: JsonObject = field(default_factory=dict)
    """Status, return code, arguments that really ran, figures."""


class Prepared(Protocol):
    """Ready to carry out one attempt; it has touched nothing. Every method returns at once, except `wait`."""

    def begin(self, order: Order, given: Given) -> None:
        """Carry the attempt out; called at most once.

        Args:
            order: what to do, as it is now known.
            given: values of the secrets the order names; they are written nowhere.

        Raises:
            RunnerError: it cannot begin; nothing was touched.
        """
        ...

    def discard(self) -> None:
        """Give up what was prepared; nothing has run."""
        ...

    def hold(self) -> None:
        """Wait at the next task border."""
        ...

    def release(self) -> None:
        """Go on."""
        ...

    def cancel(self, *, now: bool) -> None:
        """End at the next task border, or at once."""
        ...

    def wait(self) -> Ending:
        """Wait until the work has ended; called from a thread of its own."""
        ...


class Executor(Protocol):
    """A way to carry out attempts."""

    def prepare(self, order: Order, folder: AttemptFolder) -> Prepared:
        """Get ready for an attempt, as far as that touches neither the snapshot nor a host.

        Args:
            order: as far as it is known yet: variables may still change until it begins.
            folder: where its events go.

        Raises:
            RunnerError: it cannot be prepared.
        """
        ...


Wake = Callable[[], None]
"""Makes the shim look at what has changed; may be called from any thread."""
