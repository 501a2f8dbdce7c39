"""The Merkle tree of RFC 6962 (section 2.1) over SHA-256: roots, proofs and their verification.

Proofs are made from the hashes of complete subtrees, read one by one through a `HashReader`; making one at ten million
entries reads a few dozen. A complete subtree is named by its level and its index on that level: `(level, index)` covers
the entries from `index * 2**level` up to, not including, `(index + 1) * 2**level`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from runner.errors import UsageError, VerificationError
from runner.words import N_

HASH_SIZE: Final = 32
"""Bytes of a SHA-256 hash."""
MAX_SIZE: Final = 2**63 - 1
"""Largest tree other implementations can count."""
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
"""Root of the tree without entries."""

_CONSISTENCY_LONG = N_("consistency proof: {old_size} to {new_size} entries: too long")
_CONSISTENCY_SHORT = N_("consistency proof: {old_size} to {new_size} entries: too short")
_OLD_ROOT_DIFFERS = N_(
    "consistency proof: {old_size} to {new_size} entries: old root mismatch (got {got}, expected {expected})"
)
_NEW_ROOT_DIFFERS = N_(
    "consistency proof: {old_size} to {new_size} entries: new root mismatch (got {got}, expected {expected})"
)

HashReader = Callable[[int, int], bytes]
"""Reads the hash of the complete subtree `(level, index)`."""


def leaf_hash(data: bytes) -> bytes:
    """Hash of an entry."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of the node above two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def subtrees(start: int, end: int) -> Iterator[tuple[int, int]]:
    """The complete subtrees that cover the entries `start` to `end`, largest first.

    NOTE: holds for ranges as RFC 6962 splits them, whose start is a multiple of their largest subtree.
    """
    while start < end:
        level = (end - start).bit_length() - 1
        yield level, start >> level
        start += 1 << level


def fold(hashes: Sequence[bytes]) -> bytes:
    """The hash over neighbouring subtrees, largest first, joined from the right; at least one."""
    joined = hashes[-1]
    for left in reversed(hashes[:-1]):
        joined = node_hash(left, joined)
    return joined


def root_at(read: HashReader, size: int) -> bytes:
    """Root of the tree of the first `size` entries."""
    return _range_hash(read, 0, size) if size else EMPTY_ROOT


def root_of(leaf_hashes: Sequence[bytes]) -> bytes:
    """Root of the tree with exactly these leaf hashes, all in memory."""
    if not leaf_hashes:
        return EMPTY_ROOT
    row = list(leaf_hashes)
    while len(row) > 1:
        above = [node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=False)]
        if len(row) % 2:
            above.append(row[-1])
        row = above
    return row[0]


def inclusion_proof(read: HashReader, index: int, size: int) -> tuple[bytes, ...]:
    """Proof that entry `index` is in the tree of the first `size` entries.

    Raises:
        UsageError: the tree has no such entry.
    """
    if not 0 <= index < size <= MAX_SIZE:
        raise UsageError(N_("inclusion proof: a log of {size} entries has no entry {index}"), index=index, size=size)
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = _middle(start, end)
        if index < middle:
            path.append(_range_hash(read, middle, end))
            end = middle
        else:
            path.append(_range_hash(read, start, middle))
            start = middle
    return tuple(reversed(path))


