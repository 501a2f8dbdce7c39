from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.client.wording.grid import grid
from runner.client.wording.line import Meaning, cell_width

CELLS = st.text(st.sampled_from("ab 岗位,"), max_size=40)
ROWS = st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=5)


def texts(heads: tuple[str, ...], *rows: tuple[str, ...], width: int = 80, start: int = 0) -> list[str]:
    return [line.text for line in grid(heads, rows, width=width, start=start)]


def test_columns_line_up() -> None:
    assert texts(("post", "title"), ("a", "first"), ("longer", "x"), start=2) == [
        "  post    title",
        "  a       first",
        "  longer  x",
    ]


def test_wide_characters_take_two_cells() -> None:
    assert texts(("a", "b"), ("岗位", "x"), ("abc", "y")) == ["a     b", "岗位  x", "abc   y"]


def test_the_widest_column_goes_on_below_itself() -> None:
    assert texts(("a", "b"), ("one", "two three four"), width=14) == ["a    b", "one  two three", "     four"]


def test_chinese_is_broken_between_characters() -> None:
    assert texts(("a", "b"), ("x", "值班运维员"), width=9) == ["a  b", "x  值班运", "   维员"]


def test_a_comma_stays_with_its_word() -> None:
    assert texts(("", ""), ("report、plan", "a b"), width=13) == ["report、  a b", "plan"]


def test_words_are_broken_last() -> None:
    assert texts(("", ""), ("rehearsal_report", "a b c"), width=20) == [
        "rehearsal_report  a",
        "                  b",
        "                  c",
    ]
    assert texts(("",), ("rehearsal",), width=5) == ["rehea", "rsal"]


def test_the_head_is_faint() -> None:
    head, row = grid(("a",), [("b",)])
    assert (head.parts[0].meaning, row.parts[0].meaning) == (Meaning.FAINT, Meaning.PLAIN)


@pytest.mark.parametrize("heads", [("a", "b"), ("", "")])
def test_no_rows_are_no_table(heads: tuple[str, ...]) -> None:
    assert grid(heads, []) == ()


def test_without_heads_there_is_no_head() -> None:
    assert texts(("", ""), ("a", "b")) == ["a  b"]


@given(ROWS, st.integers(12, 60))
def test_whatever_is_in_it_fits(rows: list[tuple[str, str, str]], width: int) -> None:
    lines = grid(("a", "b", "c"), rows, width=width)
    assert [line.text for line in lines if cell_width(line.text) > width] == []


@given(ROWS)
def test_nothing_is_lost(rows: list[tuple[str, str, str]]) -> None:
    for column in range(3):
        alone = grid(("x",), [(row[column],) for row in rows], width=12)
        told = "".join(line.text for line in alone[1:]).replace(" ", "")
        assert told == "".join(row[column] for row in rows).replace(" ", "")
