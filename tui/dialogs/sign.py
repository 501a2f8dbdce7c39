"""The two-person dialog: the text in words, a signature, who still has to sign, and the second one if given here.

The key that opened it does not sign, Enter does not sign, and the button that has the focus is the one that goes back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

from textual.binding import BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widget import Widget

from runner.wire.api import Words
from runner.wire.api_audit import EntryShown
from runner.wire.api_people import GrantShown
from runner.wire.api_request import Outcome
from runner.wire.api_run import RunShown
from runner.words import N_, _
from tui.actions import CONFIRM, Where, action_named, key_label, keys_of
from tui.backend import Key, Prepared, Typed
from tui.dialogs.dialog import Dialog
from tui.dialogs.key import KeyDialog
from tui.dialogs.typed import SecretsDialog
from tui.intents import Intent, intent_of
from tui.messages import AskFailed, NewsArrived
from tui.screens.asking import Deeds, bindings_of
from tui.sign_text import KeyNames, Phase, Signing, awaits_another, signing_lines, what_now
from tui.sitting import Sitting
from tui.text import Line, Meaning, line
from tui.widgets.line_view import LineView
from tui.widgets.painting import MOVE_BINDINGS
from tui.widgets.plain_button import PlainButton

_MAY_CHANGE_KEY = (Phase.READY, Phase.WAITING, Phase.REFUSED)


class SignDialog(Dialog[Outcome | None]):
    """Ends with what the last signature brought about; None when nothing was signed."""

    WHERE: ClassVar = Where.SIGN
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of(Where.SIGN), *MOVE_BINDINGS]
    CSS_PATH: ClassVar = "sign.tcss"

    @dataclass
    class TextMade(Message):
        """The statement can be read."""

        prepared: Prepared

    @dataclass
    class Signed(Message):
        """The statement was signed and taken."""

        outcome: Outcome

    @dataclass
    class RunRead(Message):
        """The run whose second signature is awaited was read."""

        shown: RunShown

    @dataclass
    class GrantRead(Message):
        """The grant whose second signature is awaited was read."""

        shown: GrantShown

    def __init__(
        self, sitting: Sitting, intent: Intent, key: Key | None, about: Callable[[], Iterable[Line]] = tuple
    ) -> None:
        """Make the dialog.

        Args:
            sitting: the person's.
            intent: what is to be signed.
            key: the key to sign with; None asks for one first.
            about: what must be known before it is signed, in the language of the moment.
        """
        super().__init__(sitting)
        self._key = key
        self._signing = Signing(intent)
        self._about = about
        self._borrowed: list[Key] = []
        self._said: tuple[Line, ...] = ()

    @property
    def signing(self) -> Signing:
        """How far it is."""
        return self._signing

    def body(self) -> Iterable[Widget]:
        yield LineView(name_id="text", help_text=N_("Exactly what will be signed, in words and field by field."))
        yield LineView(name_id="said")
        with Horizontal(classes="buttons"):
            yield PlainButton(N_("back"), name_id="back", key="Esc")
            yield PlainButton(N_("SIGN"), name_id="sign", key=self._key_names().confirm, danger=True)

    def on_mount(self) -> None:
        self.query_one("#said", LineView).can_focus = False
        self.query_one("#back").focus()
        self.retell()
        if self._key is None:
            self._choose_key()
        else:
            self._prepare(self._key)

    def on_unmount(self) -> None:
        for key in self._borrowed:
            if key != self.sitting.key:
                self.sitting.backend.forget_key(key)

    def deeds(self) -> Deeds:
        deeds: dict[str, Callable[[], None]] = {"back": self._go_back}
        if self._signing.phase is Phase.READY:
            deeds[CONFIRM] = self._sign
        if self._signing.phase in _MAY_CHANGE_KEY:
            deeds["key"] = self._choose_key
        return deeds

    def retell(self) -> None:
        super().retell()
        lines = signing_lines(self._signing, self.sitting.status, self.sitting.present, self._about())
        self.query_one("#text", LineView).show(lines)
        self.query_one("#said", LineView).show(self._said or what_now(self._signing, self._key_names()))
        self.query_one("#sign", PlainButton).display = self._signing.phase is Phase.READY

    def tick(self) -> None:
        if self._signing.phase is Phase.WAITING:
            self.retell()

    def say(self, said: Line) -> None:
        self._said = (said,)
        self.retell()

    def action_move(self, where: str) -> None:
        """Scroll the text, wherever the focus is."""
        self.query_one("#text", LineView).action_move(where)

    def on_plain_button_pressed(self, message: PlainButton.Pressed) -> None:
        if message.button.id == "back":
            self._go_back()
        else:
            self.action_act(CONFIRM)

    def on_plain_button_enter_refused(self, _message: PlainButton.EnterRefused) -> None:
        self.say(line(_("Enter does not sign; press the key that is named, or click"), Meaning.WAIT))

    def on_sign_dialog_text_made(self, message: TextMade) -> None:
        self._now(replace(self._signing, phase=Phase.READY, prepared=message.prepared, error=None))

    def on_sign_dialog_signed(self, message: Signed) -> None:
        outcome = message.outcome
        if outcome.half:
            self._now(replace(self._signing, phase=Phase.DONE, outcome=outcome, prepared=None, error=None))
        elif awaits_another(outcome):
            self._now(replace(self._signing, phase=Phase.WAITING, outcome=outcome, prepared=None, error=None))
        else:
            self.dismiss(outcome)

    def on_ask_failed(self, message: AskFailed) -> None:
        self._now(replace(self._signing, phase=Phase.REFUSED, error=message.error))

    def on_news_arrived(self, message: NewsArrived) -> None:
        outcome = self._signing.outcome
        if self._signing.phase is not Phase.WAITING or outcome is None:
            return
        gaps = any(not isinstance(each, EntryShown) for each in message.news)
        abouts = [each.about for each in message.news if isinstance(each, EntryShown)]
        if outcome.run and (gaps or any(about.get("run") == outcome.run for about in abouts)):
            self.ask("awaited", partial(self.sitting.backend.run, outcome.run), self.RunRead)
        elif not outcome.run and (gaps or any(about.get("request") == outcome.subject for about in abouts)):
            self.ask("awaited", partial(self.sitting.backend.register.grant, outcome.subject), self.GrantRead)

    def on_sign_dialog_run_read(self, message: RunRead) -> None:
        """The other person may have signed in their own session, or the first signature may have lapsed."""
        outcome, awaited = self._signing.outcome, self._signing.awaited
        act = message.shown.act
        if outcome is None or awaited is None or self._signing.phase is not Phase.WAITING:
            return
        if act is None or act.kind is not awaited.kind or set(act.signed) != set(awaited.signed):
            now = Words(N_("run {run} is now {state}"), {"run": outcome.run, "state": message.shown.row.state.value})
            self.dismiss(replace(outcome, message=now))

    def on_sign_dialog_grant_read(self, message: GrantRead) -> None:
        """Another person may have decided in their own session."""
        outcome, row = self._signing.outcome, message.shown.row
        if outcome is None or self._signing.phase is not Phase.WAITING or row.state.value == outcome.state:
            return
        now = Words(N_("grant {number} is now {state}"), {"number": row.number, "state": row.state.value})
        self.dismiss(replace(outcome, message=now))

    def _prepare(self, key: Key) -> None:
        self._key = key
        awaited = self._signing.awaited
        intent = (intent_of(awaited) if awaited else None) or self._signing.intent
        self._now(replace(self._signing, intent=intent, phase=Phase.PREPARING, prepared=None, error=None))
        self.ask("text to sign", partial(self.sitting.backend.prepare, intent, key), self.TextMade)

    def _sign(self) -> None:
        prepared = self._signing.prepared
        if prepared is None:
            return
        if prepared.key.is_password:
            self.app.push_screen(SecretsDialog(self.sitting, prepared.key.person), self._confirm)
            return
        self._now(replace(self._signing, phase=Phase.SIGNING))
        self.ask("signature", partial(self.sitting.backend.sign, prepared), self.Signed)

    def _confirm(self, typed: Typed | None) -> None:
        """Sign with what was typed once the text had been read; None: nothing was."""
        prepared = self._signing.prepared
        if typed is None or prepared is None or self._signing.phase is not Phase.READY:
            return
        self._now(replace(self._signing, phase=Phase.SIGNING))
        self.ask("signature", partial(self.sitting.backend.sign, prepared, typed), self.Signed)

    def _choose_key(self) -> None:
        awaited = self._signing.awaited
        self.app.push_screen(KeyDialog(self.sitting, awaited.people if awaited else ()), self._take_key)

    def _take_key(self, key: Key | None) -> None:
        if key is not None:
            self._borrowed.append(key)
            self._prepare(key)
        elif self._key is None:
            self.dismiss(None)

    def _go_back(self) -> None:
        """Leave; what was signed stays signed."""
        if self._signing.phase is not Phase.SIGNING:
            self.dismiss(self._signing.outcome)

    def _key_names(self) -> KeyNames:
        names = (key_label(keys_of(action_named(name), self.sitting.remapped)[0]) for name in (CONFIRM, "key"))
        return KeyNames(*names)

    def _now(self, signing: Signing) -> None:
        self._said = ()
        self._signing = signing
        self.retell()
