"""Lines of text: safe to show, measured in cells, lined up in two languages, broken into rows."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as some

from runner.client.wording.line import (
    EMPTY,
    Line,
    Meaning,
    Part,
    Told,
    aligned,
    cell_width,
    clean,
    line,
    pad,
    sections,
    short,
    told,
    wrap,
)
from runner.words import use_language


@pytest.mark.parametrize(
    "text, width", [("", 0), ("abc", 3), ("双人", 4), ("é", 1), ("e\u0301", 1), ("\uff41", 2), ("│", 1)]
)
def test_wide_characters_take_two_cells(text: str, width: int) -> None:
    assert cell_width(text) == width
    assert cell_width(pad(text, 7)) == 7


def test_labels_are_lined_up_where_they_start_together() -> None:
    page = (
        told(None, "head", Meaning.STRONG),
        told("a", "one"),
        told("longer", "two"),
        told("", "two more"),
        told("b", "three", start=2),
    )
    assert [each.text for each in aligned(page)] == [
        "head",
        "a:      one",
        "longer: two",
        "        two more",
        "  b: three",
    ]
    assert [each.indent for each in aligned(page)] == [2, 8, 8, 8, 5]


def test_labels_are_lined_up_in_chinese() -> None:
    use_language("zh")
    assert [each.text for each in aligned((told("变更", "一"), told("双人确认点", "二")))] == [
        "变更\uff1a      一",
        "双人确认点\uff1a二",
    ]


def test_sections_are_parted_and_empty_ones_leave_nothing() -> None:
    one, two = told("a", "1"), told("b", "2")
    assert sections((one,), (), iter((two,))) == (one, EMPTY, two)
    assert sections((), (one,)) == (one,)
    assert aligned((EMPTY,)) == (Line(),)


def test_a_part_keeps_its_meaning_behind_its_label() -> None:
    (shown,) = aligned((Told("a", (Part("x", Meaning.BAD), Part("y"))),))
    assert [(part.text, part.meaning) for part in shown.parts] == [
        ("a: ", Meaning.FAINT),
        ("x", Meaning.BAD),
        ("y", Meaning.PLAIN),
    ]


@pytest.mark.parametrize(
    "text, shown",
    [
        ("plain 文字\t✓", "plain 文字\t✓"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("up\rover\nnext\x00", "up\\rover\\nnext\\x00"),
        ("turned \u202eround", "turned \\u202eround"),
        ("lone \ud800", "lone \\ud800"),
        ("c1 \x9b31m", "c1 \\x9b31m"),
        ("全\u3000角", "全\u3000角"),
        ("bad \udcff byte", "bad \\udcff byte"),
    ],
)
def test_control_characters_are_shown_not_obeyed(text: str, shown: str) -> None:
    assert clean(text) == shown
    assert Part(text).text == shown.replace("\t", "    ")


@given(some.text())
def test_no_part_holds_what_a_terminal_obeys(text: str) -> None:
    assert all(char.isprintable() or unicodedata.category(char) == "Zs" for char in Part(text).text)


@given(some.text(alphabet="ab 双人。/", max_size=60), some.integers(min_value=4, max_value=20))
def test_wrapping_loses_nothing_and_fits(text: str, width: int) -> None:
    rows = wrap(Line((Part(text, Meaning.BAD),), indent=2), width)
    assert all(cell_width(row.text) <= width for row in rows)
    assert "".join(row.text for row in rows).replace(" ", "") == text.replace(" ", "")
    assert {part.meaning for row in rows for part in row.parts if part.text.strip()} <= {Meaning.BAD}


def test_wrapping_breaks_at_spaces_and_hangs() -> None:
    rows = wrap(line("the first row and the second", indent=3), 14)
    assert [row.text for row in rows] == ["the first row ", "   and the ", "   second"]


def test_no_row_begins_with_chinese_punctuation() -> None:
    rows = wrap(line("变更窗口关闭。本变更过期"), 12)
    assert rows[0].text == "变更窗口关"
    assert rows[1].text.startswith("闭。")


def test_digests_are_shown_as_people_compare_them() -> None:
    assert short("sha256:b857ce8889958c28") == "b857 ce88 8995"
