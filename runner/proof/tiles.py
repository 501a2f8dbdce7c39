"""Tiles of 256 hashes (C2SP tlog-tiles): where each hash of the tree lies, and reading it back.

Tile level 0 holds leaf hashes; each hash of a tile of level L + 1 is the root of a full tile of level L. Hashes between
tile levels are not stored: they are computed again from the tile below.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from runner.errors import VerificationError
from runner.proof.merkle import HASH_SIZE, root_of
from runner.words import N_

TILE_HEIGHT: Final = 8
"""Tree levels one tile spans."""
TILE_WIDTH: Final = 1 << TILE_HEIGHT
"""Hashes in a full tile."""
_KEPT_TILES = 64


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile of a tree of a certain size."""

    level: int
    """Tile level, counted in steps of eight tree levels."""
    index: int
    width: int
    """Hashes it holds: 256, or fewer at the growing edge."""


@dataclass(frozen=True, slots=True)
class TileSpan:
    """The hashes of one tile that make up a complete subtree."""

    level: int
    index: int
    offset: int
    """First hash inside the tile."""
    count: int
    """How many hashes; a power of two up to 128."""


def span_of(level: int, index: int) -> TileSpan:
    """Where the hashes below the complete subtree `(level, index)` lie."""
    tile_level, height = divmod(level, TILE_HEIGHT)
    first = index << height
    return TileSpan(tile_level, first >> TILE_HEIGHT, first % TILE_WIDTH, 1 << height)


def width_of(level: int, index: int, size: int) -> int:
    """How many hashes the tile holds in a tree of `size` entries; 0 when the tree has no such tile."""
    return min(max((size >> (TILE_HEIGHT * level)) - index * TILE_WIDTH, 0), TILE_WIDTH)


def tile_path(tile: Tile) -> str:
    """Name of a tile as C2SP serves it: `tile/0/x001/x234/067`, with `.p/<width>` when it is not full."""
    return f"tile/{tile.level}/{_number_path(tile)}"


def entries_path(tile: Tile) -> str:
    """Name of the bundle with the entries below a tile of level 0."""
    return f"tile/entries/{_number_path(tile)}"


class TileReader:
    """A `HashReader` over the tiles of a tree of one size.

    Reads a tile at most once while it is kept in memory; make a new reader when the tree has grown.
    """

    def __init__(self, read_tile: Callable[[Tile], bytes], size: int) -> None:
        self._read_tile = read_tile
        self._size = size
        self._kept: dict[Tile, bytes] = {}

    def __call__(self, level: int, index: int) -> bytes:
        """The hash of the complete subtree `(level, index)`.

        Raises:
            VerificationError: the tree has no such complete subtree, or its tile is shorter than the tree says.
        """
        span = span_of(level, index)
        tile = Tile(span.level, span.index, width_of(span.level, span.index, self._size))
        if span.offset + span.count > tile.width:
            raise VerificationError(
                N_("log: a tree of {size} entries has no complete subtree {index} on level {level}"),
                size=self._size,
                index=index,
                level=level,
            )
        first = span.offset * HASH_SIZE
        hashes = self._hashes(tile)[first : first + span.count * HASH_SIZE]
        return root_of([hashes[at : at + HASH_SIZE] for at in range(0, len(hashes), HASH_SIZE)])

    def _hashes(self, tile: Tile) -> bytes:
        if (kept := self._kept.get(tile)) is not None:
            return kept
        hashes = self._read_tile(tile)
        if len(hashes) < tile.width * HASH_SIZE:
            raise VerificationError(
                N_("log: {tile}: got {got} bytes, expected {expected}"),
                tile=tile_path(tile),
                got=len(hashes),
                expected=tile.width * HASH_SIZE,
            )
        if len(self._kept) >= _KEPT_TILES:
            self._kept.clear()
        self._kept[tile] = hashes
        return hashes


def _number_path(tile: Tile) -> str:
    groups = f"{tile.index:03d}"
    while len(groups) % 3:
        groups = "0" + groups
    parts = [groups[at : at + 3] for at in range(0, len(groups), 3)]
    number = "/".join(["x" + part for part in parts[:-1]] + parts[-1:])
    return number if tile.width == TILE_WIDTH else f"{number}.p/{tile.width}"
