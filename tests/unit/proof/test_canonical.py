"""Canonical JSON: the same bytes as rfc8785 for everything accepted, and a refusal for everything else."""

from __future__ import annotations

import json
import math
from enum import IntEnum, StrEnum
from typing import cast

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from runner.model.document import JsonValue
from runner.proof.canonical import (
    MAX_DEPTH,
    MAX_INTEGER,
    CanonicalError,
    canonical_bytes,
    digest,
    digest_of,
    parse_strict,
    require_digest,
)

AWKWARD = st.sampled_from('\x00\x1f"\\/\b\f\n\r\t\x7f\x80\u2028\ud7ff\ue000\ufb33\uffff\U00010000\U0001f600é中a€')
TEXTS = st.text(st.one_of(AWKWARD, st.characters(exclude_categories=["Cs"])))
VALUES: st.SearchStrategy[JsonValue] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-MAX_INTEGER, MAX_INTEGER), TEXTS),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(TEXTS, inner)),
    max_leaves=30,
)


class Word(StrEnum):
    YES = "y\u0000s"


class Number(IntEnum):
    TWO = 2


def nested(depth: int) -> JsonValue:
    value: JsonValue = []
    for _ in range(depth - 1):
        value = [value]
    return value


def named(depth: int) -> JsonValue:
    value: JsonValue = {}
    for _ in range(depth - 1):
        value = {"a": value}
    return value


@given(VALUES)
def test_the_bytes_are_those_of_rfc8785(value: JsonValue) -> None:
    assert canonical_bytes(value) == rfc8785.dumps(cast("dict[str, str]", value))


@given(VALUES)
def test_what_was_written_is_read_back(value: JsonValue) -> None:
    assert parse_strict(canonical_bytes(value)) == value


@given(st.dictionaries(st.text(AWKWARD, max_size=3), st.booleans(), min_size=2))
def test_names_sort_by_utf16_units(value: dict[str, bool]) -> None:
    written = json.loads(canonical_bytes(cast("JsonValue", value)), object_pairs_hook=list)
    names = [name for name, _ in written]
    assert names == sorted(value, key=lambda name: name.encode("utf-16-be"))


def test_the_example_of_the_rfc_sorts_as_printed_there() -> None:
    names: JsonValue = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\x80": 6, "ö": 7}
    expected = '{"\\r":2,"1":4,"\x80":6,"ö":7,"€":1,"\U0001f600":5,"\ufb33":3}'
    assert canonical_bytes(names) == expected.encode()


