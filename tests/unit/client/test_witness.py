from __future__ import annotations

from pathlib import Path

import pytest

from runner.client.memory import Memory
from runner.client.witness import witness
from runner.errors import VerificationError
from runner.wire.api_audit import CheckpointShown, ConsistencyProof
from tests.unit.client.fake_log import ORIGIN, FakeLog


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory(tmp_path)


def test_the_first_look_pins_the_log(memory: Memory) -> None:
    log = FakeLog()
    seen = witness(log, memory, ORIGIN)
    assert (seen.size, seen.root) == (2, log.root(2).hex())
    remembered = memory.find(ORIGIN)
    assert remembered is not None
    assert remembered.log_key == log.checkpoint().log_key


def test_growth_is_followed_by_proof(memory: Memory) -> None:
    log = FakeLog()
    witness(log, memory, ORIGIN)
    log.grow(b"a", b"b", b"c")
    assert witness(log, memory, ORIGIN).size == 5
    assert witness(log, memory, ORIGIN).size == 5
    assert log.asked == [(2, 5)]


def refused(log: FakeLog, memory: Memory, what: str) -> None:
    """Something is wrong with the log, and what is remembered stays as it was."""
    before = memory.find(ORIGIN)
    with pytest.raises(VerificationError, match=what):
        witness(log, memory, ORIGIN)
    assert memory.find(ORIGIN) == before


def test_another_key_is_refused(memory: Memory) -> None:
    witness(FakeLog(), memory, ORIGIN)
    refused(FakeLog(seed=2), memory, "another key")


def test_a_shorter_log_is_refused(memory: Memory) -> None:
    log = FakeLog()
    log.grow(b"a")
    witness(log, memory, ORIGIN)
    log.leaves.pop()
    refused(log, memory, "2 entries, but had 3")


def test_a_rewritten_log_is_refused(memory: Memory) -> None:
    witness(FakeLog(), memory, ORIGIN)
    refused(FakeLog([b"genesis", b"forged", b"more"]), memory, "root mismatch")


def test_a_rewritten_log_of_the_same_size_is_refused(memory: Memory) -> None:
    witness(FakeLog(), memory, ORIGIN)
    refused(FakeLog([b"genesis", b"forged"]), memory, "root mismatch")


def test_the_head_of_another_log_is_refused(memory: Memory) -> None:
    refused(FakeLog(origin="other.example/log"), memory, "another log")


def test_a_head_nobody_signed_is_refused(memory: Memory) -> None:
    class Unsigned(FakeLog):
        def checkpoint(self) -> CheckpointShown:
            shown, other = super().checkpoint(), FakeLog(seed=2).checkpoint()
            return CheckpointShown(shown.note, shown.origin, shown.size, shown.root, other.log_key)

    refused(Unsigned(), memory, "note")


def test_a_forged_proof_is_refused(memory: Memory) -> None:
    class Forging(FakeLog):
        def consistency(self, old_size: int, new_size: int) -> ConsistencyProof:
            return ConsistencyProof(old_size, new_size, "", ("00" * 32,))

    log = Forging()
    witness(log, memory, ORIGIN)
    log.grow(b"a", b"b")
    refused(log, memory, "consistency proof")


def test_another_client_may_remember_more_meanwhile(memory: Memory) -> None:
    """The head was asked for before the other client looked; that is no alarm, and the newer head stays."""

    class Slow(FakeLog):
        def checkpoint(self) -> CheckpointShown:
            shown = super().checkpoint()
            self.grow(b"later")
            newer = FakeLog(list(self.leaves))
            witness(newer, memory, ORIGIN)
            return shown

    assert witness(Slow(), memory, ORIGIN).size == 2
    remembered = memory.find(ORIGIN)
    assert remembered is not None
    assert remembered.checkpoint().size == 3
