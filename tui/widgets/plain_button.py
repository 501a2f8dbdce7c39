"""A button of one row; one that signs is pressed by its own key or a click, never by Enter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Click
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from runner.words import N_, _
from tui.text import Line, Meaning, Part, width_of
from tui.widgets.painting import Painted


class PlainButton(Painted, can_focus=True):
    """A word that can be pressed."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "enter", show=False)]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"row--cursor"}
    HELP: ClassVar[str] = N_("A button. Tab and Shift-Tab go from one to the next.")

    @dataclass
    class Pressed(Message):
        """It was pressed."""

        button: PlainButton

    @dataclass
    class EnterRefused(Message):
        """Enter was pressed on a button that signs."""

        button: PlainButton

    def __init__(self, label: str, *, name_id: str, key: str = "", danger: bool = False) -> None:
        """Make a button.

        Args:
            label: message id.
            name_id: its id on the screen.
            key: the key that does the same, as it is written on keyboards.
            danger: whether it signs; Enter and Space do nothing then.
        """
        super().__init__(id=name_id)
        self.help_text = N_("This signs. Enter does nothing here: press its key, or click it.") if danger else self.HELP
        self._label = label
        self._key = key
        self._danger = danger

    def action_enter(self) -> None:
        """Enter or Space."""
        self.post_message(self.EnterRefused(self) if self._danger else self.Pressed(self))

    def on_click(self, _event: Click) -> None:
        if not self.disabled:
            self.post_message(self.Pressed(self))

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def get_content_width(self, container: Size, viewport: Size) -> int:  # noqa: ARG002 - of Textual
        return width_of(self._text())

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - of Textual
        return 1

    def render_line(self, _y: int) -> Strip:
        meaning = Meaning.FAINT if self.disabled else Meaning.ALARM if self._danger else Meaning.STRONG
        line = Line((Part(self._text(), meaning),))
        return self.strip_of(line, self.size.width, "row--cursor" if self.has_focus else "")

    def _text(self) -> str:
        key = f" {self._key}" if self._key else ""
        return f"[ {_(self._label)}{key} ]"
