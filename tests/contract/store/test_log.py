from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from runner.audit.leaves import LeafMaker
from runner.audit.sequencer import Sequencer
from runner.errors import NotFoundError, StorageError
from runner.model.log import About, ActorKind, Entry, LogFilter, LogMode, StoredLeaf
from runner.store.store import SqlLogStore, Store
from tests.logs import LOG_KEY, sequencer_of
from tests.stores import NOON, FixedClock, leaf


def entry(number: int) -> Entry:
    """Entries of two runs in turn, by two people in turn of three."""
    run = f"BG-2026-000{number % 2}/1"
    return Entry(
        tag="shim:ansible:event" if number % 3 else "service:run:moved",
        occurred=NOON + timedelta(seconds=number),
        actor_kind=ActorKind.PERSON,
        actor="ann" if number % 3 else "bob",
        about=About(run=run, request=run[:12], event=number),
        source=f"{run}/{number}",
    )


@pytest.fixture
def maker() -> LeafMaker:
    return LeafMaker(FixedClock(), LogMode.EMBEDDED)


def put(store: Store, maker: LeafMaker, numbers: range) -> None:
    with store.writing() as transaction:
        transaction.inbox.put(maker.make_all(entry(number) for number in numbers))


def numbers_of(leaves: tuple[StoredLeaf, ...]) -> list[int]:
    """Which entries these are: their inbox number is one more."""
    return [stored.id - 1 for stored in leaves]


def test_an_entry_is_kept_as_it_was_put(store: Store, maker: LeafMaker) -> None:
    made = maker.make(replace(entry(0), payload={"说明": "维护"}))
    with store.writing() as transaction:
        transaction.inbox.put([made])
    with store.reading() as transaction:
        assert transaction.log.get(1) == StoredLeaf(1, None, made.leaf, made.payload, made.salt)
        assert transaction.log.find(2) is None
        with pytest.raises(NotFoundError):
            transaction.log.get(2)
        with pytest.raises(NotFoundError):
            transaction.log.at(0)


def test_the_same_event_twice_is_one_entry(store: Store) -> None:
    with store.writing() as transaction:
        transaction.inbox.put([leaf("1", "run/1"), leaf("2", "run/2"), leaf("3", "run/1")])
    with store.writing() as transaction:
        transaction.inbox.put([leaf("4", "run/2"), leaf("5"), leaf("6")])
    with store.reading() as transaction:
        assert [stored.leaf for stored in transaction.log.after(0, 9)] == [b"1", b"2", b"5", b"6"]


def test_entries_of_a_transaction_that_is_undone_do_not_exist(store: Store) -> None:
    with pytest.raises(StorageError):
        _put_and_fail(store)
    with store.writing() as transaction:
        transaction.inbox.put([leaf("kept")])
        assert transaction.inbox.newest() == 1


def _put_and_fail(store: Store) -> None:
    with store.writing() as transaction:
        transaction.inbox.put([leaf("lost")])
        raise StorageError("full")


@pytest.mark.parametrize("sequenced", [0, 7, 20])
def test_pages_do_not_depend_on_how_far_the_tree_is(store: Store, maker: LeafMaker, sequenced: int) -> None:
    put(store, maker, range(sequenced))
    sequencer_of(store).sequence()
    put(store, maker, range(sequenced, 20))
    with store.reading() as transaction:
        log = transaction.log
        assert transaction.inbox.waiting() == 20 - sequenced
        assert numbers_of(log.page(3)) == [19, 18, 17]
        assert numbers_of(log.page(3, before=18)) == [16, 15, 14]
        assert numbers_of(log.after(15, 9)) == [15, 16, 17, 18, 19]
        odd = LogFilter(run="BG-2026-0001/1")
        assert numbers_of(log.page(99, odd)) == [19, 17, 15, 13, 11, 9, 7, 5, 3, 1]
        assert numbers_of(log.page(2, odd, before=10)) == [7, 5]
        assert numbers_of(log.page(4, odd, before=9)) == [7, 5, 3, 1]
        assert numbers_of(log.after(6, 3, odd)) == [7, 9, 11]
        assert numbers_of(log.after(0, 99, replace(odd, tag="service:run:moved"))) == [3, 9, 15]
        assert numbers_of(log.page(99, LogFilter(request="BG-2026-0000", actor="bob"))) == [18, 12, 6, 0]
        assert log.page(9, LogFilter(run="BG-2026-0009/1")) == ()
        assert [stored.index for stored in log.after(0, 20)] == [
            number if number < sequenced else None for number in range(20)
        ]


def test_the_first_entry_since_an_instant_is_found(store: Store, maker: LeafMaker) -> None:
    put(store, maker, range(9))
    sequencer_of(store).sequence()
    with store.reading() as transaction:
        assert transaction.log.find_since(NOON + timedelta(seconds=4)) == 5
        assert transaction.log.find_since(NOON + timedelta(seconds=9)) is None
        assert [stored.index for stored in transaction.log.in_tree(LogFilter(run="BG-2026-0000/1"))] == [0, 2, 4, 6, 8]
        assert transaction.log.at(3).id == 4


def test_commits_with_entries_wake_listeners_and_others_do_not(store: Store) -> None:
    woken: list[str] = []

    def listener() -> None:
        woken.append("log")

    store.on_log(listener)
    with store.writing() as transaction:
        transaction.installation.put("site", "demo")
        transaction.after_commit(lambda: woken.append("commit"))
        assert woken == []
    with store.writing() as transaction:
        transaction.inbox.put([leaf()])
        assert woken == ["commit"]
    with pytest.raises(StorageError):
        _put_and_fail(store)
    store.off_log(listener)
    with store.writing() as transaction:
        transaction.inbox.put([leaf()])
    assert woken == ["commit", "log"]


def test_one_lease_holder_at_a_time_sequences(store: Store, maker: LeafMaker) -> None:
    clock = FixedClock()
    first, second = (Sequencer(SqlLogStore(store), LOG_KEY, clock, name) for name in ("first", "second"))
    put(store, maker, range(3))
    assert first.sequence() == 3
    put(store, maker, range(3, 5))
    assert second.sequence() == 0
    clock.move(timedelta(seconds=31))
    assert second.sequence() == 2
    assert first.sequence() == 0
    with store.reading() as transaction:
        state = transaction.tree.state()
        assert state is not None
        assert state.size == 5


def test_two_batches_from_the_same_state_cannot_both_be_recorded(store: Store, maker: LeafMaker) -> None:
    put(store, maker, range(3))
    with store.writing() as transaction:
        growth = sequencer_of(store)._growth(transaction.tree)
        assert growth is not None
        transaction.tree.grow(growth)
    with pytest.raises(StorageError), store.writing() as transaction:
        transaction.tree.grow(growth)
    with store.reading() as transaction:
        assert [checkpoint.checkpoint.size for checkpoint in transaction.evidence.checkpoints()] == [3]
        assert transaction.tree.newest_checkpoint() == transaction.tree.find_checkpoint(3)
        assert transaction.tree.find_checkpoint(2) is None
