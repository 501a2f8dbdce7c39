from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner.client.memory import Memory, Remembered
from runner.errors import UsageError, VerificationError
from tests.needs import needs_other_user
from tests.unit.client.fake_log import ORIGIN, FakeLog


def head(log: FakeLog) -> Remembered:
    shown = log.checkpoint()
    return Remembered(shown.origin, shown.log_key, shown.note)


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory(tmp_path / "checkpoints")


def test_a_log_never_seen_is_not_remembered(memory: Memory) -> None:
    assert memory.find(ORIGIN) is None


def test_what_was_kept_is_found(memory: Memory) -> None:
    log = FakeLog()
    memory.keep(head(log))
    assert memory.find(ORIGIN) == head(log)
    log.grow(b"more")
    memory.keep(head(log))
    found = memory.find(ORIGIN)
    assert found is not None
    assert found.checkpoint().size == 3


def test_memory_is_private_and_whole(memory: Memory, tmp_path: Path) -> None:
    memory.keep(head(FakeLog()))
    folder = tmp_path / "checkpoints"
    (file,) = folder.iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert file.stat().st_mode & 0o777 == 0o600
    assert file == memory.place(ORIGIN)


def test_logs_are_told_apart(memory: Memory) -> None:
    other = FakeLog(origin="test.example/two+key".replace("+", "-"))
    memory.keep(head(FakeLog()))
    memory.keep(head(other))
    assert memory.find(ORIGIN) != memory.find(other.origin)
    assert memory.place("a/b") != memory.place("a-b")


def test_an_older_head_does_not_replace_a_newer(memory: Memory) -> None:
    log = FakeLog()
    old = head(log)
    log.grow(b"more")
    memory.keep(head(log))
    memory.keep(old)
    assert memory.find(ORIGIN) == head(log)


@pytest.mark.parametrize("written", ["", "{", "[]", '{"origin": "another"}', '{"origin": 1}', '{"a":1,"a":1}'])
def test_a_damaged_memory_is_an_alarm(memory: Memory, written: str) -> None:
    memory.keep(head(FakeLog()))
    memory.place(ORIGIN).write_text(written)
    with pytest.raises(VerificationError) as raised:
        memory.find(ORIGIN)
    assert str(memory.place(ORIGIN)) in str(raised.value)


def test_a_memory_with_a_forged_head_is_an_alarm(memory: Memory) -> None:
    shown, forged = FakeLog().checkpoint(), FakeLog(seed=2).checkpoint()
    memory.keep(head(FakeLog()))
    document = {"origin": ORIGIN, "log_key": shown.log_key, "note": forged.note}
    memory.place(ORIGIN).write_text(json.dumps(document))
    found = memory.find(ORIGIN)
    assert found is not None
    with pytest.raises(VerificationError):
        found.checkpoint()


def test_a_memory_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").write_text("a file in the way")
    with pytest.raises(UsageError) as raised:
        Memory(tmp_path / "checkpoints" / "below").keep(head(FakeLog()))
    assert "checkpoints" in str(raised.value)


@needs_other_user
def test_a_memory_that_cannot_be_read(memory: Memory) -> None:
    memory.keep(head(FakeLog()))
    memory.place(ORIGIN).chmod(0)
    with pytest.raises(VerificationError):
        memory.find(ORIGIN)
