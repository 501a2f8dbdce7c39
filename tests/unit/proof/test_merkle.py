"""Merkle trees against RFC 6962: its definitions written out naively, and the reference vectors of CT."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import ParamSpec

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import UsageError, VerificationError
from runner.proof.merkle import (
    EMPTY_ROOT,
    HASH_SIZE,
    MAX_SIZE,
    HashReader,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_at,
    root_of,
    subtrees,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [
    bytes.fromhex(entry)
    for entry in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    bytes.fromhex(root)
    for root in (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
]
INCLUSION: list[tuple[int, int, list[str]]] = [
    (0, 1, []),
    (
        0,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        5,
        8,
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (
        1,
        5,
        [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
]
CONSISTENCY: list[tuple[int, int, list[str]]] = [
    (1, 1, []),
    (
        1,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        6,
        8,
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (
        2,
        5,
        [
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
]
P = ParamSpec("P")
SIZES = st.integers(1, 70)
JUNK = b"\x55" * HASH_SIZE


def entry(index: int) -> bytes:
    return b"entry %d" % index


def split(count: int) -> int:
    """The largest power of two smaller than `count`."""
    power = 1
    while power * 2 < count:
        power *= 2
    return power


def mth(entries: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962 section 2.1, word for word."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    k = split(len(entries))
    return hashlib.sha256(b"\x01" + mth(entries[:k]) + mth(entries[k:])).digest()


def path(index: int, entries: Sequence[bytes]) -> list[bytes]:
    """PATH of RFC 6962 section 2.1.1."""
    if len(entries) == 1:
        return []
    k = split(len(entries))
    if index < k:
        return [*path(index, entries[:k]), mth(entries[k:])]
    return [*path(index - k, entries[k:]), mth(entries[:k])]


def subproof(size: int, entries: Sequence[bytes], *, whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962 section 2.1.2."""
    if size == len(entries):
        return [] if whole else [mth(entries)]
    k = split(len(entries))
    if size <= k:
        return [*subproof(size, entries[:k], whole=whole), mth(entries[k:])]
    return [*subproof(size - k, entries[k:], whole=False), mth(entries[:k])]


def naive_reader(entries: Sequence[bytes]) -> HashReader:
    def read(level: int, index: int) -> bytes:
        start, end = index << level, (index + 1) << level
        if end > len(entries):
            raise AssertionError((level, index))
        return mth(entries[start:end])

    return read


def damaged(proof: Sequence[bytes]) -> list[tuple[bytes, ...]]:
    """A proof cut short anywhere, with one hash added, and each missing, doubled, changed, or swapped with the next."""
    proofs: list[tuple[bytes, ...]] = [(*proof, JUNK), (JUNK, *proof)]
    proofs += [tuple(proof[:length]) for length in range(len(proof))]
    for at, value in enumerate(proof):
        before, after = tuple(proof[:at]), tuple(proof[at + 1 :])
        changed = bytes([value[0] ^ 1]) + value[1:]
        proofs += [before + after, (*before, value, value, *after), (*before, changed, *after)]
        if after:
            proofs.append((*before, after[0], value, *after[1:]))
    return proofs


