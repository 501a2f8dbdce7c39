from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.model.document import JsonValue
from runner.runbook.yaml_source import MAX_BYTES, MAX_DEPTH, read_yaml

TEXTS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x2FF, exclude_categories=["Cc", "Cs"]), max_size=12)
SCALARS = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXTS
VALUES: st.SearchStrategy[JsonValue] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_json_reads_as_itself(value: JsonValue) -> None:
    read = read_yaml(json.dumps(value, ensure_ascii=False).encode(), "x")
    assert read.problems == ()
    assert read.value == value


@given(st.binary(max_size=200))
def test_no_bytes_make_it_raise(data: bytes) -> None:
    read = read_yaml(data, "x")
    assert read.readable or read.problems


@given(st.text(alphabet="ab:{}[]-&*!|>'\"\n \t#,?%0", max_size=60))
def test_no_yaml_makes_it_raise(text: str) -> None:
    read = read_yaml(text.encode(), "x")
    assert read.readable or read.problems


@given(st.dictionaries(st.from_regex(r"[a-z]{1,6}x", fullmatch=True), st.integers(0, 9), min_size=1, max_size=8))
def test_places_are_those_of_the_text(mapping: dict[str, int]) -> None:
    lines = [f"{key}:   {value}" for key, value in mapping.items()]
    places = read_yaml("\n".join(lines).encode(), "x").places
    for number, key in enumerate(mapping, 1):
        assert places.of_key((key,)) == (number, 1)
        assert places.of_value((key,)) == (number, len(key) + 5)


def test_place_of_a_missing_part_is_that_around_it() -> None:
    places = read_yaml(b"a:\n  - {b: 1}\n", "x").places
    assert places.of_value(("a", 0, "nothing", "there")) == (2, 5)
    assert places.of_value(("nothing",)) == (1, 1)


def test_columns_count_characters() -> None:
    assert read_yaml("标题: {中文: yes}".encode(), "x").problems[0].column == 10


@pytest.mark.parametrize("text", ["true", "True", "TRUE"])
def test_flags(text: str) -> None:
    assert read_yaml(f"a: {text}".encode(), "x").value == {"a": True}


@pytest.mark.parametrize(
    "text",
    ["yes", "No", "ON", "off", "1.5", ".5", "1.", "1e3", "-.inf", ".NaN", "0755", "0o17", "0x1f", "0b1", "1_000", "08",
     "10:30", "08:30", "12:34:56:12", "2026-11-01", "2026-11-01T10:00:00Z", "=", "9007199254740992"],
)  # fmt: skip
def test_what_readers_take_differently_is_refused(text: str) -> None:
    read = read_yaml(f"a: {text}".encode(), "x")
    assert [(problem.line, problem.column) for problem in read.problems] == [(1, 4)]
    assert text in read.problems[0].text
    assert read_yaml(f"a: '{text}'".encode(), "x").problems == ()


@pytest.mark.parametrize(
    "text", ["1.2.3", "10.0.0.1", "10m", "2GiB", "80%", "a:b", "y", "n", "-x", "00:16:3e:aa:bb:cc", "中文", "1-2", "+"]
)
def test_plain_text_stays_text(text: str) -> None:
    read = read_yaml(f"a: {text}".encode(), "x")
    assert (read.value, read.problems) == ({"a": text}, ())


def test_an_alias_bomb_costs_nothing() -> None:
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30))]
    read = read_yaml("\n".join(lines).encode(), "x")
    assert read.readable
    assert len(read.problems) == 30 + 29 * 9


def test_depth_is_bounded() -> None:
    assert read_yaml(("[" * MAX_DEPTH + "]" * MAX_DEPTH).encode(), "x").problems == ()
    assert "deeply" in read_yaml(b"[" * 500_000, "x").problems[0].text
    assert "deeply" in read_yaml(b"- " * 100_000, "x").problems[0].text


def test_size_is_bounded() -> None:
    assert "too long" in read_yaml(b"#" * (MAX_BYTES + 1), "x").problems[0].text


def test_a_byte_order_mark_is_no_character() -> None:
    assert read_yaml("\ufeffa: 1".encode(), "x").value == {"a": 1}


@pytest.mark.parametrize("letter", ["\x07", "\x85", "\u2028", "\u202e", "\u2066"])
def test_unseen_characters_are_refused(letter: str) -> None:
    read = read_yaml(f"a: 1\nb: x{letter}".encode(), "x")
    assert (read.problems[0].line, read.problems[0].column) == (2, 5)


def test_the_first_of_two_keys_counts_and_the_second_is_a_problem() -> None:
    read = read_yaml(b"a: 1\nb: {c: 2, c: {d: [3]}, e: 4}\na: [5, {a: 1}]\n", "x")
    assert read.value == {"a": 1, "b": {"c": 2, "e": 4}}
    assert [problem.line for problem in read.problems] == [2, 3]
