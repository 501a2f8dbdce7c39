"""The sequencer over a log in memory that obeys its port."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from runner.audit.proofs import consistency, inclusion, root
from runner.audit.sequencer import MOST, Sequencer
from runner.errors import StorageError, UsageError
from runner.model.log import Checkpoint, TreeGrowth, TreeState
from runner.proof.checkpoint import open_checkpoint
from runner.proof.merkle import leaf_hash, root_of, verify_consistency, verify_inclusion
from tests.logs import LOG_KEY
from tests.stores import FixedClock
from tests.waiting import wait_until


@dataclass
class MemoryLog:
    """A log in memory; a batch that raises leaves nothing behind."""

    leaves: list[bytes] = field(default_factory=list)
    tree: TreeState | None = None
    tiles: dict[tuple[int, int], bytes] = field(default_factory=dict)
    grown: list[TreeGrowth] = field(default_factory=list)
    holder: str = ""
    broken: Exception | None = None
    listeners: list[Callable[[], None]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, *leaves: bytes) -> None:
        with self.lock:
            self.leaves.extend(leaves)
        for listener in self.listeners:
            listener()

    @contextmanager
    def sequencing(self) -> Iterator[MemoryLog]:
        with self.lock:
            before = (self.tree, dict(self.tiles), list(self.grown), self.holder)
            try:
                yield self
            except BaseException:
                self.tree, self.tiles, self.grown, self.holder = before
                raise

    def on_log(self, listener: Callable[[], None]) -> None:
        self.listeners.append(listener)

    def off_log(self, listener: Callable[[], None]) -> None:
        self.listeners.remove(listener)

    def take_lease(self, holder: str, now: datetime, until: datetime) -> bool:
        self.holder = self.holder or holder
        return self.holder == holder

    def drop_lease(self, holder: str, now: datetime) -> None:
        if self.holder == holder:
            self.holder = ""

    def state(self) -> TreeState | None:
        return self.tree

    def waiting(self, after: int, limit: int) -> list[tuple[int, bytes]]:
        return [(number + 1, leaf) for number, leaf in enumerate(self.leaves)][after : after + limit]

    def tile(self, level: int, index: int) -> bytes:
        return self.tiles.get((level, index), b"")

    def grow(self, growth: TreeGrowth) -> None:
        if self.broken is not None:
            raise self.broken
        assert growth.before == (self.tree or growth.before)
        self.tree = growth.after
        self.tiles |= {(tile.level, tile.index): tile.hashes for tile in growth.tiles}
        self.grown.append(growth)


def sequencer(log: MemoryLog, gather: float = 0.0) -> Sequencer:
    return Sequencer(log, LOG_KEY, FixedClock(), "one", gather=gather, retry=0.01)


def size_of(log: MemoryLog) -> int:
    with log.lock:
        return log.tree.size if log.tree else 0


def failure_of(one: Sequencer) -> str | None:
    return one.failure.message if one.failure else None


def leaves(count: int, start: int = 0) -> list[bytes]:
    return [str(number).encode() for number in range(start, start + count)]


@pytest.mark.parametrize("batches", [(1,), (3, 5), (255, 1, 1), (256, 300), (1, 255, 256, 257)])
def test_places_roots_and_proofs_are_those_of_rfc_6962(batches: tuple[int, ...]) -> None:
    log = MemoryLog()
    one = sequencer(log)
    for count in batches:
        log.put(*leaves(count, len(log.leaves)))
        assert one.sequence() == count
    hashes = [leaf_hash(leaf) for leaf in log.leaves]
    sizes = [growth.after.size for growth in log.grown]
    for growth in log.grown:
        head = open_checkpoint(growth.checkpoint.note, LOG_KEY.key)
        assert head == growth.checkpoint.checkpoint
        assert head.root == root_of(hashes[: head.size]) == root(log, head.size)
        assert [entry.index for entry in growth.entries] == list(range(growth.before.size, growth.after.size))
    for old in sizes:
        proof = consistency(log, old, sizes[-1])
        verify_consistency(old, root(log, old), sizes[-1], root(log, sizes[-1]), proof)
        verify_inclusion(hashes[old - 1], old - 1, sizes[-1], inclusion(log, old - 1, sizes[-1]), root(log, sizes[-1]))


def test_proofs_about_more_than_there_is_are_refused() -> None:
    log = MemoryLog(leaves(3))
    for ask in (lambda: inclusion(log, 0, 1), lambda: consistency(log, 1, 2), lambda: root(log, 1)):
        with pytest.raises(UsageError):
            ask()
    sequencer(log).sequence()
    for ask in (
        lambda: inclusion(log, 3, 3),
        lambda: inclusion(log, 0, 4),
        lambda: consistency(log, 3, 2),
        lambda: root(log, 4),
        lambda: root(log, -1),
    ):
        with pytest.raises(UsageError):
            ask()


def test_nothing_waiting_means_no_batch() -> None:
    log = MemoryLog()
    assert sequencer(log).sequence() == 0
    assert log.grown == []


def test_batches_have_a_bound() -> None:
    log = MemoryLog(leaves(MOST + 7))
    one = sequencer(log)
    assert [one.sequence(), one.sequence(), one.sequence()] == [MOST, 7, 0]


def test_a_batch_that_cannot_be_recorded_leaves_nothing_and_is_made_again() -> None:
    log = MemoryLog(leaves(3))
    one = sequencer(log)
    log.broken = StorageError("full")
    with pytest.raises(StorageError):
        one.sequence()
    assert (log.tree, log.tiles) == (None, {})
    log.broken = None
    assert one.sequence() == 3


def test_a_tile_that_does_not_fit_the_tree_stops_the_sequencer() -> None:
    log = MemoryLog(leaves(3))
    one = sequencer(log)
    one.sequence()
    log.tiles[0, 0] = log.tiles[0, 0][:32]
    log.put(b"more")
    with pytest.raises(StorageError):
        one.sequence()


def test_a_started_sequencer_works_when_it_is_woken() -> None:
    log = MemoryLog(leaves(2))
    heads: list[Checkpoint] = []
    one = Sequencer(log, LOG_KEY, FixedClock(), "one", gather=0.001, on_checkpoint=heads.append)
    one.start()
    wait_until(lambda: heads and heads[-1].size == 2, 5, "the leaves that were waiting")
    log.put(b"a", b"b")
    wait_until(lambda: heads[-1].size == 4, 5, "the leaves that came later")
    one.stop()
    assert log.holder == ""
    assert log.listeners == []
    log.put(b"late")
    assert heads[-1].size == 4


def test_neighbouring_commits_share_a_batch() -> None:
    log = MemoryLog()
    one = sequencer(log, gather=0.2)
    one.start()
    for number in range(20):
        log.put(str(number).encode())
    wait_until(lambda: size_of(log) == 20, 5, "all leaves")
    one.stop()
    assert len(log.grown) <= 2


def test_a_flush_does_not_wait_for_the_gathering() -> None:
    log = MemoryLog()
    one = sequencer(log, gather=60.0)
    one.start()
    log.put(b"a")
    assert one.flush(5.0)
    assert size_of(log) == 1
    assert one.flush(5.0)
    log.put(b"b")
    one.stop()
    assert size_of(log) == 2


def test_a_failure_is_told_and_overcome() -> None:
    log = MemoryLog(leaves(1))
    log.broken = StorageError("full")
    one = sequencer(log, gather=0.0)
    one.start()
    assert not one.flush(5.0)
    assert failure_of(one) == "full"
    log.broken = None
    wait_until(lambda: size_of(log) == 1, 5, "the batch, tried again without being asked")
    assert one.flush(5.0)
    assert failure_of(one) is None
    one.stop()


def test_an_unexpected_failure_does_not_end_the_thread() -> None:
    log = MemoryLog(leaves(1))
    log.broken = ZeroDivisionError("a bug")
    one = sequencer(log, gather=0.0)
    one.start()
    assert not one.flush(5.0)
    assert isinstance(one.failure, StorageError)
    log.broken = None
    assert wait_until(lambda: one.flush(5.0), 5, "work after a failure")
    one.stop()


def test_another_s_lease_is_waited_for() -> None:
    log = MemoryLog(leaves(1), holder="other")
    one = sequencer(log, gather=0.0)
    one.start()
    one.flush(5.0)
    assert size_of(log) == 0
    with log.lock:
        log.holder = ""
    wait_until(lambda: size_of(log) == 1, 5, "the lease")
    one.stop()
