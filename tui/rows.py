"""Lists as values: which columns fit, how a row is laid out, and which page of a long list is needed.

Nothing here knows Textual or the service.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from tui.text import Line, Meaning, Part, crop, crop_line, width_of

Value = TypeVar("Value")

GAP: Final = 2
"""Cells between two columns."""
PAGES_KEPT: Final = 12
"""Pages of a long list held at once; the others are asked for again when they are looked at."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a list."""

    title: str
    """Message id of its head."""
    least: int
    """Cells it needs."""
    priority: int = 0
    """0 stays on the narrowest screen; higher ones go first."""
    grows: bool = False
    """Whether it takes what is left."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a list."""

    key: str
    """What it is about; stays when the list is read again."""
    cells: tuple[Part, ...]
    """One for each column; a row with a single cell spans all of them."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A column that is shown, by its place in the table, and its width."""

    column: int
    width: int


def fit(columns: Sequence[Column], width: int) -> tuple[Fit, ...]:
    """The columns that fit into so many cells, the less important ones left out."""
    shown = list(range(len(columns)))
    while len(shown) > 1 and _needed(columns, shown) > width:
        most = max(columns[at].priority for at in shown)
        if most == 0:
            break
        shown.remove(next(at for at in reversed(shown) if columns[at].priority == most))
    spare = max(0, width - _needed(columns, shown))
    growing = [at for at in shown if columns[at].grows]
    return tuple(Fit(at, columns[at].least + (spare if growing and at == growing[0] else 0)) for at in shown)


def lay_out(row: Row, fits: Sequence[Fit], width: int) -> Line:
    """The row as a line, each cell in its column."""
    if len(row.cells) == 1:
        only = row.cells[0]
        return crop_line(Line((only,)), width)
    parts: list[Part] = []
    for fitted in fits:
        if parts:
            parts.append(Part(" " * GAP))
        text = crop(row.cells[fitted.column].text, fitted.width)
        parts += [Part(text, row.cells[fitted.column].meaning), Part(" " * (fitted.width - width_of(text)))]
    return Line(tuple(parts))


def heads(columns: Sequence[Column], translated: Sequence[str], fits: Sequence[Fit]) -> Line:
    """The head of a list, laid out as its rows."""
    cells = tuple(Part(translated[at], Meaning.FAINT) for at in range(len(columns)))
    return lay_out(Row("", cells), fits, 0) if len(columns) > 1 else Line(cells)


@dataclass(frozen=True, slots=True)
class PageWanted:
    """A page of a long list that is looked at and not there."""

    number: int
    before: str | None
    """Where it begins, as the service said; None is the newest."""
    generation: int
    """Which reading of the list it belongs to; an answer to an earlier one is dropped."""


class Pages(Generic[Value]):
    """A long list, read page by page by keyset; only what is looked at, and what lies near, is held.

    How long the list is becomes known as it is read; it is never counted.
    """

    def __init__(self, kept: int = PAGES_KEPT) -> None:
        self._kept = kept
        self._generation = 0
        self._asked = 0
        """The reading that was asked for last."""
        self._starts: list[str | None] = [None]
        self._offsets: list[int] = [0]
        """First row of each page that was read, and of the one after the last."""
        self._held: OrderedDict[int, tuple[Value, ...]] = OrderedDict()

    def __len__(self) -> int:
        """Rows known so far."""
        return self._offsets[-1]

    @property
    def complete(self) -> bool:
        """Whether the end was reached, so that the length is the list's own."""
        return len(self._starts) < len(self._offsets)

    def row(self, place: int) -> Value | None:
        """A row; None when its page is not held."""
        number = self._page_of(place)
        page = self._held.get(number)
        at = place - self._offsets[number]
        if page is None or at >= len(page):
            return None
        self._held.move_to_end(number)
        return page[at]

    def wanted(self, first: int, last: int) -> PageWanted | None:
        """The first page of those rows that is not held; also the one behind the known end when it is reached."""
        for number in range(self._page_of(max(0, first)), self._page_of(max(0, last)) + 1):
            if number < len(self._starts) and number not in self._held:
                return PageWanted(number, self._starts[number], self._generation)
        return None

    def add(self, wanted: PageWanted, rows: Sequence[Value], following: str | None) -> bool:
        """Take a page that was read; whether it belongs to this reading of the list."""
        if wanted.number == 0 and self._generation != wanted.generation == self._asked:
            self._generation = self._asked
            self._starts, self._offsets = [None], [0]
            self._held.clear()
        if wanted.generation != self._generation:
            return False
        number = wanted.number
        if number == len(self._offsets) - 1:
            self._offsets.append(self._offsets[-1] + len(rows))
            if following is not None and rows:
                self._starts.append(following)
        self._held[number] = tuple(rows)
        self._held.move_to_end(number)
        while len(self._held) > self._kept:
            self._held.popitem(last=False)
        return True

    def renew(self) -> PageWanted:
        """Ask to read the list anew, from its newest row; the former reading stays until that page is there."""
        self._asked += 1
        return PageWanted(0, None, self._asked)

    def _page_of(self, place: int) -> int:
        """Page of a row; beyond the known end, the page that was not read yet (or the last)."""
        number = bisect_right(self._offsets, place) - 1
        return min(number, max(0, len(self._starts) - 1))


def _needed(columns: Sequence[Column], shown: Sequence[int]) -> int:
    return sum(columns[at].least for at in shown) + GAP * (len(shown) - 1)
