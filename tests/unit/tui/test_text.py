"""Text on the screen: safe, measured in cells, broken into rows, times in the site's zone."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as some

from runner.errors import InvalidContentError, NotFoundError, RefusedError
from tui.text import (
    Line,
    Meaning,
    Part,
    Present,
    crop,
    crop_line,
    error_lines,
    flow,
    joined,
    pad,
    width_of,
    wrap,
)

NOON = datetime(2026, 11, 28, 4, 0, tzinfo=UTC)
PRESENT = Present(NOON, "Asia/Shanghai")


def test_parts_side_by_side_are_not_torn() -> None:
    sentence = Line((Part("the first row and the second"),), 3)
    shown = joined([Part(" PRODUCTION db "), Part("at gate", Meaning.WAIT), Part("step 4/5 upgrade")])
    assert [row.text for row in flow(shown, 26)] == [" PRODUCTION db   at gate", "step 4/5 upgrade"]
    assert [row.text for row in flow(shown, 12)] == [" PRODUCTION ", "db ", "at gate", "step 4/5 ", "upgrade"]
    assert flow(shown, 80) == (shown,)
    assert flow(sentence, 14) == wrap(sentence, 14)
    assert flow(Line(), 80) == (Line(),)


@given(some.text(alphabet="ab 双人", max_size=30), some.integers(min_value=0, max_value=30))
def test_padding_gives_exactly_that_width(text: str, width: int) -> None:
    assert width_of(pad(text, width)) == width
    assert width_of(crop(text, width)) <= width


def test_cropping_a_line_keeps_what_comes_first() -> None:
    shown = crop_line(Line((Part("PRODUCTION", Meaning.ALARM), Part(" a long title"))), 15)
    assert shown.text == "PRODUCTION a l…"
    assert shown.parts[0].meaning is Meaning.ALARM


def test_parts_stand_side_by_side_without_gaps_for_nothing() -> None:
    assert joined((Part("a"), None, Part(""), Part("b"))).text == "a  b"


def test_a_refusal_gives_rule_and_next_step() -> None:
    error = RefusedError("{person} may not", rule="L2:x", hint="ask {who}", person="wang", who="li")
    shown = error_lines(error, PRESENT)
    assert [row.text for row in shown] == ["wang may not", "rule: L2:x", "next: ask li"]
    assert shown[0].parts[0].meaning is Meaning.BAD


def test_other_errors_are_told_too() -> None:
    assert [row.text for row in error_lines(NotFoundError("gone"), PRESENT)] == ["gone"]
    problems = error_lines(InvalidContentError("two problems", ("a.yml:1:1: x", "a.yml:2:1: y")), PRESENT)
    assert [row.text for row in problems] == ["two problems", "a.yml:1:1: x", "a.yml:2:1: y"]


@given(some.text(alphabet="ab 双人。/", max_size=60), some.integers(min_value=4, max_value=20))
def test_wrapping_loses_nothing_and_fits(text: str, width: int) -> None:
    rows = wrap(Line((Part(text, Meaning.BAD),), indent=2), width)
    assert all(width_of(row.text) <= width for row in rows)
    assert "".join(row.text for row in rows).replace(" ", "") == text.replace(" ", "")
    assert {part.meaning for row in rows for part in row.parts if part.text.strip()} <= {Meaning.BAD}