def consistency_proof(read: HashReader, old_size: int, new_size: int) -> tuple[bytes, ...]:
    """Proof that the first `old_size` entries of the tree of `new_size` entries are the whole older tree.

    Raises:
        UsageError: the older tree is empty or larger than the newer one.
    """
    if not 0 < old_size <= new_size <= MAX_SIZE:
        raise UsageError(
            N_("consistency proof: cannot be made from {old_size} to {new_size} entries"),
            old_size=old_size,
            new_size=new_size,
        )
    path: list[bytes] = []
    start, end = 0, new_size
    while old_size < end:
        middle = _middle(start, end)
        if old_size <= middle:
            path.append(_range_hash(read, middle, end))
            end = middle
        else:
            path.append(_range_hash(read, start, middle))
            start = middle
    if start:
        path.append(_range_hash(read, start, end))
    return tuple(reversed(path))


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that the entry with hash `leaf` is number `index` of the tree of `size` entries with that root.

    Raises:
        VerificationError: it is not, or the proof has a hash too many or too few.
    """
    if not 0 <= index < size <= MAX_SIZE:
        raise VerificationError(
            N_("inclusion proof: a log of {size} entries has no entry {index}"), index=index, size=size
        )
    _require_hashes((leaf, root, *proof))
    place, last = index, size - 1
    joined = leaf
    for sibling in proof:
        if last == 0:
            raise VerificationError(N_("inclusion proof: entry {index} of {size}: too long"), index=index, size=size)
        if place % 2 or place == last:
            joined = node_hash(sibling, joined)
            lift = _zero_bits(place)
            place, last = place >> lift, last >> lift
        else:
            joined = node_hash(joined, sibling)
        place, last = place >> 1, last >> 1
    if last:
        raise VerificationError(N_("inclusion proof: entry {index} of {size}: too short"), index=index, size=size)
    if joined != root:
        raise VerificationError(
            N_("inclusion proof: entry {index} of {size}: root mismatch (got {got}, expected {expected})"),
            index=index,
            size=size,
            got=joined.hex(),
            expected=root.hex(),
        )


def verify_consistency(old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree of `old_size` entries is the beginning of the tree of `new_size` entries.

    Raises:
        VerificationError: it is not, the older tree is empty or larger, or the proof has a hash too many or too few.
    """
    if not 0 < old_size <= new_size <= MAX_SIZE:
        raise VerificationError(
            N_("consistency proof: cannot lead from {old_size} to {new_size} entries"),
            old_size=old_size,
            new_size=new_size,
        )
    _require_hashes((old_root, new_root, *proof))
    if old_size < new_size:
        got_old, got_new = _roots_of_consistency(old_size, old_root, new_size, proof)
    elif proof:
        raise _inconsistent(_CONSISTENCY_LONG, old_size, new_size)
    else:
        got_old = got_new = new_root
    if got_old != old_root:
        raise _inconsistent(_OLD_ROOT_DIFFERS, old_size, new_size, got_old, old_root)
    if got_new != new_root:
        raise _inconsistent(_NEW_ROOT_DIFFERS, old_size, new_size, got_new, new_root)


def _roots_of_consistency(old_size: int, old_root: bytes, new_size: int, proof: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The old and the new root that a proof between two sizes leads to (RFC 9162 section 2.1.4.2)."""
    lift = _zero_bits(old_size)
    place, last = (old_size - 1) >> lift, (new_size - 1) >> lift
    hashes = list(proof) if place else [old_root, *proof]
    if not hashes:
        raise _inconsistent(_CONSISTENCY_SHORT, old_size, new_size)
    old = new = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            raise _inconsistent(_CONSISTENCY_LONG, old_size, new_size)
        if place % 2 or place == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            lift = _zero_bits(place)
            place, last = place >> lift, last >> lift
        else:
            new = node_hash(new, sibling)
        place, last = place >> 1, last >> 1
    if last:
        raise _inconsistent(_CONSISTENCY_SHORT, old_size, new_size)
    return old, new


def _inconsistent(
    message: str, old_size: int, new_size: int, got: bytes = b"", expected: bytes = b""
) -> VerificationError:
    return VerificationError(message, old_size=old_size, new_size=new_size, got=got.hex(), expected=expected.hex())


def _middle(start: int, end: int) -> int:
    """Where RFC 6962 splits a range of at least two: after the largest power of two smaller than its length."""
    return start + (1 << ((end - start - 1).bit_length() - 1))


def _range_hash(read: HashReader, start: int, end: int) -> bytes:
    return fold([read(level, index) for level, index in subtrees(start, end)])


def _zero_bits(number: int) -> int:
    """How often a positive number can be halved."""
    return (number & -number).bit_length() - 1


def _require_hashes(hashes: Iterable[bytes]) -> None:
    for value in hashes:
        if len(value) != HASH_SIZE:
            raise VerificationError(
                N_("proof: a hash has {got} bytes, expected {expected}"), got=len(value), expected=HASH_SIZE
            )
