"""Asking what must be known before something can be signed; nothing is signed here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input

from runner.errors import UsageError
from runner.words import N_, _
from tui.actions import Where
from tui.dialogs.dialog import Dialog
from tui.forms import Field, Form, require_answers
from tui.intents import Intent
from tui.rows import Column, Row
from tui.screens.asking import Deeds, bindings_of
from tui.sitting import Sitting
from tui.text import Line, Meaning, Part, error_lines, line
from tui.widgets.line_view import LineView
from tui.widgets.plain_button import PlainButton
from tui.widgets.row_list import RowList

_MANY_OPTIONS = 10
"""More options than this on one form: each list shows only some of its rows on a low screen."""
_ONE = (Column(N_("choice"), 20, grows=True),)


class FormDialog(Dialog[Intent | None]):
    """Ends with what is to be signed."""

    WHERE: ClassVar = Where.FORM
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Where.FORM)
    CSS_PATH: ClassVar = "form.tcss"

    def __init__(self, sitting: Sitting, form: Form) -> None:
        super().__init__(sitting)
        self._form = form
        self.set_class(sum(len(field.options) for field in form.fields) > _MANY_OPTIONS, "-crowded")
        self._said: tuple[Line, ...] = ()

    def body(self) -> Iterable[Widget]:
        yield LineView(name_id="title")
        for field in self._form.fields:
            yield LineView(name_id=f"label-{field.name}")
            yield self._widget(field)
        yield LineView(name_id="said")
        with Horizontal(classes="buttons"):
            yield PlainButton(N_("next: read and sign"), name_id="next")
            yield PlainButton(N_("back"), name_id="back", key="Esc")

    def on_mount(self) -> None:
        for view in self.query(LineView):
            view.can_focus = False
        for field in self.query(Input):
            field.cursor_blink = False
        first = f"#field-{self._form.fields[0].name}"
        self.query_one(first).focus()
        self.retell()

    def retell(self) -> None:
        super().retell()
        self.query_one("#title", LineView).show([line(self._form.title, Meaning.STRONG)])
        for field in self._form.fields:
            needed = "" if field.required else " " + _("(may be left empty)")
            needed = " " + _("(arrows choose)") if field.options else needed
            self.query_one(f"#label-{field.name}", LineView).show([line(f"{field.label}{needed}")])
        self.query_one("#said", LineView).show(self._said)

    def say(self, said: Line) -> None:
        self._said = (said,)
        self.retell()

    def deeds(self) -> Deeds:
        return {"cancel": lambda: self._end(None)}

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self._leave(event.input)

    def on_row_list_chosen(self, message: RowList.Chosen) -> None:
        self._leave(message.rows)

    def on_plain_button_pressed(self, message: PlainButton.Pressed) -> None:
        if message.button.id == "next":
            self._go_on()
        else:
            self._end(None)

    def _leave(self, answered: Widget) -> None:
        """Go on to what comes next; a second Enter in haste does not skip anything."""
        if self.focused is answered:
            self.focus_next()

    def _end(self, intent: Intent | None) -> None:
        self.dismiss(intent)

    def _go_on(self) -> None:
        answers = {field.name: self._answer(field) for field in self._form.fields}
        try:
            require_answers(self._form, answers)
            intent = self._form.make(answers)
        except UsageError as error:
            self._said = error_lines(error, self.sitting.present)
            self.retell()
            return
        self._end(intent)

    def _widget(self, field: Field) -> Widget:
        name = f"field-{field.name}"
        if not field.options:
            return Input(field.given, id=name, password=field.secret)
        rows = RowList(_ONE, name_id=name, unset=True, help_text=N_("Arrows or j and k choose; Tab goes on."))
        rows.show([Row(option.value, (Part(option.label),)) for option in field.options])
        rows.go_to(field.given)
        return rows

    def _answer(self, field: Field) -> str:
        if field.options:
            return self.query_one(f"#field-{field.name}", RowList).key or ""
        return self.query_one(f"#field-{field.name}", Input).value
