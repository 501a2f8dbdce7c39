from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import UsageError, VerificationError
from runner.model.document import JsonObject
from runner.model.log import About, ActorKind, LeafFields, LogMode
from runner.model.time import instant_to_text
from runner.proof.canonical import canonical_bytes
from runner.proof.leaf import MAX_LEAF, leaf_bytes, parse_leaf, payload_commitment, search_keys

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
LEAF = LeafFields(
    tag="shim:ansible:event",
    occurred=NOON,
    recorded=NOON + timedelta(microseconds=1),
    actor_kind=ActorKind.SHIM,
    actor="s-1",
    mode=LogMode.EMBEDDED,
    about=About(request="BG-2026-0001", run="BG-2026-0001/1", batch=0, step="升级", role="do", attempt=1, event=12),
    payload="sha256:" + "0" * 64,
)
GOLDEN = (
    '{"about":{"attempt":1,"batch":0,"event":12,"request":"BG-2026-0001","role":"do","run":"BG-2026-0001/1",'
    '"step":"升级"},"actor":{"id":"s-1","kind":"shim"},"mode":"embedded","occurred":"2026-11-23T04:00:00.000000Z",'
    '"payload":"sha256:' + "0" * 64 + '","recorded":"2026-11-23T04:00:00.000001Z","tag":"shim:ansible:event","v":1}'
)

texts = st.text(st.characters(codec="utf-8"), max_size=20)
numbers = st.none() | st.integers(0, 2**53 - 1)
instants = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants naive bounds
leaves = st.builds(
    LeafFields,
    tag=texts,
    occurred=instants,
    recorded=instants,
    actor_kind=st.sampled_from(ActorKind),
    actor=texts,
    mode=st.sampled_from(LogMode),
    about=st.builds(
        About,
        **dict.fromkeys(("request", "run", "step", "role", "host", "content", "plan", "statement"), texts),
        **dict.fromkeys(("batch", "attempt", "event"), numbers),
    ),
    payload=st.none() | st.binary(min_size=32, max_size=32).map(lambda data: "sha256:" + data.hex()),
)


@given(leaves)
def test_a_leaf_is_the_canonical_form_of_what_it_says(leaf: LeafFields) -> None:
    about = {name: value for name, value in asdict(leaf.about).items() if value not in (None, "")}
    says: JsonObject = {
        "about": about,
        "actor": {"id": leaf.actor, "kind": leaf.actor_kind},
        "mode": leaf.mode,
        "occurred": instant_to_text(leaf.occurred),
        "payload": leaf.payload,
        "recorded": instant_to_text(leaf.recorded),
        "tag": leaf.tag,
        "v": 1,
    }
    assert leaf_bytes(leaf) == canonical_bytes(says)


@pytest.mark.parametrize(
    "about",
    [
        About(event=2**53),
        About(event=True),
        About(event=cast("int", 1.0)),
        About(run=cast("str", 7)),
        About(run="\ud800"),
    ],
)
def test_what_has_no_canonical_form_has_no_leaf(about: About) -> None:
    with pytest.raises(UsageError):
        leaf_bytes(replace(LEAF, about=about))


def test_the_form_of_a_leaf_is_final() -> None:
    assert leaf_bytes(LEAF).decode() == GOLDEN


@given(leaves)
def test_a_leaf_is_read_back_as_it_was_written(leaf: LeafFields) -> None:
    data = leaf_bytes(leaf)
    assert parse_leaf(data) == leaf
    keys = search_keys(data)
    assert (keys.tag, keys.run, keys.request) == (leaf.tag, leaf.about.run, leaf.about.request)
    assert (keys.actor, keys.occurred) == (leaf.actor, leaf.occurred)


@given(st.integers(0, len(GOLDEN.encode()) - 1), st.integers(1, 255))
def test_no_other_bytes_are_the_same_leaf(place: int, flip: int) -> None:
    data = bytearray(GOLDEN.encode())
    data[place] ^= flip
    try:
        read = parse_leaf(bytes(data))
    except VerificationError:
        return
    assert read != LEAF


def changed(**fields: object) -> bytes:
    document = {**json.loads(GOLDEN), **fields}
    return canonical_bytes(document)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"[]",
        b"7",
        b"null",
        b"[" * 100_000,
        GOLDEN.encode() + b" ",
        GOLDEN.replace('"v":1', '"v": 1').encode(),
        GOLDEN.replace('"v":1', '"v":1,"v":1').encode(),
        GOLDEN.replace('"v":1', '"v":1.0').encode(),
        GOLDEN.replace("升", "\\u5347").encode(),
        changed(v=2),
        changed(v=True),
        changed(extra=1),
        changed(payload="sha256:" + "A" * 64),
        changed(payload=3),
        changed(mode="other"),
        changed(actor={"id": "s-1", "kind": "ghost"}),
        changed(actor={"id": "s-1", "kind": "shim", "more": 1}),
        changed(actor={"id": 7, "kind": "shim"}),
        changed(about={"colour": "red"}),
        changed(about={"batch": "0"}),
        changed(about={"batch": True}),
        changed(about={"run": 1}),
        changed(about={"run": ""}),
        changed(about=[]),
        changed(tag=1),
        changed(occurred="2026-11-23T04:00:00Z"),
        changed(occurred="2026-11-23T05:00:00.000000+01:00"),
        changed(occurred="yesterday"),
        canonical_bytes({name: value for name, value in json.loads(GOLDEN).items() if name != "mode"}),
    ],
)
def test_what_is_no_leaf_is_refused(data: bytes) -> None:
    with pytest.raises(VerificationError):
        parse_leaf(data)


@pytest.mark.parametrize("data", [b"", b"7", b"[]", b"{}", b"\xff", b'{"tag":"x","about":[]}'])
def test_what_is_no_leaf_is_found_by_nothing(data: bytes) -> None:
    assert search_keys(data).run == ""


def test_a_leaf_has_bounds() -> None:
    with pytest.raises(UsageError):
        leaf_bytes(LeafFields("t", NOON, NOON, ActorKind.SERVICE, "x" * MAX_LEAF, LogMode.EMBEDDED, About(), None))


def test_a_commitment_binds_salt_and_payload_apart() -> None:
    whole = payload_commitment(b"salt", b"payload")
    assert whole != payload_commitment(b"saltp", b"ayload")
    assert whole != payload_commitment(b"", b"saltpayload")
    assert whole == "sha256:75a7d7bd8a1fe2559ba0c10c696cfdb5732758642fbcdb832c64e9409882bde4"