@pytest.mark.parametrize("value", [Word.YES, Number.TWO, {Word.YES: Number.TWO}, ("a", (1, True), ()), {"a": {}}, [[]]])
def test_enumerations_and_tuples_are_written_as_their_values(value: object) -> None:
    assert canonical_bytes(cast("JsonValue", value)) == rfc8785.dumps(cast("dict[str, str]", value))


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        -0.0,
        math.nan,
        math.inf,
        MAX_INTEGER + 1,
        -MAX_INTEGER - 1,
        10**5000,
        "\ud800",
        "\ud83d\ude00",
        b"bytes",
        {1, 2},
        object(),
        {1: "a"},
        {None: "a"},
        {True: "a"},
        {1.5: "a"},
        {("a",): "a"},
        {"\udfff": "a"},
        {"a\ud800": "a", "\U0001f600": "a"},
        nested(MAX_DEPTH + 1),
        nested(100_000),
        {"a": nested(MAX_DEPTH)},
        named(MAX_DEPTH + 1),
        type("Mapping", (dict,), {})(a=1),
        type("Sequence", (list,), {})([1]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    for place in (value, [value], {"a": value}, ["a", {"b": (1, value)}]):
        with pytest.raises(CanonicalError):
            canonical_bytes(cast("JsonValue", place))


def test_a_value_that_holds_itself_is_refused() -> None:
    value: list[JsonValue] = []
    value.append(value)
    with pytest.raises(CanonicalError):
        canonical_bytes(value)


def test_the_deepest_value_is_accepted() -> None:
    assert canonical_bytes(nested(MAX_DEPTH)) == b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    assert parse_strict(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH) == nested(MAX_DEPTH)
    assert parse_strict(canonical_bytes(named(MAX_DEPTH))) == named(MAX_DEPTH)


@pytest.mark.parametrize("number", [MAX_INTEGER, -MAX_INTEGER, 0, True])
def test_the_largest_numbers_are_accepted(number: int) -> None:
    assert MAX_INTEGER == 2**53 - 1
    assert parse_strict(canonical_bytes([number])) == [number]


def test_the_name_given_twice_is_told() -> None:
    with pytest.raises(CanonicalError) as refusal:
        parse_strict(b'{"a":1,"b":2,"c":3,"b":4}')
    assert refusal.value.facts == {"name": "b"}


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b" ",
        b"{",
        b'{"a":1',
        b'{"a":1}x',
        b'{"a":1}{"a":1}',
        b'{"a":1,"a":1}',
        b'{"a":{"b":1,"c":2,"b":3}}',
        b'{"a":1,"\\u0061":2}',
        b"{'a':1}",
        b"{a:1}",
        b"[1,]",
        b"1.0",
        b"1e3",
        b"-0",
        b"-0.0",
        b"01",
        b"NaN",
        b"Infinity",
        b"[-Infinity]",
        b"9007199254740992",
        b"-9007199254740992",
        b"1" * 5000,
        b"-" + b"1" * 5000,
        b'"\\ud800"',
        b'"\\uDFFF"',
        b'{"\\ud800":1}',
        b'"\\ud800\\u0041"',
        b'"\x80"',
        b'"\xed\xa0\x80"',
        b'"\xc0\xaf"',
        b'"a\nb"',
        b'\xef\xbb\xbf{"a":1}',
        '{"a":1}'.encode("utf-16"),
        b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
        b"[" * 200_000,
        b'{"a":' * 100_000,
    ],
    ids=lambda document: repr(document[:24]),
)
def test_a_document_two_readers_could_take_differently_is_refused(document: bytes) -> None:
    with pytest.raises(CanonicalError):
        parse_strict(document)


def test_a_document_cut_short_anywhere_is_refused() -> None:
    document = canonical_bytes({"名": ["a\n", 1, None, {"b": True}], "z": "\U0001f600"})
    for length in range(len(document)):
        with pytest.raises(CanonicalError):
            parse_strict(document[:length])


def test_escaped_pairs_are_read() -> None:
    assert parse_strict(b'"\\ud83d\\ude00 \\u4e2d"') == "\U0001f600 中"


def test_the_limit_counts_bytes() -> None:
    document = '"中"'.encode()
    assert parse_strict(document, len(document)) == "中"
    with pytest.raises(CanonicalError) as refusal:
        parse_strict(document, len(document) - 1)
    assert refusal.value.facts == {"size": 5, "limit": 4}


@pytest.mark.parametrize("document", [b'{"a":1}', b'[9007199254740991,"-0.0 1e3 NaN"]', b' \n{"a" : [ ] }\t'])
def test_ordinary_documents_are_read(document: bytes) -> None:
    assert parse_strict(document) == json.loads(document)


@given(st.binary(max_size=40))
def test_arbitrary_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        value = parse_strict(data)
    except CanonicalError:
        return
    assert parse_strict(canonical_bytes(value)) == value


def test_digests() -> None:
    empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert digest(b"") == empty
    assert digest_of({"b": 1, "a": []}) == digest(b'{"a":[],"b":1}')
    require_digest(empty)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sha256:",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b8555",
        "sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n",
        "sha512:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ],
)
def test_other_text_is_no_digest(text: str) -> None:
    with pytest.raises(CanonicalError):
        require_digest(text)
