"""Lists: columns by priority, and pages that are read as they are looked at."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from tui.rows import Column, Fit, Pages, PageWanted, Row, fit, heads, lay_out
from tui.text import Meaning, Part, width_of

COLUMNS = (
    Column("number", 12),
    Column("title", 10, grows=True),
    Column("window", 17, priority=2),
    Column("who", 8, priority=1),
)


def test_all_columns_fit_and_one_grows() -> None:
    assert fit(COLUMNS, 60) == (Fit(0, 12), Fit(1, 17), Fit(2, 17), Fit(3, 8))


def test_less_important_columns_go_first() -> None:
    assert [fitted.column for fitted in fit(COLUMNS, 40)] == [0, 1, 3]
    assert [fitted.column for fitted in fit(COLUMNS, 30)] == [0, 1]
    assert [fitted.column for fitted in fit(COLUMNS, 5)] == [0, 1]


@given(some.integers(min_value=26, max_value=200))
def test_rows_are_as_wide_as_the_screen(width: int) -> None:
    row = Row("k", tuple(Part(text) for text in ("BG-2026-0153", "小版本升级 of the database", "00:30-04:30", "王")))
    fits = fit(COLUMNS, width)
    assert width_of(lay_out(row, fits, width).text) == width
    assert width_of(heads(COLUMNS, [column.title for column in COLUMNS], fits).text) == width


def test_a_single_cell_spans_the_row() -> None:
    row = Row("k", (Part("batch 1 of 2: core-db-1, core-db-2"),))
    assert lay_out(row, fit(COLUMNS, 26), 26).text == "batch 1 of 2: core-db-1,…"


def test_no_meaning_reaches_beyond_its_words() -> None:
    row = Row("k", tuple(Part(text, Meaning.ALARM) for text in ("a", "b", "c", "d")))
    told = [part.text for part in lay_out(row, fit(COLUMNS, 60), 60).parts if part.meaning is Meaning.ALARM]
    assert told == ["a", "b", "c", "d"]


class Source:
    """A list read by keyset, as the service gives it."""

    def __init__(self, length: int, size: int) -> None:
        self.length = length
        self.size = size

    def page(self, wanted: PageWanted) -> tuple[list[int], str | None]:
        start = int(wanted.before or 0)
        rows = list(range(start, min(start + self.size, self.length)))
        following = start + self.size
        return rows, str(following) if following < self.length else None

    def read(self, pages: Pages[int], first: int, last: int) -> None:
        while (wanted := pages.wanted(first, last)) is not None:
            assert pages.add(wanted, *self.page(wanted))


@given(
    length=some.integers(0, 200),
    size=some.integers(1, 20),
    places=some.lists(some.integers(0, 220), min_size=1, max_size=8),
)
def test_every_row_is_found_wherever_one_looks(length: int, size: int, places: list[int]) -> None:
    source, pages = Source(length, size), Pages[int](kept=3)
    pages.add(pages.renew(), *source.page(PageWanted(0, None, 1)))
    for place in places:
        for seen in range(0, place + 1, size):
            source.read(pages, seen, seen)
        source.read(pages, place, place)
        assert pages.row(place) == (place if place < length else None)
    assert len(pages) <= length
    assert not pages.complete or len(pages) == length


def test_far_pages_are_let_go_and_read_again() -> None:
    source, pages = Source(100, 10), Pages[int](kept=2)
    source.read(pages, 0, 0)
    for place in range(0, 60, 10):
        source.read(pages, place, place)
    assert pages.row(0) is None
    assert pages.wanted(0, 5) == PageWanted(0, None, 0)
    source.read(pages, 0, 5)
    assert pages.row(3) == 3


def test_a_list_is_read_anew_as_a_whole() -> None:
    pages = Pages[int]()
    first = pages.renew()
    assert pages.add(first, [1, 2], None)
    second, third = pages.renew(), pages.renew()
    assert [pages.row(0), pages.row(1)] == [1, 2]
    assert not pages.add(second, [9], None)
    assert pages.add(third, [0, 1], "1")
    assert [pages.row(0), len(pages), pages.complete] == [0, 2, False]
    assert not pages.add(first, [5], None)


def test_an_empty_list_is_complete() -> None:
    pages = Pages[int]()
    assert pages.add(pages.renew(), [], None)
    assert (len(pages), pages.complete, pages.row(0), pages.wanted(0, 50)) == (0, True, None, None)
