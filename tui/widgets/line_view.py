"""A text of lines, wrapped to its width, painted line by line; with a limit it is a ring that forgets its oldest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.events import Resize
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from runner.words import N_
from tui.text import Line, wrap
from tui.widgets.painting import MEANING_CLASSES, MOVE_BINDINGS, Painted


class LineView(ScrollView, Painted, can_focus=True):
    """Lines that can be scrolled; stays where a person has scrolled to, or at the end while it follows."""

    BINDINGS: ClassVar[list[BindingType]] = [*MOVE_BINDINGS]
    COMPONENT_CLASSES: ClassVar[set[str]] = MEANING_CLASSES
    HELP: ClassVar[str] = N_("A text. Arrows or j and k scroll it.")

    def __init__(self, *, limit: int | None = None, follow: bool = False, name_id: str, help_text: str = "") -> None:
        """Make an empty text.

        Args:
            limit: lines kept; None keeps all.
            follow: whether it stays at its end while lines are added.
            name_id: its id on the screen.
            help_text: message id that F1 says instead of the usual one.
        """
        super().__init__(id=name_id)
        self.help_text = help_text or self.HELP
        self._limit = limit
        self._follow = follow
        self._lines: list[Line] = []
        self._rows: list[Line] = []
        self._heights: list[int] = []
        """Rows of each line."""
        self._width = 0
        self._sticks = follow
        """Whether it stays at its end; until a person scrolls away, and again once they are back there."""

    @property
    def lines(self) -> Sequence[Line]:
        """What it shows, before wrapping."""
        return self._lines

    @property
    def follows(self) -> bool:
        """Whether it stays at its end."""
        return self._sticks

    def show(self, lines: Iterable[Line]) -> None:
        """Show other lines; the place scrolled to stays."""
        self._lines = list(lines)
        self._lay_out()

    def add(self, lines: Iterable[Line]) -> None:
        """Show more lines at the end."""
        fresh = list(lines)
        if not fresh:
            return
        self._lines += fresh
        self._lay_out_more(fresh)
        self._forget()
        self._resized()

    def to_end(self) -> None:
        """Go to the end, and stay there while lines are added."""
        self._sticks = self._follow
        self.scroll_to(y=self.max_scroll_y, animate=False, immediate=True)

    def on_resize(self, _event: Resize) -> None:
        if self._room() != self._width:
            before = len(self._rows)
            self._lay_out()
            if len(self._rows) != before:
                self.call_after_refresh(self.refresh, layout=True)  # its height may be that of its rows
        self._stay()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._sticks = self._follow and new_value >= self.max_scroll_y

    def action_move(self, where: str) -> None:
        """Scroll."""
        moves = {
            "up": self.scroll_up,
            "down": self.scroll_down,
            "page_up": self.scroll_page_up,
            "page_down": self.scroll_page_down,
            "first": self.scroll_home,
            "last": self.scroll_end,
        }
        moves[where](animate=False)

    def render_line(self, y: int) -> Strip:
        place = self.scroll_offset.y + y
        width = self.scrollable_content_region.width
        if place >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        return self.strip_of(self._rows[place], width)

    def _room(self) -> int:
        """Cells to wrap to; 0 while they are not known."""
        return self.scrollable_content_region.width or self.size.width

    def _lay_out(self) -> None:
        self._width = self._room()
        self._rows, self._heights = [], []
        self._lay_out_more(self._lines)
        self._forget()
        self._resized()

    def _lay_out_more(self, lines: Iterable[Line]) -> None:
        for line in lines:
            rows = wrap(line, self._width) if self._width else (line,)
            self._rows += rows
            self._heights.append(len(rows))

    def _forget(self) -> None:
        """Drop the oldest lines; what a person has scrolled to stays where it is."""
        surplus = len(self._lines) - self._limit if self._limit is not None else 0
        if surplus <= 0:
            return
        rows = sum(self._heights[:surplus])
        del self._lines[:surplus], self._heights[:surplus], self._rows[:rows]
        if not self._sticks:
            self.scroll_to(y=max(0, self.scroll_offset.y - rows), animate=False, immediate=True)

    def _resized(self) -> None:
        self.virtual_size = Size(self._width or self._room(), len(self._rows))
        self._stay()
        self.refresh()

    def _stay(self) -> None:
        """Be at the end once the screen is laid out; how far that is is not known before."""
        if self._sticks:
            self.call_after_refresh(self._stay_now)

    def _stay_now(self) -> None:
        if self._sticks:
            self.to_end()