def is_refused(check: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> bool:
    try:
        check(*args, **kwargs)
    except VerificationError:
        return True
    return False


def test_hashes_are_separated_by_kind() -> None:
    assert leaf_hash(b"") == ROOTS[1]
    assert node_hash(leaf_hash(LEAVES[0]), leaf_hash(LEAVES[1])) == ROOTS[2]
    assert ROOTS[0] == EMPTY_ROOT


@pytest.mark.parametrize("size", range(9))
def test_published_roots(size: int) -> None:
    assert root_at(naive_reader(LEAVES), size) == ROOTS[size]
    assert root_of([leaf_hash(entry) for entry in LEAVES[:size]]) == ROOTS[size]


@pytest.mark.parametrize("index, size, hashes", INCLUSION)
def test_published_inclusion_proofs(index: int, size: int, hashes: list[str]) -> None:
    proof = tuple(map(bytes.fromhex, hashes))
    assert inclusion_proof(naive_reader(LEAVES), index, size) == proof
    verify_inclusion(leaf_hash(LEAVES[index]), index, size, proof, ROOTS[size])


@pytest.mark.parametrize("old_size, new_size, hashes", CONSISTENCY)
def test_published_consistency_proofs(old_size: int, new_size: int, hashes: list[str]) -> None:
    proof = tuple(map(bytes.fromhex, hashes))
    assert consistency_proof(naive_reader(LEAVES), old_size, new_size) == proof
    verify_consistency(old_size, ROOTS[old_size], new_size, ROOTS[new_size], proof)


@given(SIZES, st.data())
def test_inclusion_proofs_are_those_of_the_definition(size: int, data: st.DataObject) -> None:
    entries = [entry(index) for index in range(size)]
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(naive_reader(entries), index, size)
    assert list(proof) == path(index, entries)
    leaf, root = leaf_hash(entries[index]), mth(entries)
    verify_inclusion(leaf, index, size, proof, root)
    for wrong in damaged(proof):
        assert is_refused(verify_inclusion, leaf, index, size, wrong, root)
    assert is_refused(verify_inclusion, JUNK, index, size, proof, root)
    assert is_refused(verify_inclusion, leaf, index, size, proof, JUNK)
    assert is_refused(verify_inclusion, leaf, index + size, size, proof, root)


@given(SIZES, st.data())
def test_an_entry_is_at_no_other_place(size: int, data: st.DataObject) -> None:
    entries = [entry(index) for index in range(size)]
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(naive_reader(entries), index, size)
    for other in set(range(size)) - {index}:
        assert is_refused(verify_inclusion, leaf_hash(entries[index]), other, size, proof, mth(entries))


@given(SIZES, st.data())
def test_consistency_proofs_are_those_of_the_definition(new_size: int, data: st.DataObject) -> None:
    entries = [entry(index) for index in range(new_size)]
    old_size = data.draw(st.integers(1, new_size))
    proof = consistency_proof(naive_reader(entries), old_size, new_size)
    assert list(proof) == subproof(old_size, entries, whole=True)
    old, new = mth(entries[:old_size]), mth(entries)
    verify_consistency(old_size, old, new_size, new, proof)
    for wrong in damaged(proof):
        assert is_refused(verify_consistency, old_size, old, new_size, new, wrong)
    assert is_refused(verify_consistency, old_size, JUNK, new_size, new, proof)
    assert is_refused(verify_consistency, old_size, old, new_size, JUNK, proof)


def test_every_proof_up_to_forty_entries() -> None:
    entries = [entry(index) for index in range(40)]
    read = lru_cache(maxsize=None)(naive_reader(entries))
    roots = [mth(entries[:size]) for size in range(41)]
    for size in range(1, 41):
        for index in range(size):
            proof = inclusion_proof(read, index, size)
            assert list(proof) == path(index, entries[:size])
            verify_inclusion(leaf_hash(entries[index]), index, size, proof, roots[size])
            proof = consistency_proof(read, index + 1, size)
            assert list(proof) == subproof(index + 1, entries[:size], whole=True)
            verify_consistency(index + 1, roots[index + 1], size, roots[size], proof)


@pytest.mark.parametrize("old_size, new_size", [(1, 8), (3, 8), (4, 8), (6, 8), (7, 8), (5, 6)])
def test_a_short_proof_is_told_from_a_wrong_one(old_size: int, new_size: int) -> None:
    proof = consistency_proof(naive_reader(LEAVES), old_size, new_size)
    for length in range(len(proof)):
        with pytest.raises(VerificationError, match="too short"):
            verify_consistency(old_size, ROOTS[old_size], new_size, ROOTS[new_size], proof[:length])
    with pytest.raises(VerificationError, match="too long"):
        verify_consistency(old_size, ROOTS[old_size], new_size, ROOTS[new_size], (*proof, JUNK))
    with pytest.raises(VerificationError, match="root mismatch"):
        verify_consistency(old_size, ROOTS[old_size], new_size, ROOTS[new_size], (*proof[:-1], JUNK))


def test_the_largest_tree() -> None:
    assert MAX_SIZE == 2**63 - 1
    with pytest.raises(VerificationError, match="root mismatch"):
        verify_inclusion(JUNK, MAX_SIZE - 1, MAX_SIZE, (JUNK,) * 62, JUNK)
    with pytest.raises(VerificationError, match="root mismatch"):
        verify_consistency(1, JUNK, MAX_SIZE, JUNK, (JUNK,) * 63)


@given(SIZES, st.data())
def test_a_rewritten_entry_breaks_consistency(new_size: int, data: st.DataObject) -> None:
    entries = [entry(index) for index in range(new_size)]
    old_size = data.draw(st.integers(1, new_size))
    rewritten = list(entries)
    rewritten[data.draw(st.integers(0, old_size - 1))] = b"something else"
    proof = consistency_proof(naive_reader(rewritten), old_size, new_size)
    assert is_refused(verify_consistency, old_size, mth(entries[:old_size]), new_size, mth(rewritten), proof)


@pytest.mark.parametrize("index, size", [(0, 0), (1, 1), (8, 8), (-1, 8), (0, -1), (0, MAX_SIZE + 1), (2**70, 2**80)])
def test_no_inclusion_outside_the_tree(index: int, size: int) -> None:
    with pytest.raises(UsageError):
        inclusion_proof(naive_reader(LEAVES), index, size)
    for proof in ((), (JUNK,), (JUNK,) * 3):
        with pytest.raises(VerificationError) as refusal:
            verify_inclusion(ROOTS[1], index, size, proof, ROOTS[1])
        assert refusal.value.facts == {"index": index, "size": size}


@pytest.mark.parametrize("old_size, new_size", [(0, 0), (0, 8), (-1, 8), (8, 7), (1, MAX_SIZE + 1)])
def test_no_consistency_from_nothing_or_backwards(old_size: int, new_size: int) -> None:
    with pytest.raises(UsageError):
        consistency_proof(naive_reader(LEAVES), old_size, new_size)
    for proof in ((), (JUNK,), (JUNK,) * 3):
        with pytest.raises(VerificationError):
            verify_consistency(old_size, ROOTS[0], new_size, ROOTS[0], proof)


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_hashes_of_another_length_are_refused(length: int) -> None:
    proof = inclusion_proof(naive_reader(LEAVES), 0, 8)
    odd = b"\x00" * length
    with pytest.raises(VerificationError):
        verify_inclusion(leaf_hash(LEAVES[0]), 0, 8, (*proof[:2], odd), ROOTS[8])
    with pytest.raises(VerificationError):
        verify_inclusion(odd, 0, 1, (), odd)
    with pytest.raises(VerificationError):
        verify_consistency(1, odd, 1, odd, ())


def test_the_same_tree_with_two_roots_is_refused() -> None:
    verify_consistency(8, ROOTS[8], 8, ROOTS[8], ())
    with pytest.raises(VerificationError):
        verify_consistency(8, ROOTS[8], 8, ROOTS[7], ())
    with pytest.raises(VerificationError):
        verify_consistency(8, ROOTS[8], 8, ROOTS[8], (ROOTS[8],))


def test_a_mismatch_tells_both_roots() -> None:
    with pytest.raises(VerificationError) as refusal:
        verify_inclusion(ROOTS[1], 0, 1, (), JUNK)
    assert refusal.value.facts == {"index": 0, "size": 1, "got": ROOTS[1].hex(), "expected": JUNK.hex()}


@given(st.integers(0, 10**9))
def test_subtrees_cover_a_tree_without_gap(size: int) -> None:
    at = 0
    levels = []
    for level, index in subtrees(0, size):
        assert index << level == at
        at = (index + 1) << level
        levels.append(level)
    assert at == size
    assert levels == sorted(set(levels), reverse=True)


@given(st.integers(1, MAX_SIZE), st.data())
def test_a_proof_reads_few_hashes(size: int, data: st.DataObject) -> None:
    asked: list[tuple[int, int]] = []

    def read(level: int, index: int) -> bytes:
        assert (index + 1) << level <= size
        asked.append((level, index))
        return hashlib.sha256(b"%d %d" % (level, index)).digest()

    inclusion_proof(read, data.draw(st.integers(0, size - 1)), size)
    consistency_proof(read, data.draw(st.integers(1, size)), size)
    assert len(asked) <= 4 * 63
    assert len(set(asked)) <= 3 * 63
