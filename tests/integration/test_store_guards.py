from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from runner.errors import StorageError
from runner.store.store import Store
from tests.logs import sequencer_of
from tests.stores import leaf, open_store, people_world


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    people_world(opened)
    with opened.writing() as transaction:
        transaction.inbox.put([leaf(str(number), f"s/{number}") for number in range(3)])
    sequencer_of(opened).sequence()
    yield opened
    opened.close()


@pytest.mark.parametrize(
    "accident",
    [
        "UPDATE audit_inbox SET leaf = x'00' WHERE id = 1",
        "UPDATE audit_inbox SET payload = NULL",
        "DELETE FROM audit_inbox",
        "REPLACE INTO audit_inbox (id, leaf) VALUES (1, x'00')",
        "INSERT OR REPLACE INTO audit_inbox (leaf, source) VALUES (x'00', 's/1')",
        "DELETE FROM audit_entries WHERE position = 2",
        "UPDATE audit_entries SET run = 'BG-2026-0009/1'",
        "DELETE FROM audit_checkpoints",
        "UPDATE audit_checkpoints SET note = x'00'",
        "DELETE FROM audit_tiles",
        "UPDATE audit_tiles SET hashes = x'00'",
        "UPDATE audit_tiles SET position = 1",
        "DELETE FROM audit_tree",
        "UPDATE audit_tree SET size = 1",
        "UPDATE audit_tree SET last = 1",
        "DELETE FROM statements",
        "UPDATE statements SET bytes = x'00'",
    ],
)
def test_an_accident_does_not_change_what_is_recorded(store: Store, accident: str) -> None:
    with pytest.raises(StorageError), store._database.writing() as connection:
        connection.execute(text(accident))


def test_the_tree_may_grow(store: Store) -> None:
    with store.writing() as transaction:
        transaction.inbox.put([leaf("more")])
    assert sequencer_of(store).sequence() == 1


def test_a_reading_transaction_cannot_write(store: Store) -> None:
    with pytest.raises(StorageError), store.reading() as transaction:
        transaction.inbox.put([leaf("no")])


def test_a_transaction_inside_a_transaction_is_refused(store: Store) -> None:
    with pytest.raises(RuntimeError), store.writing(), store.writing():
        pass
    with store.writing(), store.reading() as transaction:
        assert transaction.inbox.newest() == 3
