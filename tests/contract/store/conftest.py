"""The store over every database it can stand on; each test of this folder runs over all of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.store import sqlite
from runner.store.store import Store
from tests.stores import World, open_store, people_world


@pytest.fixture(params=["sqlite", "sqlite-old-journal"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """An empty store."""
    if request.param == "sqlite-old-journal":
        # NOTE: what a machine gets whose only SQLite is older than the repaired write-ahead log.
        monkeypatch.setattr(sqlite, "journal_mode", lambda: "TRUNCATE")
    opened = open_store(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def world(store: Store) -> World:
    """An approved request and a run of it."""
    return people_world(store)
