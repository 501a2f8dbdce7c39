"""Choosing the key to sign with: one that is at hand, or a key file with its passphrase."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.binding import BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from runner.words import N_, _
from tui.actions import Where
from tui.backend import Key
from tui.dialogs.dialog import Dialog
from tui.messages import AskFailed
from tui.rows import Column, Row
from tui.screens.asking import Deeds, bindings_of
from tui.sitting import Sitting
from tui.text import Line, Meaning, Part, error_lines, line, listed
from tui.widgets.line_view import LineView
from tui.widgets.plain_button import PlainButton
from tui.widgets.row_list import RowList

_COLUMNS = (
    Column(N_("who"), 14),
    Column(N_("from"), 16),
    Column(N_("key"), 24, priority=1, grows=True),
)


class KeyDialog(Dialog[Key | None]):
    """Ends with a key that is ready to sign; nothing is signed here."""

    WHERE: ClassVar = Where.FORM
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(Where.FORM)

    @dataclass
    class AtHand(Message):
        """Keys that need no file."""

        keys: tuple[Key, ...]

    @dataclass
    class Opened(Message):
        """A key file was opened."""

        key: Key

    def __init__(self, sitting: Sitting, awaited: tuple[str, ...] = ()) -> None:
        """Make the dialog.

        Args:
            sitting: the person's.
            awaited: people whose signature is still missing, when that is known.
        """
        super().__init__(sitting)
        self._awaited = awaited
        self._keys: tuple[Key, ...] = ()
        self._said: tuple[Line, ...] = ()

    def body(self) -> Iterable[Widget]:
        yield LineView(name_id="title")
        yield RowList(
            _COLUMNS,
            name_id="at-hand",
            help_text=N_("Keys at hand of people who may sign here. Enter takes one; nothing is signed yet."),
            empty=N_("no key of anybody who may sign is at hand"),
        )
        yield LineView(name_id="label-path")
        yield Input(self.sitting.key_path, id="path")
        yield LineView(name_id="label-passphrase")
        yield Input(id="passphrase", password=True)
        yield LineView(name_id="said")
        with Horizontal(classes="buttons"):
            yield PlainButton(N_("use this key file"), name_id="use")
            yield PlainButton(N_("back"), name_id="back", key="Esc")

    def on_mount(self) -> None:
        for view in self.query(LineView):
            view.can_focus = False
        for field in self.query(Input):
            field.cursor_blink = False
        self.query_one("#at-hand").focus()
        self.ask("keys at hand", self.sitting.backend.keys, self.AtHand)
        self.retell()

    def retell(self) -> None:
        super().retell()
        title = _("whose key signs? It stays where it is and is let go of when this is done")
        lines = [line(title, Meaning.STRONG)]
        if self._awaited:
            lines.append(line(_("still to sign: {people}").format(people=listed(self._awaited)), Meaning.WAIT))
        self.query_one("#title", LineView).show(lines)
        self.query_one("#label-path", LineView).show(
            [line(_("or a key file (a .pub file names a key of the ssh-agent)"))]
        )
        self.query_one("#label-passphrase", LineView).show([line(_("its passphrase, if it has one"))])
        self.query_one("#said", LineView).show(self._said)

    def say(self, said: Line) -> None:
        self._said = (said,)
        self.retell()

    def deeds(self) -> Deeds:
        return {"cancel": lambda: self._end(None)}

    def on_key_dialog_at_hand(self, message: AtHand) -> None:
        self._keys = message.keys
        rows = [
            Row(key.fingerprint, (Part(key.person, Meaning.STRONG), Part(key.place), Part(key.fingerprint)))
            for key in message.keys
        ]
        self.query_one("#at-hand", RowList).show(rows)
        if not rows and self.focused is self.query_one("#at-hand"):
            self.query_one("#path").focus()

    def on_key_dialog_opened(self, message: Opened) -> None:
        self._end(message.key)

    def on_row_list_chosen(self, message: RowList.Chosen) -> None:
        self._take(message.key)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.input.id == "path" and not self.query_one("#passphrase", Input).value:
            self.query_one("#passphrase").focus()
        else:
            self._open()

    def on_plain_button_pressed(self, message: PlainButton.Pressed) -> None:
        if message.button.id == "use":
            self._open()
        else:
            self._end(None)

    def on_ask_failed(self, message: AskFailed) -> None:
        self._said = error_lines(message.error, self.sitting.present)
        self.retell()

    def _take(self, fingerprint: str) -> None:
        self._end(next(key for key in self._keys if key.fingerprint == fingerprint))

    def _open(self) -> None:
        path = self.query_one("#path", Input).value.strip()
        if not path:
            self.say(line(_("name a key file first"), Meaning.WAIT))
            return
        passphrase = self.query_one("#passphrase", Input).value or None
        self.say(line(_("opening the key…"), Meaning.WAIT))
        self.ask("key file", partial(self.sitting.backend.open_key, Path(path).expanduser(), passphrase), self.Opened)

    def _end(self, key: Key | None) -> None:
        self.query_one("#passphrase", Input).value = ""
        self.dismiss(key)
