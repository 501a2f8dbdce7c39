"""Painting lines: each meaning has a component class whose colours come from the theme."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.strip import Strip
from textual.widget import Widget

from tui.actions import MOVES
from tui.text import Line, Meaning

MOVE_BINDINGS: tuple[BindingType, ...] = tuple(
    Binding(
        ",".join(move.keys), f"move('{move.id.removeprefix('move.')}')", description=move.label, show=False, id=move.id
    )
    for move in MOVES
)


MEANING_CLASSES: set[str] = {f"meaning--{meaning.value}" for meaning in Meaning}
"""NOTE: Textual takes component classes from the first base alone; a widget with two names these again."""


class Painted(Widget):
    """A widget that paints lines by itself."""

    COMPONENT_CLASSES: ClassVar[set[str]] = MEANING_CLASSES

    HELP: ClassVar[str] = ""
    """Message id: what it shows and what can be done in it."""

    help_text: str = ""
    """Message id that F1 says; that of its kind unless the screen says more."""

    def strip_of(self, line: Line, width: int, row_class: str = "") -> Strip:
        """A line as it is painted over so many cells.

        Args:
            line: what is painted; it holds no markup and no control characters.
            width: cells.
            row_class: component class of the whole row, such as that of the cursor.
        """
        base = self.get_component_rich_style(row_class) if row_class else self.rich_style
        segments = [
            Segment(part.text, base + self._style_of(part.meaning, on_row=bool(row_class))) for part in line.parts
        ]
        return Strip(segments).adjust_cell_length(width, base)

    def _style_of(self, meaning: Meaning, *, on_row: bool) -> Style:
        style = self.get_component_rich_style(f"meaning--{meaning.value}", partial=True)
        if on_row and meaning is not Meaning.ALARM:
            return Style(bold=style.bold)
        return style
