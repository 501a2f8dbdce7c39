"""Lists with columns and a cursor, painted row by row: of rows at hand, and of pages read as they are looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from textual.binding import Binding, BindingType
from textual.events import Click, Resize
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from runner.words import N_, _
from tui.rows import Column, Pages, PageWanted, Row, fit, heads, lay_out
from tui.text import Line, Meaning, Part
from tui.widgets.painting import MEANING_CLASSES, MOVE_BINDINGS, Painted

Value = TypeVar("Value")

_AHEAD = 20
"""Rows beyond those that are seen which are asked for early."""


class RowList(ScrollView, Painted, can_focus=True):
    """Rows that are at hand."""

    BINDINGS: ClassVar[list[BindingType]] = [*MOVE_BINDINGS, Binding("enter", "choose", show=False)]
    COMPONENT_CLASSES: ClassVar[set[str]] = {*MEANING_CLASSES, "row--cursor", "row--cursor-idle"}
    HELP: ClassVar[str] = N_("A list. Arrows or j and k move in it, Enter opens a row.")

    @dataclass
    class Moved(Message):
        """The cursor has come to another row."""

        rows: RowList
        key: str
        by_person: bool
        """False when the rows have changed below it."""

        @property
        def control(self) -> RowList:
            return self.rows

    @dataclass
    class Chosen(Message):
        """A row was chosen with Enter or a click."""

        rows: RowList
        key: str

        @property
        def control(self) -> RowList:
            return self.rows

    def __init__(
        self, columns: Sequence[Column], *, name_id: str, help_text: str = "", empty: str = "", unset: bool = False
    ) -> None:
        """Make an empty list.

        Args:
            columns: its columns.
            name_id: its id on the screen.
            help_text: message id that F1 says instead of the usual one.
            empty: message id shown while there is no row.
            unset: whether the cursor is on no row until a person puts it on one.
        """
        super().__init__(id=name_id)
        self.help_text = help_text or self.HELP
        self._least = -1 if unset else 0
        self.cursor = self._least
        self._columns = columns
        self._rows: Sequence[Row] = ()
        self._empty = empty
        self._head = 1 if len(columns) > 1 else 0

    @property
    def count(self) -> int:
        """Rows known."""
        return len(self._rows)

    @property
    def complete(self) -> bool:
        """Whether its end is known, so that `count` is its length."""
        return True

    @property
    def key(self) -> str | None:
        """Key of the row under the cursor."""
        row = self.row_at(self.cursor)
        return row.key if row else None

    def row_at(self, place: int) -> Row | None:
        """A row; None beyond the end, or while it is not at hand."""
        return self._rows[place] if 0 <= place < len(self._rows) else None

    def show(self, rows: Sequence[Row]) -> None:
        """Show other rows; the cursor stays on the row it is on, by its key."""
        key = self.key
        self._rows = rows
        if key is not None:
            self.cursor = next((place for place, row in enumerate(rows) if row.key == key), self.cursor)
        self.cursor = max(self._least, min(self.cursor, len(rows) - 1))
        self.resized()
        if self.key is not None and self.key != key:
            self.post_message(self.Moved(self, self.key, by_person=False))

    def go_to(self, key: str) -> None:
        """Put the cursor on a row, if it is there."""
        place = next((place for place, row in enumerate(self._rows) if row.key == key), None)
        if place is not None:
            self._move_to(place, by_person=False)

    def on_resize(self, _event: Resize) -> None:
        self.resized()
        self._reveal()

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def on_click(self, event: Click) -> None:
        """Put the cursor where it was clicked; a second click there chooses the row."""
        offset = event.get_content_offset(self)
        if offset is None or offset.y < self._head:
            return
        place = self.scroll_offset.y + offset.y - self._head
        if place == self.cursor and event.chain > 1:
            self.action_choose()
        elif place < self.count:
            self._move_to(place)

    def action_move(self, where: str) -> None:
        """Move the cursor."""
        page = max(1, self.size.height - self._head - 1)
        places = {
            "up": self.cursor - 1,
            "down": self.cursor + 1,
            "page_up": self.cursor - page,
            "page_down": self.cursor + page,
            "first": 0,
            "last": self.count - 1,
        }
        self._move_to(places[where])

    def action_choose(self) -> None:
        """Choose the row under the cursor."""
        if (key := self.key) is not None:
            self.post_message(self.Chosen(self, key))

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        fits = fit(self._columns, width)
        if y < self._head:
            return self.strip_of(heads(self._columns, [_(column.title) for column in self._columns], fits), width)
        place = self.scroll_offset.y + y - self._head
        row = self.row_at(place)
        if row is None:
            return self.strip_of(self._blank(place), width)
        at = place == self.cursor
        marked = ("row--cursor" if self.has_focus else "row--cursor-idle") if at else ""
        return self.strip_of(lay_out(row, fits, width), width, marked)

    def resized(self) -> None:
        """Take note of how many rows there are."""
        self.virtual_size = Size(self.size.width, self.count + self._head)
        self.refresh()

    def looked_at(self) -> None:
        """Called when other rows have come into view."""

    def _reveal(self) -> None:
        """Scroll as little as it takes to see the cursor's row."""
        top, height = self.scroll_offset.y, max(1, self.size.height - self._head)
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, immediate=True)
        elif self.cursor >= top + height:
            self.scroll_to(y=self.cursor - height + 1, animate=False, immediate=True)

    def _blank(self, place: int) -> Line:
        if place == 0 and self.count == 0 and self.complete and self._empty:
            return Line((Part(_(self._empty), Meaning.FAINT),))
        return Line((Part("…", Meaning.FAINT),)) if place < self.count else Line()

    def _move_to(self, place: int, *, by_person: bool = True) -> None:
        place = max(0, min(place, self.count - 1))
        moved = place != self.cursor
        self.cursor = place
        self._reveal()
        self.refresh()
        self.looked_at()
        if moved and (key := self.key) is not None:
            self.post_message(self.Moved(self, key, by_person=by_person))


