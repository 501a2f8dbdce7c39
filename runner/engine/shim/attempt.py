"""One attempt in its shim: begun at most once, watched, held, ended in time, and told in `result.json`."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from runner.engine.durable import Reserve
from runner.engine.shim.executor import Ending, Prepared, Wake
from runner.engine.shim.folder import AttemptFolder, to_bytes
from runner.engine.shim.judging import Judge
from runner.engine.shim.spool import SpoolReader
from runner.engine.shim.watch import Watch
from runner.engine.snapshot import verify_snapshot
from runner.errors import RunnerError, VerificationError
from runner.model.order import Order, Result
from runner.model.secret import Given
from runner.model.time import Clock
from runner.words import N_

_log = logging.getLogger(__name__)

_ROOM = 64 * 1024
_ROOM_FOR_A_HOST = 512
_MOST_EVENTS = 5000
_PAUSE = 0.02
"""Shortest span between two looks at the spool."""


@dataclass(frozen=True, slots=True)
class Holds:
    """What an attempt is held for at its next task border."""

    log: bool = False
    """The log cannot be written."""
    people: bool = False
    """Somebody wished to pause."""

    @property
    def any(self) -> bool:
        """Whether it is held at all."""
        return self.log or self.people


class Attempt:
    """An attempt that has begun. Every method is called by the one thread of the shim and returns at once."""

    def __init__(
        self, folder: AttemptFolder, order: Order, given: Given, prepared: Prepared, clock: Clock, wake: Wake
    ) -> None:
        """Begin an attempt: verify what it will run, reserve room for its result, mark it begun, let it go.

        Args:
            folder: where it is told.
            order: what to do.
            given: values of the secrets it names; not kept.
            prepared: what will do it.
            clock: when it is.
            wake: makes the shim call `pass_time`.

        Raises:
            RunnerError: it cannot begin; nothing was touched, and it is not marked begun unless its end is told too.
        """
        verify_snapshot(Path(order.snapshot), order.manifest)
        self._folder = folder
        self._order = order
        self._clock = clock
        self._wake = wake
        self._prepared = prepared
        self._reserve = Reserve(folder.result, _ROOM + _ROOM_FOR_A_HOST * len(order.hosts))
        self._reader = SpoolReader(folder.spool)
        self._judge = Judge(order)
        self._cut_off = ""
        self._holds = Holds()
        self._log_lost_at = 0.0
        self._ending: Ending | None = None
        self._next_look = 0.0
        self._deadline = time.monotonic() + (order.deadline - clock.now()).total_seconds()
        self.watch: Watch | None = None
        """What becomes readable when events have been written; None where the kernel does not tell."""
        self._go(given)

    @property
    def name(self) -> str:
        """What messages call it."""
        return self._folder.name

    @property
    def events(self) -> int:
        """How many events its spool was seen to hold."""
        return self._reader.number

    @property
    def has_ended(self) -> bool:
        """Whether its work is over and only its result is left to be written."""
        return self._ending is not None

    def hold(self, holds: Holds) -> None:
        """Wait at the next task border, or go on.

        Args:
            holds: for what; while the log cannot be written it waits only as long as the order allows.
        """
        if holds.log and not self._holds.log:
            self._log_lost_at = time.monotonic()
        if holds.any and not self._holds.any:
            self._prepared.hold()
        elif self._holds.any and not holds.any:
            self._prepared.release()
        self._holds = holds

    def cancel(self, *, now: bool) -> None:
        """End at the next task border, or at once."""
        self._prepared.cancel(now=now)

    def pass_time(self) -> bool:
        """Enforce deadline and hold, and read the spool when that is due; whether there are new events."""
        present = time.monotonic()
        if present >= self._deadline and not self._cut_off:
            self._cut_off = N_("ended at its deadline")
            self._prepared.cancel(now=True)
        if self._holds.log and not self._cut_off and present >= self._log_lost_at + self._order.hold:
            self._cut_off = N_("held as long as allowed while the log could not be written, then ended")
            self._prepared.cancel(now=False)
        if present < self._next_look and not self.has_ended:
            return False
        self._next_look = present + _PAUSE
        return self._read_spool()

    def patience(self) -> float:
        """Seconds until `pass_time` has something to do even when nothing happens."""
        present = time.monotonic()
        due = self._deadline if not self._cut_off else present + 1.0
        if self._holds.log and not self._cut_off:
            due = min(due, self._log_lost_at + self._order.hold)
        if self.watch is None:
            due = min(due, present + 1.0)
        if self._next_look > present:
            due = min(due, self._next_look)
        return max(0.0, due - present)

    def finish(self) -> Result:
        """Judge what was seen, and write the result durably.

        Raises:
            StorageError: it cannot be written; it can be tried again.
        """
        ending = self._ending or Ending(seen=False)
        while self._read_spool():
            pass
        result = self._judge.result(ending, self._cut_off, self._reader.number, self._clock.now())
        data = to_bytes(result)
        if len(data) > self._reserve.size:
            data = self._fitting(result, data)
        self._reserve.commit(data)
        if self.watch is not None:
            self.watch.close()
        return result

    def _go(self, given: Given) -> None:
        """Mark the attempt begun, and let it go: from here on it may have touched a host."""
        try:
            self._folder.mark_begun()
        except RunnerError:
            self._reserve.release()
            raise
        with suppress(OSError):
            self.watch = Watch(self._folder.spool)
        try:
            self._prepared.begin(self._order, given)
        except RunnerError as error:
            self._ending = Ending(seen=True, stopped=True, reason=str(error))
            return
        threading.Thread(target=self._wait, name=f"wait-{self.name}", daemon=True).start()

    def _wait(self) -> None:
        try:
            ending = self._prepared.wait()
        except Exception:  # noqa: BLE001 - boundary of a thread
            # Whatever broke, the end of the work was not seen, and that is what is told.
            _log.exception("attempt %s: its end could not be seen", self.name)
            ending = Ending(seen=False)
        self._ending = ending
        self._wake()

    def _read_spool(self) -> bool:
        try:
            events = self._reader.read(_MOST_EVENTS)
        except VerificationError as error:
            _log.error("attempt %s: %s", self.name, error)
            self._judge.distrust(str(error))
            return False
        self._judge.feed(event.body for event in events)
        return bool(events)

    def _fitting(self, result: Result, data: bytes) -> bytes:
        """The result without its details when all of it does not fit and the disk has no more."""
        try:
            self._reserve.grow(len(data))
        except RunnerError:
            _log.warning("attempt %s: no room for its details", self.name)
            return to_bytes(replace(result, facts={}))
        return data
