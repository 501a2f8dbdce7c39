from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from runner.errors import StorageError
from runner.model.document import JsonObject
from runner.model.log import LogFilter, StoredLeaf
from runner.service.stream import EventStream, entry_document, position_of

EPOCH = "e1"


def make_leaf(number: int, run: str = "BG-2026-0001/1", size: int = 10) -> StoredLeaf:
    leaf = json.dumps({"about": {"run": run}, "tag": "run:x:y"}, separators=(",", ":")).encode()
    return StoredLeaf(number, None, leaf, json.dumps({"text": "x" * size}).encode(), b"\x01" * 16)


@dataclass
class FakeLog:
    """A log in memory that obeys `LogPages`."""

    leaves: list[StoredLeaf] = field(default_factory=list)
    broken: bool = False
    reads: int = 0

    def newest(self) -> int:
        return self.leaves[-1].id if self.leaves else 0

    def after(self, position: int, limit: int, wanted: LogFilter) -> tuple[StoredLeaf, ...]:
        self.reads += 1
        if self.broken:
            raise StorageError("gone")
        needle = f'"run":"{wanted.run}"'.encode() if wanted.run else b""
        return tuple(leaf for leaf in self.leaves if leaf.id > position and needle in leaf.leaf)[:limit]


@dataclass
class Event:
    kind: str
    id: str
    data: JsonObject


def parse(chunk: bytes) -> list[Event]:
    events = []
    for block in chunk.decode().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
        if "data" in lines:
            events.append(Event(lines["event"], lines.get("id", ""), json.loads(lines["data"])))
    return events


async def take(stream: AsyncIterator[bytes], count: int) -> list[Event]:
    events: list[Event] = []
    async with asyncio.timeout(5):
        while len(events) < count:
            events += parse(await anext(stream))
    return events


def open_stream(log: FakeLog, ring_bytes: int = 1 << 20) -> EventStream:
    stream = EventStream(log, EPOCH, ring_bytes)
    stream.attach(asyncio.get_running_loop())
    return stream


def numbers(events: list[Event]) -> list[object]:
    return [event.data["id"] for event in events if event.kind == "entry"]


async def test_a_new_reader_gets_hello_and_then_what_is_committed() -> None:
    log = FakeLog([make_leaf(1)])
    stream = open_stream(log)
    reader = stream.follow(None, LogFilter())
    hello = await take(reader, 1)
    assert (hello[0].kind, hello[0].data) == ("hello", {"epoch": EPOCH, "after": 1})
    log.leaves.append(make_leaf(2))
    stream.committed()
    assert [event.id for event in await take(reader, 1)] == ["e1-2"]


async def test_a_reader_of_the_past_is_served_from_the_log_without_gap_or_double() -> None:
    log = FakeLog([make_leaf(number) for number in range(1, 1234)])
    stream = open_stream(log)
    reader = stream.follow(0, LogFilter())
    events = await take(reader, 1 + 1233)
    log.leaves.append(make_leaf(1234))
    stream.committed()
    events += await take(reader, 1)
    assert numbers(events) == list(range(1, 1235))
    assert not [event for event in events if event.kind == "gap"]


async def test_a_reader_of_one_run_gets_no_other_run() -> None:
    log = FakeLog([make_leaf(number, f"BG-2026-0001/{number % 2}") for number in range(1, 21)])
    stream = open_stream(log)
    reader = stream.follow(10, LogFilter(run="BG-2026-0001/1"))
    events = await take(reader, 1 + 5)
    log.leaves += [make_leaf(21, "BG-2026-0001/0"), make_leaf(22, "BG-2026-0001/10"), make_leaf(23, "BG-2026-0001/1")]
    stream.committed()
    events += await take(reader, 1)
    assert numbers(events) == [11, 13, 15, 17, 19, 23]


async def test_a_slow_reader_gets_a_gap_and_goes_on_where_the_ring_begins() -> None:
    log = FakeLog([make_leaf(1)])
    stream = open_stream(log, ring_bytes=3000)
    slow = stream.follow(None, LogFilter())
    quick = stream.follow(None, LogFilter())
    await take(slow, 1)
    await take(quick, 1)
    log.leaves.append(make_leaf(2))
    stream.committed()
    await asyncio.gather(take(slow, 1), take(quick, 1))
    log.leaves += [make_leaf(number, size=200) for number in range(3, 103)]
    stream.committed()
    assert await take(quick, 1)
    gap, first = (await take(slow, 2))[:2]
    assert (gap.kind, gap.data["after"]) == ("gap", 2)
    assert first.data["id"] == int(str(gap.data["until"])) + 1


async def test_a_position_the_log_does_not_have_yields_a_gap_marker() -> None:
    log = FakeLog([make_leaf(1), make_leaf(2)])
    reader = open_stream(log).follow(77, LogFilter())
    events = await take(reader, 2)
    assert [(event.kind, event.data) for event in events] == [
        ("hello", {"epoch": EPOCH, "after": 2}),
        ("gap", {"after": 77, "until": 2}),
    ]


async def test_nothing_is_read_while_nobody_listens() -> None:
    log = FakeLog([make_leaf(1)])
    stream = open_stream(log)
    reader = stream.follow(None, LogFilter())
    await take(reader, 1)
    await reader.aclose()
    reads = log.reads
    stream.committed()
    await asyncio.sleep(0)
    assert log.reads == reads


async def test_readers_end_when_the_stream_stops() -> None:
    stream = open_stream(FakeLog())
    reader = stream.follow(None, LogFilter())
    await take(reader, 1)
    stream.stop()
    with pytest.raises(StopAsyncIteration):
        await take(reader, 1)


async def test_a_log_that_cannot_be_read_does_not_end_the_stream() -> None:
    log = FakeLog([make_leaf(1)])
    stream = open_stream(log)
    reader = stream.follow(None, LogFilter())
    await take(reader, 1)
    log.broken = True
    log.leaves.append(make_leaf(2))
    stream.committed()
    waiting = asyncio.ensure_future(take(reader, 1))
    await asyncio.sleep(0)
    log.broken = False
    stream.committed()
    assert numbers(await waiting) == [2]


def test_an_entry_is_put_together_from_recorded_bytes() -> None:
    leaf = StoredLeaf(7, 3, b'{"tag":"a:b:c"}', None, None)
    assert json.loads(entry_document(leaf)) == {
        "id": 7,
        "index": 3,
        "leaf": {"tag": "a:b:c"},
        "payload": None,
        "salt": None,
    }


@pytest.mark.parametrize(
    "event_id, position",
    [("e1-12", 12), ("12", 12), ("", None), ("e1-", None), ("e1-x", None), ("e1-٣", None), ("1" * 30, None)],
)
def test_position_of_an_event(event_id: str, position: int | None) -> None:
    assert position_of(event_id) == position
