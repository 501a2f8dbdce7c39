"""Help: what has the focus, and every key of the screen below."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget

from runner.words import N_, _
from tui.actions import MOVES, Action, Where, actions_at, key_label, keys_of
from tui.dialogs.dialog import Dialog
from tui.screens.asking import bindings_of
from tui.sitting import Sitting
from tui.text import Line, Meaning, Part, line, pad
from tui.widgets.line_view import LineView

_KEYS = 16


class ExplainDialog(Dialog[None]):
    """A text that goes away with Esc."""

    WHERE: ClassVar = Where.NOTE
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Where.NOTE)
    CSS_PATH: ClassVar = "explain.tcss"

    def __init__(self, sitting: Sitting, about: str, where: Where, possible: Collection[str]) -> None:
        """Make the help.

        Args:
            sitting: the person's.
            about: message id about what has the focus.
            where: kind of the screen below.
            possible: its actions that make sense now.
        """
        super().__init__(sitting)
        self._about = about
        self._where = where
        self._possible = possible

    def body(self) -> Iterable[Widget]:
        yield LineView(name_id="text", help_text=N_("This help. Esc closes it."))

    def on_mount(self) -> None:
        self.retell()

    def retell(self) -> None:
        super().retell()
        self.query_one("#text", LineView).show(self._lines())

    def _lines(self) -> Iterable[Line]:
        if self._about:
            yield line(_(self._about), Meaning.STRONG)
            yield Line()
        yield line(_("keys"), Meaning.STRONG)
        for action in (*actions_at(self._where), *MOVES):
            is_move = action in MOVES
            yield self._key(action, possible=is_move or action.id in self._possible)
        yield line(_("Tab goes to the next part of the screen. Enter never signs anything."), indent=2)

    def _key(self, action: Action, *, possible: bool) -> Line:
        keys = ", ".join(key_label(key) for key in keys_of(action, self.sitting.remapped))
        now = "" if possible else "  " + _("(not now)")
        return Line((Part(pad(keys, _KEYS), Meaning.STRONG), Part(_(action.help)), Part(now, Meaning.FAINT)), _KEYS)
