"""The event stream: log entries as they are committed, from one bounded ring for all readers.

One task reads new entries from the log when a commit says so, and only while somebody listens. A reader that starts
in the past is served from the log page by page until it reaches the ring; one that cannot keep up gets a gap marker
and goes on at the ring's oldest entry. No reader slows another, or a run.
"""

from __future__ import annotations

import asyncio
import json
import logging
from bisect import bisect_right
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol

from runner.errors import RunnerError
from runner.model.log import LogFilter, StoredLeaf
from runner.wire.api_audit import HEARTBEAT, Gap, Hello
from runner.wire.documents import to_document

_log = logging.getLogger(__name__)

_PAGE: Final = 500
"""Entries read from the log at once."""
_CHUNK: Final = 64 * 1024
"""Bytes handed to a reader's connection at once."""
_PAUSE: Final = 0.01
"""Seconds after a read in which further commits gather."""
RING_BYTES: Final = 8 * 1024 * 1024
"""Bytes of entries the ring holds."""


class LogPages(Protocol):
    """The log as the stream reads it."""

    def newest(self) -> int:
        """Number of the newest entry; 0 for an empty log."""
        ...

    def after(self, position: int, limit: int, wanted: LogFilter) -> tuple[StoredLeaf, ...]:
        """Wanted entries with numbers above `position`, oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class _Item:
    number: int
    leaf: bytes
    event: bytes


class EventStream:
    """New log entries for any number of readers."""

    def __init__(self, pages: LogPages, epoch: str, ring_bytes: int = RING_BYTES) -> None:
        self._pages = pages
        self._epoch = epoch
        self._room = ring_bytes
        self._ring: list[_Item] = []
        self._size = 0
        self._floor = 0
        """Every entry above this number, up to the head, is in the ring."""
        self._head = 0
        self._readers = 0
        self._stopped = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pump: asyncio.Task[None] | None = None
        self._preparing = asyncio.Lock()
        self._committed = asyncio.Event()
        self._grown = asyncio.Event()
        """Replaced by a new one each time it is set: everyone who waits wakes once."""

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Serve in this loop from now on."""
        self._loop = loop

    def committed(self) -> None:
        """Hint from any thread that entries were committed."""
        if self._readers and self._loop is not None:
            with suppress(RuntimeError):  # the loop has just closed: nobody listens any more
                self._loop.call_soon_threadsafe(self._committed.set)

    def stop(self) -> None:
        """End every reader's stream; called in the loop."""
        self._stopped = True
        if self._pump is not None:
            self._pump.cancel()
        self._announce()

    async def follow(self, after: int | None, wanted: LogFilter) -> AsyncGenerator[bytes, None]:
        """Events above number `after` (None: from now on), as bytes of a `text/event-stream`, until stopped."""
        self._readers += 1
        try:
            await self._ready()
            cursor = self._head if after is None else after
            yield _event("hello", Hello(self._epoch, min(cursor, self._head)))
            if cursor > self._head:
                yield _event("gap", Gap(cursor, self._head))
                cursor = self._head
            async for reached, chunk in self._replay(cursor, wanted):
                cursor = reached
                yield chunk
            async for chunk in self._live(cursor, wanted):
                yield chunk
        finally:
            self._readers -= 1
            if not self._readers and self._pump is not None:
                self._pump.cancel()
                self._pump = None

    async def _replay(self, cursor: int, wanted: LogFilter) -> AsyncIterator[tuple[int, bytes]]:
        """The past, from the log, until the ring is reached; each chunk with the number it reaches."""
        while cursor < self._floor and not self._stopped:
            head = self._head
            page = await asyncio.to_thread(self._pages.after, cursor, _PAGE, wanted)
            cursor = page[-1].id if len(page) == _PAGE else max(head, page[-1].id if page else 0)
            yield cursor, b"".join(self._encode(leaf) for leaf in page)

    async def _live(self, cursor: int, wanted: LogFilter) -> AsyncIterator[bytes]:
        needle = _needle(wanted)
        while not self._stopped:
            if cursor < self._floor:
                yield _event("gap", Gap(cursor, self._floor))
                cursor = self._floor
            grown = self._grown
            chunk: list[bytes] = []
            size = 0
            for item in self._ring[bisect_right(self._ring, cursor, key=lambda item: item.number) :]:
                cursor = item.number
                if all(part in item.leaf for part in needle):
                    chunk.append(item.event)
                    size += len(item.event)
                if size > _CHUNK:
                    break
            if chunk:
                yield b"".join(chunk)
            elif cursor >= self._head and not await _happens(grown, HEARTBEAT):
                yield b":\n\n"

    async def _ready(self) -> None:
        """See to it that the ring is being filled; the first reader's ring begins at the newest entry."""
        async with self._preparing:
            if self._pump is None:
                head = await asyncio.to_thread(self._pages.newest)
                self._ring, self._size, self._floor, self._head = [], 0, head, head
                self._pump = asyncio.create_task(self._fill(), name="event stream")
        self._committed.set()

    async def _fill(self) -> None:
        while True:
            await self._committed.wait()
            self._committed.clear()
            try:
                page = await asyncio.to_thread(self._pages.after, self._head, _PAGE, LogFilter())
            except RunnerError as error:
                _log.warning("event stream: the log cannot be read: %s", error)
                page = ()
            if page:
                self._append(page)
            if len(page) == _PAGE:
                self._committed.set()
            else:
                await asyncio.sleep(_PAUSE)

    def _append(self, page: tuple[StoredLeaf, ...]) -> None:
        for leaf in page:
            item = _Item(leaf.id, leaf.leaf, self._encode(leaf))
            self._ring.append(item)
            self._size += len(item.event)
        self._head = page[-1].id
        dropped = 0
        while self._size > self._room and dropped < len(self._ring) - 1:
            self._size -= len(self._ring[dropped].event)
            self._floor = self._ring[dropped].number
            dropped += 1
        del self._ring[:dropped]
        self._announce()

    def _announce(self) -> None:
        self._grown.set()
        self._grown = asyncio.Event()

    def _encode(self, leaf: StoredLeaf) -> bytes:
        return b"id: %s-%d\nevent: entry\ndata: %s\n\n" % (self._epoch.encode("ascii"), leaf.id, entry_document(leaf))


def entry_document(leaf: StoredLeaf) -> bytes:
    """An `EntryShown` as JSON, put together from the recorded bytes without reading them."""
    index = b"null" if leaf.index is None else b"%d" % leaf.index
    salt = b"null" if leaf.salt is None else b'"%s"' % leaf.salt.hex().encode("ascii")
    payload = leaf.payload or b"null"
    return b'{"id":%d,"index":%s,"leaf":%s,"payload":%s,"salt":%s}' % (leaf.id, index, leaf.leaf, payload, salt)


def position_of(event_id: str) -> int | None:
    """The entry number in an event id `<epoch>-<number>`; None when there is none to be read."""
    number = event_id.rpartition("-")[2]
    return int(number) if number.isascii() and number.isdigit() and len(number) < 19 else None  # noqa: PLR2004 - int64


def _needle(wanted: LogFilter) -> tuple[bytes, ...]:
    """What the canonical bytes of a wanted leaf contain; a quote inside a value is escaped there, so no value fits."""
    fields = (("run", wanted.run), ("request", wanted.request))
    return tuple(f'"{name}":{json.dumps(value, ensure_ascii=False)}'.encode() for name, value in fields if value)


def _event(kind: str, value: Hello | Gap) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (kind.encode("ascii"), json.dumps(to_document(value)).encode("utf-8"))


async def _happens(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
