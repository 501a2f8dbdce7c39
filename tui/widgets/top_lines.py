"""The top lines of every screen."""

from __future__ import annotations

from typing import ClassVar

from textual.geometry import Size
from textual.strip import Strip

from runner.words import N_
from tui.text import Line, crop_line, flow, width_of
from tui.top_text import Top
from tui.widgets.painting import Painted

_MOST_ROWS = 6


class TopLines(Painted):
    """Three lines; each takes another row where the screen is too narrow for it."""

    HELP: ClassVar[str] = N_(
        "Which change, production or not, which step; whose turn it is and until when; what happens if nobody acts."
    )

    def __init__(self) -> None:
        super().__init__(id="top")
        self._top: Top = (Line(), Line(), Line())

    def show(self, top: Top) -> None:
        """Show other lines."""
        if top == self._top:
            return
        before = len(self._rows(self.size.width or 80))
        self._top = top
        after = len(self._rows(self.size.width or 80))
        self.refresh(layout=before != after)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - of Textual
        return len(self._rows(width))

    def render_line(self, y: int) -> Strip:
        rows = self._rows(self.size.width)
        return self.strip_of(rows[y] if y < len(rows) else Line(), self.size.width)

    def _rows(self, width: int) -> list[Line]:
        first, second, third = self._top
        return [*_first_rows(first, width), *flow(second, width), *flow(third, width)][:_MOST_ROWS]


def _first_rows(first: Line, width: int) -> tuple[Line, ...]:
    """The first line; its last part, the title, is what gives way on a narrow screen."""
    needed, title = Line(first.parts[:-2]), first.parts[-2:]
    if width_of(needed.text) <= width:
        return (crop_line(first, width),)
    *rows, last = flow(needed, width)
    return (*rows, crop_line(Line((*last.parts, *title)), width))