class PagedList(RowList, Generic[Value]):
    """A list of any length, read from the service page by page."""

    @dataclass
    class Wanted(Message):
        """A page has come into view that is not at hand."""

        rows: RowList
        page: PageWanted

        @property
        def control(self) -> RowList:
            return self.rows

    def __init__(
        self,
        columns: Sequence[Column],
        make_row: Callable[[Value], Row],
        *,
        name_id: str,
        help_text: str = "",
        empty: str = "",
    ) -> None:
        """Make an empty list.

        Args:
            columns: its columns.
            make_row: lays a value out.
            name_id: its id on the screen.
            help_text: message id that F1 says instead of the usual one.
            empty: message id shown when it has no row.
        """
        super().__init__(columns, name_id=name_id, help_text=help_text, empty=empty)
        self._pages: Pages[Value] = Pages()
        self._make_row = make_row
        self._asked: PageWanted | None = None

    @property
    def count(self) -> int:
        return len(self._pages)

    @property
    def value(self) -> Value | None:
        """What the cursor is on."""
        return self._pages.row(self.cursor)

    @property
    def complete(self) -> bool:
        return self._pages.complete

    def row_at(self, place: int) -> Row | None:
        value = self._pages.row(place)
        return None if value is None else self._make_row(value)

    def renew(self) -> None:
        """Read it anew from its newest row; what is shown stays until the new page is there."""
        self._ask(self._pages.renew())

    def take(self, page: PageWanted, rows: Sequence[Value], following: str | None) -> None:
        """Show a page that was read; the cursor stays on its row when that is still near the top."""
        key = self.key
        self._asked = None
        if not self._pages.add(page, rows, following):
            return
        if page.number == 0 and key is not None and self.key != key:
            keys = [self._make_row(value).key for value in rows]
            self.cursor = keys.index(key) if key in keys else min(self.cursor, max(0, self.count - 1))
        self.resized()
        self.looked_at()
        if self.key is not None and self.key != key:
            self.post_message(self.Moved(self, self.key, by_person=False))

    def looked_at(self) -> None:
        top = self.scroll_offset.y
        wanted = self._pages.wanted(top, top + self.size.height + _AHEAD)
        if wanted is not None and wanted != self._asked:
            self._ask(wanted)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self.looked_at()

    def _ask(self, wanted: PageWanted) -> None:
        self._asked = wanted
        self.post_message(self.Wanted(self, wanted))
