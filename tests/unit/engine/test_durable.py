from __future__ import annotations

from pathlib import Path

import pytest

from runner.engine.durable import Reserve, create_mark, write_durably
from runner.errors import StorageError


def test_a_file_is_written_whole_and_private(awkward_folder: Path) -> None:
    path = awkward_folder / "order.json"
    write_durably(path, b"first")
    write_durably(path, b"second")
    assert path.read_bytes() == b"second"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in awkward_folder.iterdir()] == ["order.json"]


def test_what_cannot_be_written_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(StorageError) as refused:
        write_durably(tmp_path / "missing/order.json", b"")
    assert refused.value.facts["path"] == str(tmp_path / "missing/order.json")
    (tmp_path / "taken").mkdir()
    with pytest.raises(StorageError):
        write_durably(tmp_path / "taken", b"")
    assert [entry.name for entry in tmp_path.iterdir()] == ["taken"]


def test_a_mark_is_made_once(tmp_path: Path) -> None:
    create_mark(tmp_path / "begun")
    with pytest.raises(StorageError):
        create_mark(tmp_path / "begun")


def test_reserved_room_becomes_the_file(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    reserve = Reserve(path, 4096)
    assert not path.exists()
    reserve.commit(b"{}")
    assert path.read_bytes() == b"{}"
    assert [entry.name for entry in tmp_path.iterdir()] == ["result.json"]


def test_reserved_room_can_grow_and_be_given_back(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "result.json", 16)
    reserve.grow(4096)
    assert reserve.size == 4096
    reserve.release()
    assert list(tmp_path.iterdir()) == []


def test_room_that_is_not_there_cannot_be_reserved(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        Reserve(tmp_path / "result.json", 1 << 60)
    assert list(tmp_path.iterdir()) == []
