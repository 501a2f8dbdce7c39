from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta, timezone
from typing import cast

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from runner.audit.leaves import LeafMaker
from runner.errors import UsageError
from runner.model.document import JsonObject, JsonValue
from runner.model.log import About, ActorKind, Entry, LogMode
from runner.proof.canonical import canonical_bytes
from runner.proof.leaf import parse_leaf, payload_commitment
from runner.rules.tags import Tag
from tests.stores import NOON, FixedClock

ENTRY = Entry(
    tag=Tag.RUN_MOVED,
    occurred=NOON,
    actor_kind=ActorKind.PERSON,
    actor="ann",
    about=About(run="BG-2026-0001/1", request="BG-2026-0001"),
    payload={"from": "running", "说明": "维护"},
    source="s/1",
)

TEXTS = st.text(st.one_of(st.sampled_from('"\\\n\x1f\uffff\U0001f600'), st.characters(exclude_categories=["Cs"])))
PAYLOADS: st.SearchStrategy[JsonObject] = st.dictionaries(
    TEXTS,
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(-(2**53) + 1, 2**53 - 1), TEXTS),
        lambda inner: cast("st.SearchStrategy[JsonValue]", st.one_of(st.lists(inner), st.dictionaries(TEXTS, inner))),
        max_leaves=5,
    ),
)


@given(st.lists(PAYLOADS, max_size=3))
def test_each_of_many_payloads_is_kept_and_bound_as_rfc8785_writes_it(payloads: list[JsonObject]) -> None:
    entries = [replace(ENTRY, payload=payload, about=About(event=at)) for at, payload in enumerate(payloads)]
    leaves = LeafMaker(FixedClock(), LogMode.EMBEDDED).make_all(entries)
    assert len(leaves) == len(entries)
    for leaf, entry in zip(leaves, entries, strict=True):
        payload = rfc8785.dumps(cast("dict[str, str]", entry.payload))
        assert leaf.payload == payload
        assert leaf.salt is not None
        fields = parse_leaf(leaf.leaf)
        assert (fields.about, fields.payload) == (entry.about, payload_commitment(leaf.salt, payload))


def test_a_leaf_says_what_happened_and_when_it_was_recorded() -> None:
    clock = FixedClock()
    clock.move(timedelta(seconds=3))
    leaf = LeafMaker(clock, LogMode.INSTALLED, lambda size: b"s" * size).make(ENTRY)
    fields = parse_leaf(leaf.leaf)
    assert (fields.tag, fields.about, fields.actor, fields.mode) == (
        "service:run:moved",
        ENTRY.about,
        "ann",
        LogMode.INSTALLED,
    )
    assert (fields.occurred, fields.recorded) == (NOON, NOON + timedelta(seconds=3))
    assert (leaf.source, leaf.run, leaf.request, leaf.tag) == (
        "s/1",
        "BG-2026-0001/1",
        "BG-2026-0001",
        "service:run:moved",
    )


def test_the_payload_is_bound_by_a_salted_commitment_and_kept_apart() -> None:
    leaf = LeafMaker(FixedClock(), LogMode.EMBEDDED, lambda size: b"s" * size).make(ENTRY)
    assert leaf.payload == canonical_bytes({"from": "running", "说明": "维护"})
    assert leaf.salt == b"s" * 16
    assert parse_leaf(leaf.leaf).payload == payload_commitment(leaf.salt, leaf.payload)
    assert "维护".encode() not in leaf.leaf


def test_without_payload_there_is_neither_commitment_nor_salt() -> None:
    bare = Entry(Tag.SERVICE_STARTED, NOON, ActorKind.SERVICE, "twokey", About())
    leaf = LeafMaker(FixedClock(), LogMode.EMBEDDED).make(bare)
    assert (leaf.payload, leaf.salt, parse_leaf(leaf.leaf).payload) == (None, None, None)


def test_every_salt_is_new() -> None:
    leaves = LeafMaker(FixedClock(), LogMode.EMBEDDED, os.urandom).make_all([ENTRY] * 50)
    assert len({leaf.salt for leaf in leaves}) == 50
    assert len({leaf.leaf for leaf in leaves}) == 50
    assert LeafMaker(FixedClock(), LogMode.EMBEDDED).make_all([]) == []


@pytest.mark.parametrize(
    "entry",
    [
        Entry("t", NOON.replace(tzinfo=None), ActorKind.SERVICE, "twokey", About()),
        Entry("t", NOON.astimezone(timezone(timedelta(hours=8))), ActorKind.SERVICE, "twokey", About()),
        Entry("t", NOON, ActorKind.SERVICE, "half \ud800", About()),
        Entry("t", NOON, ActorKind.SERVICE, "twokey", About(event=2**53)),
        Entry("t", NOON, ActorKind.SERVICE, "twokey", About(), {"number": 2**53}),
        Entry("t", NOON, ActorKind.SERVICE, "x" * 20_000, About()),
    ],
    ids=["naive time", "local time", "half a character", "event too large", "payload too large", "leaf too large"],
)
def test_what_has_no_canonical_form_is_no_leaf(entry: Entry) -> None:
    with pytest.raises(UsageError):
        LeafMaker(FixedClock(), LogMode.EMBEDDED).make(entry)
