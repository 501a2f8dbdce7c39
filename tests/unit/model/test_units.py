from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import UsageError
from runner.model.nearest import nearest
from runner.model.units import LONGEST, format_duration, format_size, parse_duration, parse_size


@given(st.integers(0, LONGEST))
def test_spans_read_as_they_are_written(seconds: int) -> None:
    assert parse_duration(format_duration(seconds)) == seconds


@given(st.integers(0, 2**53 - 1))
def test_sizes_read_as_they_are_written(size: int) -> None:
    assert parse_size(format_size(size)) == size


@pytest.mark.parametrize(
    "text, seconds", [("90s", 90), ("10m", 600), ("1h30m", 5400), ("1d", 86400), ("0s", 0), ("2d3h4m5s", 183845)]
)
def test_spans(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "10", "m", "10 m", "30m1h", "1h1h", "-5m", "1.5h", "10M", "1w", "\u0661m", "1h\n", "99999d", "9" * 99 + "s"],
)
def test_what_is_no_span(text: str) -> None:
    with pytest.raises(UsageError):
        parse_duration(text)


@pytest.mark.parametrize("text, size", [("0B", 0), ("1KiB", 1024), ("2GiB", 2**31), ("1TiB", 2**40)])
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "2", "2GB", "2 GiB", "GiB", "-1B", "1.5GiB", "9" * 30 + "B", "9999999TiB", "2GiB\n"]
)
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(UsageError):
        parse_size(text)


@pytest.mark.parametrize(
    "name, near", [("hosst", "host"), ("playbok", "playbook"), ("colour", None), ("", None), ("x" * 1000, None)]
)
def test_the_nearest_name(name: str, near: str | None) -> None:
    assert nearest(name, ["host", "playbook", "timeout"]) == near
