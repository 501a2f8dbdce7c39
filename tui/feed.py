"""The event stream, read in a thread of its own and handed over in batches.

One message wakes the app, however many entries have come since it last took them; a thread that blocks in a read is
never waited for, so leaving is immediate.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from textual.message import Message

from runner.errors import RunnerError, SignInError, UnreachableError
from runner.wire.api import ServiceStatus
from runner.wire.api_audit import EntryShown, Gap, Hello
from runner.words import N_
from tui.backend import Backend, StreamEvent

MOST_WAITING: Final = 20_000
"""Entries kept while the app is busy; beyond them the oldest are left out and a gap is told."""
RETRY: Final = 0.5
"""Seconds before the first attempt to reach the service again; each further one waits twice as long."""
LONGEST_RETRY: Final = 5.0

News = EntryShown | Gap


class Feed:
    """Reads events until it is stopped, reconnecting as often as it takes."""

    class Moved(Message):
        """There is something to take."""

    class Lost(Message):
        """The connection to the service is lost."""

        def __init__(self, error: RunnerError) -> None:
            super().__init__()
            self.error = error

    class Reached(Message):
        """The service is reached, and every entry from now on will be told."""

        def __init__(self, status: ServiceStatus) -> None:
            super().__init__()
            self.status = status

    def __init__(self, backend: Backend, tell: Callable[[Message], object], retry: float = RETRY) -> None:
        """Make a feed that is not yet reading.

        Args:
            backend: where events come from.
            tell: posts a message to the app from any thread.
            retry: seconds before the first attempt to reconnect.
        """
        self._backend = backend
        self._tell = tell
        self._retry = retry
        self._lock = threading.Lock()
        self._waiting: deque[News] = deque()
        self._told = False
        self._stopped = threading.Event()
        self._renewed = threading.Event()
        self._after: int | None = None
        self._thread = threading.Thread(target=self._read, name="event feed", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """Read no more; a read that blocks is left to end by itself."""
        self._stopped.set()
        self._renewed.set()

    def renew(self) -> None:
        """Try again to follow what the service refused to show for want of a session."""
        self._renewed.set()

    def take(self) -> tuple[News, ...]:
        """Everything that has come since the last time."""
        with self._lock:
            taken = tuple(self._waiting)
            self._waiting.clear()
            self._told = False
        return taken

    def _read(self) -> None:
        misses = 0
        while not self._stopped.is_set():
            try:
                status = self._backend.open()
                for event in self._backend.events(self._after):
                    misses = 0
                    self._hand_over(event, status)
                    if self._stopped.is_set():
                        return
                error: RunnerError = UnreachableError(N_("event stream: the service ended it"))
            except RunnerError as raised:
                error = raised
            if not self._stopped.is_set():
                misses = self._wait_after(error, misses)

    def _wait_after(self, error: RunnerError, misses: int) -> int:
        """Tell of a failure and wait for the next attempt: how many have failed in a row.

        Who was signed out is not asked for again and again; the person says when they have signed in.
        """
        is_signed_out = isinstance(error, SignInError) and self._after is not None
        if is_signed_out:
            self._renewed.clear()
        self._tell(self.Lost(error))
        if is_signed_out:
            self._renewed.wait()
            return 0
        self._stopped.wait(min(self._retry * 2**misses, LONGEST_RETRY))
        return misses + 1

    def _hand_over(self, event: StreamEvent, status: ServiceStatus) -> None:
        if isinstance(event, Hello):
            self._after = event.after if self._after is None else self._after
            self._tell(self.Reached(status))
            return
        self._after = event.id if isinstance(event, EntryShown) else event.until
        self._put(event)

    def _put(self, event: News) -> None:
        with self._lock:
            self._waiting.append(event)
            if len(self._waiting) > MOST_WAITING:
                first, second = self._waiting.popleft(), self._waiting.popleft()
                after = first.after if isinstance(first, Gap) else first.id - 1
                self._waiting.appendleft(Gap(after, second.until if isinstance(second, Gap) else second.id))
            told, self._told = self._told, True
        if not told:
            self._tell(self.Moved())
