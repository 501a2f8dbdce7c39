"""The growing edge of a Merkle tree: what is needed to append entries and to know the root, and no more.

A frontier of n entries holds one hash for each bit set in n. It is what the sequencer keeps in memory and stores with
its last checkpoint, and what a verifier feeds leaf by leaf.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from runner.errors import VerificationError
from runner.proof.merkle import EMPTY_ROOT, HASH_SIZE, MAX_SIZE, fold, node_hash
from runner.words import N_

_SIZE_BYTES = 8


@dataclass(frozen=True, slots=True)
class Node:
    """A complete subtree and its hash."""

    level: int
    index: int
    hash: bytes


class Frontier:
    """A tree of which only the edge is kept; grows by `append`."""

    __slots__ = ("_edge", "_size")

    def __init__(self, size: int = 0, edge: Iterable[bytes] = ()) -> None:
        """Take up a tree of `size` entries whose complete subtrees, largest first, have the hashes `edge`.

        Raises:
            VerificationError: the hashes cannot belong to that many entries.
        """
        self._size = size
        self._edge = list(edge)
        if not 0 <= size <= MAX_SIZE or list(map(len, self._edge)) != [HASH_SIZE] * size.bit_count():
            raise VerificationError(
                N_("log: {count} hashes cannot stand for {size} entries"), count=len(self._edge), size=size
            )

    @property
    def size(self) -> int:
        """How many entries the tree has."""
        return self._size

    def append(self, leaf: bytes) -> list[Node]:
        """Add the next entry's leaf hash.

        Returns:
            Every subtree that is complete from now on: the leaf itself, then those it closes, rising.
        """
        index = self._size
        node = leaf
        nodes = [Node(0, index, node)]
        level = 0
        while index & 1:
            node = node_hash(self._edge.pop(), node)
            index >>= 1
            level += 1
            nodes.append(Node(level, index, node))
        self._edge.append(node)
        self._size += 1
        return nodes

    def append_subtree(self, level: int, subtree: bytes) -> None:
        """Add the next `2**level` entries at once, given the hash over them.

        Raises:
            VerificationError: the size so far is not a multiple of that number.
        """
        index, beyond = divmod(self._size, 1 << level)
        if beyond:
            raise VerificationError(
                N_("log: a subtree of {count} entries cannot begin at entry {index}"),
                count=1 << level,
                index=self._size,
            )
        node = subtree
        while index & 1:
            node = node_hash(self._edge.pop(), node)
            index >>= 1
        self._edge.append(node)
        self._size += 1 << level

    def root(self) -> bytes:
        """Root of the tree so far."""
        return fold(self._edge) if self._edge else EMPTY_ROOT

    def copy(self) -> Self:
        """Another frontier of the same tree, to append to without changing this one."""
        return type(self)(self._size, self._edge)

    def to_bytes(self) -> bytes:
        """Size as eight bytes, big endian, then the hashes, largest subtree first."""
        return self._size.to_bytes(_SIZE_BYTES, "big") + b"".join(self._edge)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what `to_bytes` wrote.

        Raises:
            VerificationError: cut short, too long, or beyond what a tree can count.
        """
        if len(data) < _SIZE_BYTES:
            raise VerificationError(N_("log: frontier: cut short"))
        starts = range(_SIZE_BYTES, len(data), HASH_SIZE)
        return cls(int.from_bytes(data[:_SIZE_BYTES], "big"), (data[at : at + HASH_SIZE] for at in starts))
