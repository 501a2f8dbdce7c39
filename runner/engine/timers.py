"""Waking runs at instants: soak looks, late gates, the end of a window, an unconfirmed start.

Timers are hints kept in memory; what they are for is recorded, so a restarted service sets them again by advancing
every open run.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

from runner.model.time import Clock

_LONGEST_NAP = 60.0
"""Seconds after which the clock is read again even when nothing is due, so that a clock set anew is noticed."""


class Timers:
    """One timer for each run, one thread for all."""

    def __init__(self, clock: Clock, ring: Callable[[str], None]) -> None:
        """Make timers that are not running yet.

        Args:
            clock: when it is.
            ring: told the run whose instant has come; must return at once.
        """
        self._clock = clock
        self._ring = ring
        self._due: dict[str, datetime] = {}
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._watch, name="timers", daemon=True)

    def start(self) -> None:
        """Begin to ring."""
        self._thread.start()

    def stop(self) -> None:
        """Ring no more."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join()

    def set(self, run: str, due: datetime | None) -> None:
        """Ring for a run at this instant and no other; None: not at all."""
        with self._changed:
            if self._due.get(run) == due:
                return
            if due is None:
                self._due.pop(run, None)
            else:
                self._due[run] = due
            self._changed.notify()

    def _watch(self) -> None:
        while not self._stopping:
            for run in self._wait():
                self._ring(run)

    def _wait(self) -> list[str]:
        """Sleep until something is due or changes; the runs that are due."""
        with self._changed:
            if self._stopping:
                return []
            now = self._clock.now()
            if ripe := [run for run, due in self._due.items() if due <= now]:
                for run in ripe:
                    del self._due[run]
                return ripe
            self._changed.wait(self._nap(now))
            return []

    def _nap(self, now: datetime) -> float | None:
        if not self._due:
            return None
        return min(_LONGEST_NAP, (min(self._due.values()) - now).total_seconds())
