"""Password and code of somebody who signs without a key, typed for the one statement that was just read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input

from runner.words import N_, _
from tui.actions import Where
from tui.backend import Typed
from tui.dialogs.dialog import Dialog
from tui.screens.asking import Deeds, bindings_of
from tui.sitting import Sitting
from tui.text import Line, Meaning, line
from tui.widgets.line_view import LineView
from tui.widgets.plain_button import PlainButton


class SecretsDialog(Dialog[Typed | None]):
    """Ends with what was typed; None when the person went back. Keeps nothing."""

    WHERE: ClassVar = Where.FORM
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Where.FORM)

    def __init__(self, sitting: Sitting, person: str) -> None:
        super().__init__(sitting)
        self._person = person
        self._said: tuple[Line, ...] = ()

    def body(self) -> Iterable[Widget]:
        yield LineView(name_id="title")
        yield LineView(name_id="label-password")
        yield Input(id="password", password=True)
        yield LineView(name_id="label-code")
        yield Input(id="code", password=True)
        yield LineView(name_id="said")
        with Horizontal(classes="buttons"):
            yield PlainButton(N_("confirm with these"), name_id="confirm")
            yield PlainButton(N_("back"), name_id="back", key="Esc")

    def on_mount(self) -> None:
        for view in self.query(LineView):
            view.can_focus = False
        for field in self.query(Input):
            field.cursor_blink = False
        self.query_one("#password").focus()
        self.retell()

    def retell(self) -> None:
        super().retell()
        title = _("{person} confirms what was just read; the service attests it, which is weaker than a key")
        self.query_one("#title", LineView).show([line(title.format(person=self._person), Meaning.STRONG)])
        self.query_one("#label-password", LineView).show([line(_("password"))])
        self.query_one("#label-code", LineView).show([line(_("the present code of your authenticator"))])
        self.query_one("#said", LineView).show(self._said)

    def deeds(self) -> Deeds:
        return {"cancel": lambda: self._end(None)}

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.input.id == "password":
            self.query_one("#code").focus()
        else:
            self._take()

    def on_plain_button_pressed(self, message: PlainButton.Pressed) -> None:
        if message.button.id == "confirm":
            self._take()
        else:
            self._end(None)

    def _take(self) -> None:
        typed = Typed(self.query_one("#password", Input).value, self.query_one("#code", Input).value.strip())
        if typed.password and typed.code:
            self._end(typed)
            return
        self._said = (line(_("both are needed"), Meaning.WAIT),)
        self.retell()

    def _end(self, typed: Typed | None) -> None:
        for field in self.query(Input):
            field.value = ""
        self.dismiss(typed)
