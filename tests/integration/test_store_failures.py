from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from runner.errors import StorageError
from runner.model.people import KeyHolder
from runner.store import sqlite
from runner.store.content import ContentStore
from runner.store.store import Store
from tests.needs import needs_mount, needs_other_user, needs_root
from tests.small_disk import fill, make_read_only, small_disk
from tests.stores import ANN, ORIGIN, SHANGHAI, leaf, open_store, plan, request

_NOBODY = 65534


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


def open_offline(path: Path) -> Store:
    return Store.open_offline(path, zone=SHANGHAI, origin=ORIGIN)


@needs_mount
def test_a_full_disk_is_told_and_leaves_nothing_half_recorded(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        store = open_store(disk)
        with store.writing() as transaction:
            transaction.inbox.put([leaf("before")])
        ballast = fill(disk)
        with pytest.raises(StorageError) as refused:
            _put_much(store)
        assert "twokey.db" in str(refused.value)
        assert refused.value.advice()
        with store.reading() as transaction:
            assert [stored.leaf for stored in transaction.log.after(0, 9)] == [b"before"]
        ballast.unlink()
        with store.writing() as transaction:
            transaction.inbox.put([leaf("after")])
        store.close()


def _put_much(store: Store) -> None:
    with store.writing() as transaction:
        transaction.inbox.put([leaf("x" * 100_000) for _ in range(20)])


@needs_mount
def test_a_full_disk_takes_no_half_content(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        blobs = ContentStore(disk / "content")
        kept = blobs.put(b"kept")
        fill(disk)
        with pytest.raises(StorageError):
            blobs.put(b"y" * 100_000)
        assert blobs.read(kept) == b"kept"
        assert [path.name for path in (disk / "content").rglob(".new-*")] == []


def test_a_database_that_may_not_grow_says_so(store: Store) -> None:
    with store._database.writing() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StorageError) as refused:
        _put_much(store)
    assert refused.value.message == "{place}: no space left"


def test_a_damaged_database_is_told(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    path = tmp_path / "twokey.db"
    path.write_bytes(b"not a database at all " * 500)
    for opening in (open_store, lambda folder: open_offline(folder / "twokey.db")):
        with pytest.raises(StorageError) as refused:
            opening(tmp_path)
        assert refused.value.message == "{place}: is damaged, or is not a database"


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        open_store(tmp_path / "nowhere")
    with pytest.raises(StorageError):
        open_offline(tmp_path / "twokey.db")


@needs_root
def test_a_state_directory_of_another_user_is_refused(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    os.chown(tmp_path / "twokey.db", _NOBODY, _NOBODY)
    for opening in (open_store, lambda folder: open_offline(folder / "twokey.db")):
        with pytest.raises(StorageError) as refused:
            opening(tmp_path)
        assert "nobody" in str(refused.value)
        assert "nobody" in refused.value.advice()
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    os.chown(theirs, _NOBODY, _NOBODY)
    with pytest.raises(StorageError):
        open_store(theirs)
    assert list(theirs.iterdir()) == []


@needs_other_user
def test_a_read_only_database_is_told(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    (tmp_path / "twokey.db").chmod(0o400)
    with pytest.raises(StorageError):
        open_store(tmp_path)


def test_the_database_is_private(store: Store, tmp_path: Path) -> None:
    with store.writing() as transaction:
        transaction.founders.add(ANN)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_a_path_with_a_space_and_chinese_characters_works(awkward_folder: Path) -> None:
    store = open_store(awkward_folder)
    with store.writing() as transaction:
        transaction.founders.add(ANN)
    offline = open_offline(awkward_folder / "twokey.db")
    with offline.reading() as transaction:
        assert transaction.founders.all() == (ANN,)
    offline.close()
    store.close()


def test_a_database_is_read_offline_while_a_service_writes(store: Store, tmp_path: Path) -> None:
    with store.writing() as transaction:
        transaction.founders.add(ANN)
    offline = open_offline(tmp_path / "twokey.db")
    with offline.reading() as transaction, store.writing() as writer:
        writer.inbox.put([leaf()])
        assert transaction.founders.all() == (ANN,)
    with pytest.raises(RuntimeError), offline.writing():
        pass
    offline.close()


def test_what_a_killed_service_left_is_read_offline(store: Store, tmp_path: Path) -> None:
    with store.writing() as transaction:
        transaction.founders.add(ANN)
    left = tmp_path / "left"
    left.mkdir()
    _copy(tmp_path, left)
    assert _people_offline(left) == (ANN,)


@needs_mount
def test_what_a_killed_service_left_is_read_on_read_only_media(store: Store, tmp_path: Path) -> None:
    with store.writing() as transaction:
        transaction.founders.add(ANN)
    with small_disk(tmp_path / "disk") as disk:
        _copy(tmp_path, disk)
        make_read_only(disk)
        assert _people_offline(disk) == (ANN,)
        store.close()
    with small_disk(tmp_path / "disk") as disk:
        shutil.copyfile(tmp_path / "twokey.db", disk / "twokey.db")
        make_read_only(disk)
        assert _people_offline(disk) == (ANN,)


def _copy(source: Path, target: Path) -> None:
    """Copy a database with its write-ahead log, as they lie there when a service is killed."""
    for name in ("twokey.db", "twokey.db-wal"):
        assert (source / name).stat().st_size
        shutil.copyfile(source / name, target / name)


def _people_offline(folder: Path) -> tuple[KeyHolder, ...]:
    offline = open_offline(folder / "twokey.db")
    try:
        with offline.reading() as transaction:
            return transaction.founders.all()
    finally:
        offline.close()


def test_readers_and_writers_of_many_threads_do_not_disturb_each_other(store: Store) -> None:
    with store.writing() as transaction:
        transaction.plans.put(plan())
    start = threading.Barrier(8)

    def work(worker: int) -> list[str]:
        start.wait()
        numbers = []
        for turn in range(20):
            with store.writing() as transaction:
                numbers.append(transaction.requests.add(request()).number)
                transaction.inbox.put([leaf(f"{worker}/{turn}")])
            with store.reading() as transaction:
                assert transaction.requests.get(numbers[-1]).number == numbers[-1]
        return numbers

    with ThreadPoolExecutor(8) as pool:
        given = [number for numbers in pool.map(work, range(8)) for number in numbers]
    assert sorted(given) == [f"BG-2026-{number:04d}" for number in range(1, 161)]


_WRITER = """
import sys
from pathlib import Path
from tests.stores import leaf, open_store, request

store = open_store(Path(sys.argv[1]))
for turn in range(25):
    with store.writing() as transaction:
        transaction.requests.add(request())
        transaction.inbox.put([leaf(sys.argv[2] + str(turn), "event/" + str(turn))])
store.close()
"""


def test_two_processes_on_one_database_wait_for_each_other(store: Store, tmp_path: Path) -> None:
    with store.writing() as transaction:
        transaction.plans.put(plan())
    writers = [
        subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path), name], stderr=subprocess.PIPE)
        for name in ("a", "b")
    ]
    told = [writer.communicate(timeout=60)[1] for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0], told
    with store.reading() as transaction:
        numbers = [row.number for row in transaction.requests.page(99)]
        assert numbers == [f"BG-2026-{number:04d}" for number in range(50, 0, -1)]
        assert transaction.inbox.newest() == 25


def test_the_old_journal_is_used_where_the_only_library_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "RECENT", (99, 0, 0))
    assert sqlite.journal_mode() == "TRUNCATE"


def test_a_commit_is_durable_and_references_are_checked(store: Store) -> None:
    with store._database.writing() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers", "page_size")
        }
    assert settings == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "recursive_triggers": 1,
        "page_size": 8192,
    }


def test_a_file_of_another_page_size_is_used_as_it_is(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    earlier = sqlite.driver().connect(str(tmp_path / "twokey.db"), isolation_level=None)
    for statement in ("PRAGMA journal_mode=DELETE", "PRAGMA page_size=4096", "VACUUM"):
        earlier.execute(statement).close()
    earlier.close()
    store = open_store(tmp_path)
    with store.writing() as transaction:
        transaction.inbox.put([leaf()])
    with store._database.writing() as connection:
        assert connection.exec_driver_sql("PRAGMA page_size").scalar_one() == 4096
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
    store.close()
