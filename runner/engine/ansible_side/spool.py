"""The spool: what happens in a play, one JSON object on a line, in order.

Every line is handed to the kernel by one write before the play goes on, so everything told survives a kill of this
process and of the shim. A line that cannot be written stays in memory with those behind it; the border then holds
the play until they are written.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

from runner.engine.ansible_side.masking import Masks, Plain
from runner.engine.ansible_side.shape import cut, plain, to_json

NANOSECONDS = 1_000_000_000
UNMASKED = frozenset({"host", "hosts", "unfinished", "task_uuid", "rc"})
"""Fields by which events are put together; like an event's number, time and kind they are never masked."""


class Spool:
    """Appends events to a file; safe to use from several threads."""

    def __init__(
        self,
        descriptor: int,
        masks: Masks,
        limit: int,
        write: Callable[[int, bytes], int] = os.write,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        """Append to an open file.

        Args:
            descriptor: opened for appending; nobody else writes to it.
            masks: values that must not be written.
            limit: bytes of one event before it is cut.
            write: writes bytes to a descriptor and returns how many were taken.
            clock: nanoseconds since 1970 (UTC).
        """
        self._descriptor = descriptor
        self._masks = masks
        self._limit = limit
        self._write = write
        self._clock = clock
        self._lock = threading.Lock()
        self._unwritten = bytearray()
        self._closed = False
        self._second = (-1, "")
        self.seq = 0
        """Number of the last event; the first is 1, and none is left out."""
        self.cuts = 0
        """How many events were cut."""

    @property
    def masked(self) -> int:
        """How many times a value has been masked."""
        return self._masks.count

    @property
    def backlog(self) -> int:
        """Bytes not yet written."""
        return len(self._unwritten)

    def tell(self, event: str, /, **fields: object) -> None:
        """Append an event; a field that is None is left out."""
        if self._closed:
            return
        with self._lock:
            body = self._body({name: plain(value) for name, value in fields.items() if value is not None})
            self.seq += 1
            line = f'{{"seq":{self.seq},"at":"{self._now()}","event":"{event}"{body}}}\n'
            self._unwritten += line.encode("utf-8", "replace")
            self._try_to_write()

    def try_to_write(self) -> bool:
        """Write what is still unwritten; whether nothing is left."""
        with self._lock:
            return self._try_to_write()

    def close(self) -> None:
        """Take no more events; what is unwritten is lost."""
        self._closed = True
        with self._lock:
            self._unwritten.clear()

    def forget(self) -> None:
        """Take no more events; for a forked worker, in which the lock may be held by a thread it does not have."""
        self._closed = True

    def _body(self, fields: dict[str, Plain]) -> str:
        """The fields as JSON text with a comma before it, masked and cut to size."""
        told = fields
        text = to_json(told)
        if self._masks.hides(text):
            told = {name: value if name in UNMASKED else self._masks.value(value) for name, value in told.items()}
            text = to_json(told)
        if len(text) * 4 > self._limit and len(text.encode()) > self._limit:
            text = to_json(cut(told, self._limit))
            self.cuts += 1
        return f",{text[1:-1]}" if told else ""

    def _try_to_write(self) -> bool:
        try:
            while self._unwritten:
                taken = self._write(self._descriptor, bytes(self._unwritten))
                del self._unwritten[:taken]
        except OSError:
            return False
        return True

    def _now(self) -> str:
        second, fraction = divmod(self._clock(), NANOSECONDS)
        if second != self._second[0]:
            self._second = second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return f"{self._second[1]}.{fraction // 1000:06d}Z"
