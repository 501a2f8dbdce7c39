"""Text on the screen: safe, measured in cells, broken into rows, times in the site's zone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from runner.errors import InvalidContentError, NotFoundError, RefusedError
from runner.model.time import Window
from runner.wire.api import Words
from runner.words import use_language
from tui.text import (
    Line,
    Meaning,
    Part,
    Present,
    clean,
    clock,
    crop,
    crop_line,
    error_lines,
    joined,
    left_until,
    line,
    minute,
    pad,
    said,
    short,
    span,
    width_of,
    window_span,
    wrap,
)

NOON = datetime(2026, 11, 28, 4, 0, tzinfo=UTC)
PRESENT = Present(NOON, "Asia/Shanghai")


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("en")


@pytest.mark.parametrize(
    "text, shown",
    [
        ("plain 文字", "plain 文字"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("a\tb", "a    b"),
        ("up\rover\nnext\x00", "up\\x0dover\\x0anext\\x00"),
        ("turned \u202eround", "turned \\x202eround"),
        ("lone \ud800", "lone \\xd800"),
        ("c1 \x9b31m", "c1 \\x9b31m"),
    ],
)
def test_control_characters_are_shown_not_obeyed(text: str, shown: str) -> None:
    assert clean(text) == shown
    assert Part(text).text == shown


@given(some.text())
def test_no_part_holds_what_a_terminal_obeys(text: str) -> None:
    assert Part(text).text.isprintable()


@given(some.text(alphabet="ab 双人。/", max_size=60), some.integers(min_value=4, max_value=20))
def test_wrapping_loses_nothing_and_fits(text: str, width: int) -> None:
    rows = wrap(Line((Part(text, Meaning.BAD),), indent=2), width)
    assert all(width_of(row.text) <= width for row in rows)
    assert "".join(row.text for row in rows).replace(" ", "") == text.replace(" ", "")
    assert {part.meaning for row in rows for part in row.parts if part.text.strip()} <= {Meaning.BAD}


def test_wrapping_breaks_at_spaces_and_hangs() -> None:
    rows = wrap(line("the first row and the second", indent=3), 14)
    assert [row.text for row in rows] == ["the first row ", "   and the ", "   second"]


def test_no_row_begins_with_chinese_punctuation() -> None:
    rows = wrap(line("变更窗口关闭。本变更过期"), 12)
    assert rows[0].text == "变更窗口关"
    assert rows[1].text.startswith("闭。")


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


def test_times_are_the_sites() -> None:
    assert clock(NOON, PRESENT) == "12:00:00"
    assert clock(NOON + timedelta(days=1), PRESENT) == "11-29 12:00:00"
    assert clock(None, PRESENT) == ""
    assert minute(NOON, PRESENT) == "12:00"
    assert window_span(Window(NOON, NOON + timedelta(hours=4)), PRESENT) == "12:00-16:00"
    tomorrow = NOON + timedelta(days=1)
    assert window_span(Window(tomorrow, tomorrow + timedelta(hours=4)), PRESENT) == "11-29 12:00-16:00"
    assert window_span(Window(tomorrow, tomorrow + timedelta(hours=13)), PRESENT) == "11-29 12:00-11-30 01:00"


@pytest.mark.parametrize("seconds, shown", [(-1, "0 s"), (59.9, "59 s"), (61, "1:01"), (3661, "1:01:01")])
def test_spans(seconds: float, shown: str) -> None:
    assert span(seconds) == shown


def test_what_is_left_counts_down() -> None:
    assert left_until(NOON + timedelta(seconds=290), PRESENT) == "4:50 left"
    assert left_until(NOON, PRESENT) == "over"


def test_sentences_of_the_service_are_told_in_local_time_and_words() -> None:
    sentence = Words(
        "the change is {state}; window to {closes}", {"state": "rolled_back", "closes": "2026-11-28T04:30:00Z"}
    )
    assert said(sentence, PRESENT) == "the change is rolled back; window to 12:30:00"


def test_a_refusal_gives_rule_and_next_step() -> None:
    error = RefusedError("{person} may not", rule="L2:x", hint="ask {who}", person="wang", who="li")
    shown = error_lines(error, PRESENT)
    assert [row.text for row in shown] == ["wang may not", "rule: L2:x", "next: ask li"]
    assert shown[0].parts[0].meaning is Meaning.BAD


def test_other_errors_are_told_too() -> None:
    assert [row.text for row in error_lines(NotFoundError("gone"), PRESENT)] == ["gone"]
    problems = error_lines(InvalidContentError("two problems", ("a.yml:1:1: x", "a.yml:2:1: y")), PRESENT)
    assert [row.text for row in problems] == ["two problems", "a.yml:1:1: x", "a.yml:2:1: y"]


def test_digests_are_shown_as_people_compare_them() -> None:
    assert short("sha256:b857ce8889958c28") == "b857 ce88 8995"
