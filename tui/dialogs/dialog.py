"""What every dialog has: a box over the screen, its keys on the last line, and an end with an answer or none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widget import Widget

from tui.screens.asking import Asking
from tui.widgets.key_bar import KeyBar
from tui.widgets.painting import Painted
from tui.widgets.plain_button import PlainButton

Result = TypeVar("Result")


class Dialog(Asking[Result], ModalScreen[Result]):
    """A box; subclasses compose what is in it."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 - Textual declares it on the instance
    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (24, "-low"), (38, "-tall")]  # noqa: RUF012 - Textual declares it on the instance

    def compose(self) -> ComposeResult:
        with Vertical(id="box", classes="dialog-box"):
            yield from self.body()
            yield KeyBar(self.WHERE, self.sitting.remapped)

    def body(self) -> Iterable[Widget]:
        """What stands above the keys."""
        return ()

    def retell(self) -> None:
        self.query_one(KeyBar).allow(self.possible())
        for widget in self.walk_children(Painted):
            widget.refresh(layout=isinstance(widget, PlainButton))
