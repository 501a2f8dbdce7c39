"""Proofs about the log, made from its tiles: a few dozen hashes at any size."""

from __future__ import annotations

from typing import Final

from runner.audit.ports import TreeReader
from runner.errors import UsageError
from runner.proof.merkle import HashReader, consistency_proof, inclusion_proof, root_at
from runner.proof.tiles import Tile, TileReader
from runner.words import N_

_REMEMBERED: Final = 20_000
"""Hashes a remembering reader holds at most."""


def inclusion(log: TreeReader, index: int, size: int) -> tuple[bytes, ...]:
    """Proof that entry `index` is among the first `size` entries (RFC 6962, section 2.1.1).

    Raises:
        UsageError: the log has no such entry, or is smaller.
        VerificationError: the stored tiles do not hold what the size promises.
    """
    return inclusion_proof(hash_reader(log, size), index, size)


def consistency(log: TreeReader, old_size: int, new_size: int) -> tuple[bytes, ...]:
    """Proof that the first `old_size` entries are the beginning of the first `new_size` (RFC 6962, section 2.1.2).

    Raises:
        UsageError: the log is smaller, or the sizes are in the wrong order.
        VerificationError: the stored tiles do not hold what the size promises.
    """
    return consistency_proof(hash_reader(log, new_size), old_size, new_size)


def root(log: TreeReader, size: int) -> bytes:
    """Merkle tree hash of the first `size` entries.

    Raises:
        UsageError: the log is smaller.
        VerificationError: the stored tiles do not hold what the size promises.
    """
    return root_at(hash_reader(log, size), size)


def remembering(read: HashReader) -> HashReader:
    """A reader that computes no hash twice while it lasts: for many proofs in one tree, neighbours first."""
    known: dict[tuple[int, int], bytes] = {}

    def read_once(level: int, index: int) -> bytes:
        found = known.get((level, index))
        if found is None:
            if len(known) >= _REMEMBERED:
                known.clear()
            found = known[level, index] = read(level, index)
        return found

    return read_once


def hash_reader(log: TreeReader, size: int) -> HashReader:
    """Reads hashes of the tree of the first `size` entries.

    Raises:
        UsageError: the log is smaller.
    """
    state = log.state()
    has = 0 if state is None else state.size
    if not 0 <= size <= has:
        raise UsageError(N_("log: has {has} entries, not {size}"), has=has, size=size)
    return TileReader(lambda tile: _tile(log, tile), size)


def _tile(log: TreeReader, tile: Tile) -> bytes:
    return log.tile(tile.level, tile.index)
