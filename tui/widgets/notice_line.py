"""The line above the key bar: whether the service is reached, and the last thing worth saying."""

from __future__ import annotations

from textual.strip import Strip

from runner.words import N_
from tui.text import Line, Meaning, Part, crop_line, joined, width_of
from tui.widgets.painting import Painted

_SECONDS = 30
_STAYS = (Meaning.BAD, Meaning.ALARM)


class NoticeLine(Painted):
    """One line; the connection on its left, what was said last beside it, until it is old; what is bad stays."""

    HELP = N_("Whether the service is reached, and what was said last.")

    def __init__(self) -> None:
        super().__init__(id="notice")
        self._connection = Part("")
        self._said: Line = Line()
        self._left = 0
        """Seconds for which what was said is still shown."""

    def connection(self, text: str, meaning: Meaning) -> None:
        """Say how the service is reached."""
        self._connection = Part(text, meaning)
        self.refresh()

    def say(self, said: Line) -> None:
        """Say something."""
        self._said = said
        self._left = _SECONDS
        self.refresh()

    def tick(self) -> None:
        """A second has passed."""
        self._left -= 1
        if self._left <= 0 and self._said.parts and not any(part.meaning in _STAYS for part in self._said.parts):
            self.say(Line())

    def render_line(self, _y: int) -> Strip:
        width = self.size.width
        shown = joined((self._connection, *self._said.parts))
        if self._said.parts and self._connection.meaning is Meaning.FAINT and width_of(shown.text) > width:
            shown = self._said  # that all is well with the connection gives way
        return self.strip_of(crop_line(shown, width), width)
