"""Where C2SP puts each hash, and proofs made from tiles alone."""

from __future__ import annotations

from functools import lru_cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import VerificationError
from runner.proof.frontier import Frontier
from runner.proof.merkle import (
    HASH_SIZE,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_at,
    verify_consistency,
    verify_inclusion,
)
from runner.proof.tiles import TILE_HEIGHT, Tile, TileReader, TileSpan, entries_path, span_of, tile_path, width_of

SIZE = 70_000
"""The example of C2SP: tiles on three levels."""


@lru_cache(maxsize=1)
def tiles() -> dict[tuple[int, int], bytes]:
    """The tiles of a log of `SIZE` entries, written as a sequencer writes them."""
    rows: dict[tuple[int, int], bytearray] = {}
    frontier = Frontier()
    for index in range(SIZE):
        for node in frontier.append(leaf(index)):
            if node.level % TILE_HEIGHT == 0:
                span = span_of(node.level, node.index)
                row = rows.setdefault((span.level, span.index), bytearray())
                assert (len(row), span.count) == (span.offset * HASH_SIZE, 1)
                row += node.hash
    return {place: bytes(row) for place, row in rows.items()}


@lru_cache(maxsize=64)
def root(size: int) -> bytes:
    return root_at(reader(size), size)


def leaf(index: int) -> bytes:
    return leaf_hash(b"entry %d" % index)


def reader(size: int) -> TileReader:
    return TileReader(lambda tile: tiles()[tile.level, tile.index], size)


@pytest.mark.parametrize(
    "tile, path",
    [
        (Tile(0, 0, 256), "tile/0/000"),
        (Tile(0, 999, 256), "tile/0/999"),
        (Tile(1, 1000, 256), "tile/1/x001/000"),
        (Tile(0, 1234067, 256), "tile/0/x001/x234/067"),
        (Tile(0, 273, 112), "tile/0/273.p/112"),
        (Tile(2, 0, 1), "tile/2/000.p/1"),
    ],
)
def test_tiles_are_named_as_c2sp_names_them(tile: Tile, path: str) -> None:
    assert tile_path(tile) == path


def test_bundles_of_entries_are_named_beside_them() -> None:
    assert entries_path(Tile(0, 1234067, 17)) == "tile/entries/x001/x234/067.p/17"


def test_widths_are_those_of_the_example() -> None:
    widths = {(level, index): width_of(level, index, SIZE) for level in range(4) for index in range(275)}
    assert [place for place, width in widths.items() if width == 256] == [*((0, at) for at in range(273)), (1, 0)]
    assert {place: width for place, width in widths.items() if 0 < width < 256} == {
        (0, 273): 112,
        (1, 1): 17,
        (2, 0): 1,
    }
    assert [width_of(0, 0, 256), width_of(1, 0, 256), width_of(0, 1, 256)] == [256, 1, 0]
    assert {place: len(row) for place, row in tiles().items()} == {
        place: width * HASH_SIZE for place, width in widths.items() if width
    }


@pytest.mark.parametrize(
    "level, index, span",
    [
        (0, 0, TileSpan(0, 0, 0, 1)),
        (0, 511, TileSpan(0, 1, 255, 1)),
        (7, 1, TileSpan(0, 0, 128, 128)),
        (7, 2, TileSpan(0, 1, 0, 128)),
        (8, 255, TileSpan(1, 0, 255, 1)),
        (9, 128, TileSpan(1, 1, 0, 2)),
        (16, 0, TileSpan(2, 0, 0, 1)),
    ],
)
def test_where_a_subtree_lies(level: int, index: int, span: TileSpan) -> None:
    assert span_of(level, index) == span


@given(st.integers(0, 20), st.integers(0, 10**7))
def test_a_subtree_lies_inside_one_tile(level: int, index: int) -> None:
    span = span_of(level, index)
    assert 0 <= span.offset <= span.offset + span.count <= 256
    width = 1 << (TILE_HEIGHT * span.level)
    assert (span.index * 256 + span.offset) * width == index << level
    assert span.count * width == 1 << level


@given(st.integers(1, SIZE), st.data())
def test_proofs_from_tiles_verify(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    verify_inclusion(leaf(index), index, size, inclusion_proof(reader(size), index, size), root(size))
    old_size = data.draw(st.integers(1, size))
    verify_consistency(old_size, root(old_size), size, root(size), consistency_proof(reader(size), old_size, size))


def test_the_root_from_tiles_is_that_of_the_frontier() -> None:
    frontier = Frontier()
    for index in range(1000):
        frontier.append(leaf(index))
    assert root(1000) == frontier.root()


def test_a_proof_reads_few_tiles() -> None:
    read: list[Tile] = []

    def read_tile(tile: Tile) -> bytes:
        read.append(tile)
        return tiles()[tile.level, tile.index]

    inclusion_proof(TileReader(read_tile, SIZE), 12345, SIZE)
    assert len(set(read)) == len(read)
    assert {(tile.level, tile.index) for tile in read} == {(0, 48), (0, 273), (1, 0), (1, 1)}


def test_what_the_tree_does_not_hold_is_refused() -> None:
    for level, index in ((0, 1000), (1, 500), (3, 125), (9, 1), (10, 0)):
        with pytest.raises(VerificationError):
            reader(1000)(level, index)


def test_a_tile_that_is_too_short_is_refused() -> None:
    for lost in (1, HASH_SIZE, 112 * HASH_SIZE):
        last = tiles()[0, 273][:-lost]
        with pytest.raises(VerificationError) as refusal:
            TileReader({Tile(0, 273, 112): last}.__getitem__, SIZE)(0, SIZE - 112)
        assert refusal.value.facts["tile"] == "tile/0/273.p/112"


def test_many_tiles_are_read_again_rather_than_kept() -> None:
    read: list[Tile] = []

    def read_tile(tile: Tile) -> bytes:
        read.append(tile)
        return tiles()[tile.level, tile.index]

    many = TileReader(read_tile, SIZE)
    for index in range(0, 65 * 256, 256):
        many(0, index)
    many(0, 64 * 256 + 1)
    many(0, 0)
    assert [tile.index for tile in read] == [*range(65), 0]
