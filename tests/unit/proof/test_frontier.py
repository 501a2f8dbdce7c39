"""The growing edge agrees with the whole tree, whatever way it grew."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import VerificationError
from runner.proof.frontier import Frontier, Node
from runner.proof.merkle import EMPTY_ROOT, MAX_SIZE, leaf_hash, root_at, root_of

LEAVES = [leaf_hash(b"entry %d" % index) for index in range(1600)]


def grown(size: int) -> Frontier:
    frontier = Frontier()
    for leaf in LEAVES[:size]:
        frontier.append(leaf)
    return frontier


def test_the_root_is_right_after_each_entry() -> None:
    frontier = Frontier()
    assert (frontier.size, frontier.root()) == (0, EMPTY_ROOT)
    for size in range(1, 300):
        frontier.append(LEAVES[size - 1])
        assert (frontier.size, frontier.root()) == (size, root_of(LEAVES[:size]))


def test_appending_tells_every_subtree_that_is_complete() -> None:
    nodes: dict[tuple[int, int], bytes] = {}
    frontier = Frontier()
    for leaf in LEAVES[:200]:
        for node in frontier.append(leaf):
            assert (node.level, node.index) not in nodes
            nodes[node.level, node.index] = node.hash
    assert set(nodes) == {(level, index) for level in range(8) for index in range(200 >> level)}
    for size in range(201):
        assert root_at(lambda level, index: nodes[level, index], size) == root_of(LEAVES[:size])


def test_the_leaf_comes_first_and_its_parents_rise() -> None:
    frontier = grown(7)
    nodes = frontier.append(LEAVES[7])
    assert nodes[0] == Node(0, 7, LEAVES[7])
    assert [(node.level, node.index) for node in nodes] == [(0, 7), (1, 3), (2, 1), (3, 0)]
    assert nodes[-1].hash == frontier.root()


@given(st.lists(st.integers(0, 8), max_size=6))
def test_subtrees_may_be_added_at_once(levels: list[int]) -> None:
    frontier = Frontier()
    for level in sorted(levels, reverse=True):
        count = 1 << level
        frontier.append_subtree(level, root_of(LEAVES[frontier.size : frontier.size + count]))
    assert frontier.root() == root_of(LEAVES[: frontier.size])
    frontier.append(LEAVES[frontier.size])
    assert frontier.root() == root_of(LEAVES[: frontier.size])


def test_a_subtree_cannot_begin_anywhere() -> None:
    frontier = grown(6)
    with pytest.raises(VerificationError) as refusal:
        frontier.append_subtree(2, LEAVES[0])
    assert refusal.value.facts == {"count": 4, "index": 6}
    assert frontier.root() == root_of(LEAVES[:6])


@given(st.integers(0, 1000))
def test_bytes_hold_the_whole_edge(size: int) -> None:
    again = Frontier.from_bytes(grown(size).to_bytes())
    assert (again.size, again.root()) == (size, root_of(LEAVES[:size]))
    again.append(LEAVES[size])
    assert again.root() == root_of(LEAVES[: size + 1])


def test_bytes_are_the_size_and_the_subtrees_largest_first() -> None:
    parts = [root_of(LEAVES[:4]), root_of(LEAVES[4:6]), LEAVES[6]]
    assert grown(7).to_bytes() == b"\x00\x00\x00\x00\x00\x00\x00\x07" + b"".join(parts)


def test_the_largest_edge() -> None:
    assert Frontier(MAX_SIZE, LEAVES[:63]).size == MAX_SIZE
    for size, count in ((MAX_SIZE + 1, 1), (-1, 1), (3, 1), (1, 2), (0, 1)):
        with pytest.raises(VerificationError):
            Frontier(size, LEAVES[:count])
    with pytest.raises(VerificationError):
        Frontier(1, [b"short"])


def test_bytes_cut_short_or_too_long_are_refused() -> None:
    data = grown(11).to_bytes()
    for length in range(len(data)):
        with pytest.raises(VerificationError):
            Frontier.from_bytes(data[:length])
    for more in (b"\x00", b"\x00" * 32):
        with pytest.raises(VerificationError):
            Frontier.from_bytes(data + more)
    with pytest.raises(VerificationError):
        Frontier.from_bytes(b"\x80" + b"\x00" * 7 + b"\x00" * 32)


def test_a_copy_goes_its_own_way() -> None:
    frontier = grown(5)
    copy = frontier.copy()
    copy.append(LEAVES[900])
    copy.append(LEAVES[901])
    assert frontier.root() == root_of(LEAVES[:5])
    assert copy.root() == root_of([*LEAVES[:5], LEAVES[900], LEAVES[901]])
