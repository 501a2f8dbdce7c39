from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime
from pathlib import PurePosixPath

import hypothesis.strategies as st
import pytest
from hypothesis import given

from runner.engine.ansible_side.masking import Plain
from runner.engine.ansible_side.shape import cut, plain, to_json
from runner.proof.canonical import canonical_bytes

_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.tuples(inner)
        | st.dictionaries(st.text() | st.integers() | st.booleans() | st.none(), inner, max_size=5)
    ),
    max_leaves=20,
)


@given(_ANY)
def test_whatever_a_module_returns_has_a_canonical_form(value: object) -> None:
    assert canonical_bytes(plain(value)) is not None


@pytest.mark.parametrize(
    "value,told",
    [
        (1.5, "1.5"),
        (float("nan"), "nan"),
        (2**53 - 1, 2**53 - 1),
        (2**53, "9007199254740992"),
        (b"a\xff", "a\N{REPLACEMENT CHARACTER}"),
        ("\udc80", "\N{REPLACEMENT CHARACTER}"),
        (date(2026, 11, 23), "2026-11-23"),
        (datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC), "2026-11-23T01:02:03+00:00"),
        (PurePosixPath("/x"), "/x"),
        ({1: {2}}, {"1": [2]}),
        (object(), "[object]"),
    ],
)
def test_values_json_does_not_know_are_told_as_text(value: object, told: Plain) -> None:
    assert plain(value) == told


def test_depth_has_an_end() -> None:
    value: object = "bottom"
    for _level in range(1000):
        value = [value]
    assert "deeper than can be told" in to_json(plain(value))


@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=5), _ANY, max_size=8), st.integers(600, 4000))
def test_what_is_cut_fits_and_names_the_whole(value: dict[str, object], limit: int) -> None:
    fields = {name: plain(item) for name, item in value.items()}
    shorter = cut(fields, limit)
    full = to_json(fields).encode()
    assert len(to_json(shorter).encode()) <= limit
    assert shorter["cut"] == {"bytes": len(full), "sha256": hashlib.sha256(full).hexdigest()}
    assert json.loads(to_json(shorter)) == shorter


def test_a_cut_result_keeps_its_status_and_both_ends_of_its_text() -> None:
    result: dict[str, Plain] = {f"item{number}": "x" * 50 for number in range(500)}
    result |= {"stdout": "beginning " + "y" * 100_000 + " end", "changed": True, "rc": 1}
    shorter = cut({"host": "h1", "result": {**result}}, 65536)["result"]
    assert isinstance(shorter, dict)
    assert (shorter["changed"], shorter["rc"]) == (True, 1)
    lines = cut({"lines": "beginning " + "y" * 100_000 + " end"}, 65536)["lines"]
    assert isinstance(lines, str)
    assert lines.startswith("beginning")
    assert lines.endswith(" end")
