"""Getting runs advanced: woken runs are taken up by a few threads, each run by one at a time.

A wake-up is a hint: it may come twice, late or for nothing, because `advance` looks at what is recorded. A run that
waits, for people or for an attempt, holds no thread. The dispatcher is a port so that one over PostgreSQL can follow.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

_log = logging.getLogger(__name__)


class Dispatcher(Protocol):
    """Takes wake-ups and sees to it that each woken run is advanced afterwards."""

    def start(self) -> None:
        """Begin to advance runs."""
        ...

    def stop(self) -> None:
        """Finish what is being advanced, and take up nothing more."""
        ...

    def wake(self, run: str) -> None:
        """See to it that a run is advanced at least once from now on."""
        ...


class LocalDispatcher:
    """Advances runs in threads of this process."""

    def __init__(self, advance: Callable[[str], None], threads: int = 4) -> None:
        """Make a dispatcher that is not running yet.

        Args:
            advance: carries a run on until it waits; called for one run by one thread at a time.
            threads: how many runs are advanced at once.
        """
        self._advance = advance
        self._woken: OrderedDict[str, None] = OrderedDict()
        self._busy: set[str] = set()
        self._changed = threading.Condition()
        self._stopping = False
        self._threads = [
            threading.Thread(target=self._work, name=f"advance-{number}", daemon=True) for number in range(threads)
        ]

    def start(self) -> None:
        """Begin to advance runs."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish what is being advanced, and take up nothing more."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def wake(self, run: str) -> None:
        """See to it that a run is advanced at least once from now on."""
        with self._changed:
            self._woken[run] = None
            self._changed.notify()

    def _work(self) -> None:
        while (run := self._take()) is not None:
            try:
                self._advance(run)
            except Exception:  # noqa: BLE001 - boundary of a thread
                # What went wrong with one run must not stop the others. The run stays as it is
                # recorded, and the next wake-up tries again.
                _log.exception("run %s could not be advanced", run)
            finally:
                self._put_back(run)

    def _take(self) -> str | None:
        """The longest woken run that no other thread has, or None when this thread is to end."""
        with self._changed:
            while not self._stopping:
                run = next((run for run in self._woken if run not in self._busy), None)
                if run is not None:
                    del self._woken[run]
                    self._busy.add(run)
                    return run
                self._changed.wait()
            return None

    def _put_back(self, run: str) -> None:
        with self._changed:
            self._busy.discard(run)
            if run in self._woken:
                self._changed.notify()
