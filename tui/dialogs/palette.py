"""Finding an action by its name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from runner.words import N_, _
from tui.actions import Action, Where, key_label, keys_of
from tui.dialogs.dialog import Dialog
from tui.rows import Column, Row
from tui.screens.asking import Deeds, bindings_of
from tui.sitting import Sitting
from tui.text import Meaning, Part
from tui.widgets.row_list import RowList

_COLUMNS = (Column(N_("press"), 6), Column(N_("action"), 16), Column(N_("what it does"), 20, priority=1, grows=True))


class PaletteDialog(Dialog[str | None]):
    """Ends with the id of the action that was chosen."""

    WHERE: ClassVar = Where.FORM
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_of(Where.FORM),
        Binding("down", "list('down')", show=False),
        Binding("up", "list('up')", show=False),
    ]

    def __init__(self, sitting: Sitting, actions: Sequence[Action]) -> None:
        super().__init__(sitting)
        self._actions = actions

    def body(self) -> Iterable[Widget]:
        yield Input(id="wanted", placeholder=_("name of an action"))
        yield RowList(_COLUMNS, name_id="actions", empty=N_("no action is called so"))

    @property
    def rows(self) -> RowList:
        """The actions found."""
        return self.query_one("#actions", RowList)

    def on_mount(self) -> None:
        field = self.query_one("#wanted", Input)
        field.cursor_blink = False
        field.focus()
        self.retell()

    def retell(self) -> None:
        super().retell()
        self.query_one("#wanted", Input).placeholder = _("name of an action")
        self._find()

    def deeds(self) -> Deeds:
        return {"cancel": lambda: self._end(None)}

    def on_input_changed(self, _event: Input.Changed) -> None:
        self._find()

    def on_input_submitted(self, _event: Input.Submitted) -> None:
        self._choose()

    def on_row_list_chosen(self, _message: RowList.Chosen) -> None:
        self._choose()

    def action_list(self, where: str) -> None:
        """Move in the list while the name is being typed."""
        self.rows.action_move(where)

    def _find(self) -> None:
        wanted = self.query_one("#wanted", Input).value.casefold()
        found = [action for action in self._actions if wanted in _searched(action)]
        self.rows.show([self._row(action) for action in found])

    def _row(self, action: Action) -> Row:
        key = key_label(keys_of(action, self.sitting.remapped)[0])
        return Row(action.id, (Part(key, Meaning.STRONG), Part(_(action.label)), Part(_(action.help))))

    def _choose(self) -> None:
        if (chosen := self.rows.key) is not None:
            self._end(chosen)

    def _end(self, chosen: str | None) -> None:
        self.dismiss(chosen)


def _searched(action: Action) -> str:
    return f"{action.id} {_(action.label)} {_(action.help)}".casefold()
