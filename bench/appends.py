"""Durable appends to the log against raw inserts of the same bytes by the driver, at the same durability."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from bench.measure import Figure, in_turn, timed
from runner.audit.leaves import LeafMaker
from runner.model.document import JsonObject
from runner.model.log import About, ActorKind, Entry, Leaf, LogMode
from runner.rules.tags import Tag
from runner.store.sqlite import driver
from runner.store.store import Store

_TARGET = 0.5
_ORIGIN = "bench.example/log"
Batched = TypeVar("Batched")

_COLUMNS = "leaf, payload, salt, tag, run, request, source"


class _Clock:
    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - the clock that is injected


def measure() -> Iterator[Figure]:
    """Appends in batches of 10 and of 1,000: of finished bytes, and with the making of the bytes."""
    for size, batches, rounds in ((10, 60, 9), (1000, 4, 9)):
        for making in (False, True):
            with tempfile.TemporaryDirectory(prefix="twokey-bench-") as folder:
                yield _figure(Path(folder), size, batches, rounds, making=making)


def _figure(folder: Path, size: int, batches: int, rounds: int, *, making: bool) -> Figure:
    store = Store.open(folder / "ours.db", zone=ZoneInfo("UTC"), origin=_ORIGIN)
    raw = driver().connect(str(folder / "raw.db"), isolation_level=None)
    raw.execute("PRAGMA journal_mode=WAL")
    raw.execute("PRAGMA synchronous=FULL")
    raw.execute(f"CREATE TABLE log (id INTEGER PRIMARY KEY, {_COLUMNS})")
    maker = LeafMaker(_Clock(), LogMode.EMBEDDED)
    number = iter(range(10**9))

    def ours() -> float:
        entries = [_entries(number, size) for _ in range(batches)]
        if making:
            return timed(lambda: _append(store, maker.make_all, entries)) / (size * batches)
        leaves = [maker.make_all(batch) for batch in entries]
        return timed(lambda: _append(store, lambda batch: batch, leaves)) / (size * batches)

    def other() -> float:
        leaves = [maker.make_all(_entries(number, size)) for _ in range(batches)]
        return timed(lambda: _insert(raw.execute, raw.executemany, leaves)) / (size * batches)

    pairs = in_turn(ours, other, rounds)
    store.close()
    raw.close()
    return Figure(
        name=f"durable appends in batches of {size:,}{', bytes made as well' if making else ''} ÷ raw, entries/s",
        value=1 / pairs.ratio(),
        unit="ratio",
        target=_TARGET,
        better="at least",
        ours=tuple(1 / value for value in pairs.ours),
        raw=tuple(1 / value for value in pairs.raw),
        note="canonical bytes, salt and commitment are made inside the clock; raw gets them finished" if making else "",
    )


def _append(
    store: Store, leaves_of: Callable[[Sequence[Batched]], Sequence[Leaf]], batches: Sequence[Sequence[Batched]]
) -> None:
    for batch in batches:
        with store.writing() as transaction:
            transaction.inbox.put(leaves_of(batch))


def _insert(
    execute: Callable[[str], object],
    executemany: Callable[[str, list[tuple[object, ...]]], object],
    batches: Sequence[Sequence[Leaf]],
) -> None:
    for batch in batches:
        execute("BEGIN IMMEDIATE")
        executemany(
            f"INSERT INTO log ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - our own column names
            [(leaf.leaf, leaf.payload, leaf.salt, leaf.tag, leaf.run, leaf.request, leaf.source) for leaf in batch],
        )
        execute("COMMIT")


def _entries(numbers: Iterator[int], count: int) -> list[Entry]:
    return [_entry(next(numbers)) for _ in range(count)]


def _entry(number: int) -> Entry:
    """An event as Ansible gives it for a package task, about 1.4 KB."""
    now = datetime(2026, 11, 23, 1, 2, 3, 456000, tzinfo=UTC)
    about = About(run="BG-2026-0001/1", batch=1, step="upgrade", role="do", attempt=1, event=number, host="db1")
    payload: JsonObject = {
        "seq": number,
        "event": "changed",
        "play": "Upgrade the database",
        "task": "Install the packages of the new release",
        "action": "ansible.builtin.apt",
        "host": "db1",
        "result": {"changed": True, "rc": 0, "stdout": "Setting up postgresql-15 (15.8-0+deb12u1) ...\n" * 20},
    }
    return Entry(Tag.ANSIBLE_EVENT, now, ActorKind.SHIM, "ansible", about, payload, f"bench:{number}")
