"""The app: routes between screens and dialogs, follows the service, switches the language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from textual import on
from textual.app import App
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen
from textual.worker import get_current_worker

from runner.errors import RunnerError, SignInError, UsageError
from runner.model.statement import StatementKind
from runner.model.time import Clock
from runner.wire.api_request import Outcome
from runner.words import _, current_language, use_language
from tui import messages
from tui.actions import actions_at, read_remapping
from tui.backend import AGENT, Backend, Key
from tui.dialogs.explain import ExplainDialog
from tui.dialogs.form import FormDialog
from tui.dialogs.palette import PaletteDialog
from tui.dialogs.sign import SignDialog
from tui.feed import RETRY, Feed
from tui.intents import Intent, subject_of
from tui.live_backend import LiveBackend
from tui.reach import Reach
from tui.routes import screen_for
from tui.screens.asking import Asking
from tui.screens.changes import ChangesScreen
from tui.screens.framed import Framed
from tui.series import Signed, series_line
from tui.sitting import Sitting
from tui.text import Line, Meaning, line, said
from tui.theme import THEME

__all__ = ["Reach", "TwokeyApp", "open_demonstration", "open_tui"]


class OwnKeyFound(Message):
    """The person's key, when exactly one is at hand."""

    def __init__(self, key: Key) -> None:
        super().__init__()
        self.key = key


class SessionFound(Message):
    """The service was reached anew; whether it answers is seen by asking."""


class TwokeyApp(App[None]):
    """Screens over one backend; closing it changes nothing about any run."""

    TITLE = "Twokey"
    CSS_PATH: ClassVar = "app.tcss"
    ENABLE_COMMAND_PALETTE: ClassVar = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c", "interrupt", show=False, system=True)]

    def __init__(
        self,
        backend: Backend,
        *,
        remapped: Mapping[str, str] | None = None,
        key_path: str = "",
        retry: float = RETRY,
    ) -> None:
        """Make the app; nothing is reached before its first frame.

        Args:
            backend: where everything comes from.
            remapped: keys by action.
            key_path: key file named at the start.
            retry: seconds between two attempts to reach a lost service.
        """
        super().__init__()
        self.sitting = Sitting(backend, remapped or {}, key_path)
        self._failure: Exception | None = None
        self._feed = Feed(backend, self.post_message, retry)
        self.animation_level = "none"
        self.register_theme(THEME)
        self.theme = THEME.name
        self.set_keymap(dict(remapped or {}))

    @property
    def failure(self) -> Exception | None:
        """What ended the app against its will."""
        return self._failure or self._exception

    def get_default_screen(self) -> Screen[object]:
        return ChangesScreen(self.sitting)  # type: ignore[return-value]  # Screen is invariant in a result nobody uses

    def on_mount(self) -> None:
        """Reach the service, once the first frame is on the screen."""
        self.call_after_refresh(self._feed.start)

    def on_unmount(self) -> None:
        self._feed.stop()
        self.sitting.backend.close()

    def on_feed_reached(self, message: Feed.Reached) -> None:
        first = self.sitting.status is None
        back = not self.sitting.reached or self.sitting.signed_out is not None
        self.sitting.status = message.status
        self.sitting.reached, self.sitting.lost_at, self.sitting.signed_out = True, None, None
        if back:
            self._tell_all(messages.ConnectionChanged)
        if first:
            self.run_worker(self._find_key, name="own key", group="own key", exclusive=True, thread=True)
        elif back:
            self._say(line(_("connected again"), Meaning.GOOD))

    def on_feed_lost(self, message: Feed.Lost) -> None:
        if self.sitting.status is None and isinstance(message.error, UsageError):
            self._end_with(message.error)
        elif self.sitting.status is not None and isinstance(message.error, SignInError):
            self.sitting.reached = True
            self._sign_out(message.error)
        elif self.sitting.reached or self.sitting.status is None:
            self.sitting.reached, self.sitting.lost = False, message.error
            if self.sitting.signed_out is None:
                self.sitting.lost_at = self.sitting.present.now if self.sitting.status else None
            self._tell_all(messages.ConnectionChanged)

    def on_signed_out(self, message: messages.SignedOut) -> None:
        if self.sitting.signed_out is None:
            self._sign_out(message.error)

    def on_session_sought(self, _message: messages.SessionSought) -> None:
        self.run_worker(self._seek_session, name="session", group="session", exclusive=True, thread=True)

    @on(SessionFound)
    def _look_again(self, _message: SessionFound) -> None:
        self.sitting.signed_out, self.sitting.lost_at = None, None
        self._feed.renew()
        self._tell_all(messages.ConnectionChanged)

    def on_own_key_found(self, message: OwnKeyFound) -> None:
        self.sitting.key = message.key
        self._retell_all()

    def on_feed_moved(self, _message: Feed.Moved) -> None:
        news = self._feed.take()
        self._tell_all(lambda: messages.NewsArrived(news))

    @on(messages.PlaceChosen)
    def open_place(self, message: messages.PlaceChosen) -> None:
        """Show the screen of what was chosen; a list that was left open is gone back to.

        A key that is pressed twice, or in haste, opens nothing over a dialog.
        """
        if not isinstance(self.screen, Framed):
            return
        wanted = screen_for(self.sitting, message)
        if wanted.is_alone:
            open_screens = [screen for screen in self.screen_stack if type(screen) is type(wanted)]
        else:
            open_screens = [self.screen] if self.screen.is_same(wanted) else []
        if not open_screens:
            self.push_screen(wanted)
            return
        while self.screen is not open_screens[0]:
            self.pop_screen()
        if isinstance(self.screen, Framed):
            self.screen.take_over(wanted)

    def on_form_asked(self, message: messages.FormAsked) -> None:
        if isinstance(self.screen, Framed):
            self.push_screen(FormDialog(self.sitting, message.form), self._form_answered)

    def on_signing_asked(self, message: messages.SigningAsked) -> None:
        if isinstance(self.screen, Framed):
            self._sign(message)

    def on_series_asked(self, message: messages.SeriesAsked) -> None:
        if isinstance(self.screen, Framed):
            self._sign_each(message.signings, ())

    def on_explanation_asked(self, message: messages.ExplanationAsked) -> None:
        below = self.screen
        if isinstance(below, Asking) and not isinstance(below, ExplainDialog):
            help_text = message.help_text
            self.push_screen(ExplainDialog(self.sitting, help_text, below.WHERE, below.possible()))

    def on_palette_asked(self, _message: messages.PaletteAsked) -> None:
        below = self.screen
        if isinstance(below, Framed):
            possible = below.possible()
            actions = [action for action in actions_at(below.WHERE) if action.id in possible]
            self.push_screen(PaletteDialog(self.sitting, actions), lambda chosen: self._found(below, chosen))

    def on_language_switched(self, _message: messages.LanguageSwitched) -> None:
        use_language("en" if current_language() == "zh" else "zh")
        self._retell_all()

    def on_went_back(self, _message: messages.WentBack) -> None:
        if isinstance(self.screen, ExplainDialog):
            self.screen.dismiss(None)
        elif len(self.screen_stack) > 1:
            self.pop_screen()

    def on_left(self, _message: messages.Left) -> None:
        self.exit()

    def action_interrupt(self) -> None:
        """Ctrl-C leaves nothing behind, but is too near other keys to leave at once."""
        self._say(line(_("^Q leaves Twokey; every run goes on"), Meaning.WAIT))

    def _end_with(self, error: RunnerError) -> None:
        """End: what was typed cannot lead anywhere; the command says why."""
        self._failure = error
        self.exit(return_code=error.exit_code)

    def _fatal_error(self) -> None:
        """End without a traceback on the terminal; `failure` says why."""
        self._close_messages_no_wait()

    def _sign_out(self, error: SignInError) -> None:
        """Say that nothing more is answered; what was read stays on the screen, as of now."""
        if self.sitting.signed_out is None:
            self.sitting.lost_at = self.sitting.lost_at or self.sitting.present.now
        self.sitting.signed_out = error
        self._tell_all(messages.ConnectionChanged)

    def _seek_session(self) -> None:
        """Reach the service anew, under the session that is kept now; runs in a worker."""
        try:
            self.sitting.backend.open()
        except RunnerError:
            return  # the feed finds out too, and says so
        self.post_message(SessionFound())

    def _find_key(self) -> None:
        """Find the person's key: the one named at the start, or the only one the agent holds; runs in a worker."""
        try:
            keys = self.sitting.backend.keys()
        except RunnerError:
            return  # it is asked for, and said why not, when something is to be signed
        plain = len(keys) == 1 or (keys and keys[0].place != AGENT)
        if plain and not get_current_worker().is_cancelled:
            self.post_message(OwnKeyFound(keys[0]))

    def _form_answered(self, intent: Intent | None) -> None:
        if intent is not None:
            self._sign(messages.SigningAsked(intent))

    def _sign(self, asked: messages.SigningAsked) -> None:
        self.push_screen(SignDialog(self.sitting, asked.intent, self.sitting.key, asked.about), self._signed)

    def _sign_each(self, left: tuple[messages.SigningAsked, ...], done: tuple[Signed, ...]) -> None:
        """Sign the first of those that are left, then the rest; what is refused or left stops none."""
        if left:
            first, *rest = left
            number = subject_of(first.intent)
            dialog = SignDialog(self.sitting, first.intent, self.sitting.key, first.about)
            self.push_screen(dialog, lambda outcome: self._sign_each(tuple(rest), (*done, Signed(number, outcome))))
        elif isinstance(self.screen, Framed):
            self.screen.reload()
            self.screen.say(series_line(done))

    def _signed(self, outcome: Outcome | None) -> None:
        """Say what came of it; a run that was started is followed, a grant that was applied for is shown."""
        below = self.screen
        if outcome is None or not isinstance(below, Framed):
            return
        below.reload()
        below.say(line(said(outcome.message, self.sitting.present), Meaning.GOOD))
        if outcome.kind in (StatementKind.START, StatementKind.CONFIRM) and outcome.run:
            self.open_place(messages.RunChosen(outcome.run))
        elif outcome.kind in (StatementKind.APPLY, StatementKind.GRANT):
            self.open_place(messages.GrantChosen(outcome.subject))

    def _found(self, below: Framed, chosen: str | None) -> None:
        if chosen is not None:
            below.action_act(chosen)

    def _say(self, text: Line) -> None:
        if isinstance(self.screen, Asking):
            self.screen.say(text)

    def _tell_all(self, make: Callable[[], Message]) -> None:
        """Tell every screen, with a message of its own."""
        for screen in self.screen_stack:
            screen.post_message(make())

    def _retell_all(self) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, Asking):
                screen.retell()


def open_tui(find: Callable[[], Reach], bindings: Sequence[str], key_path: str) -> int:
    """Open the terminal UI until the person leaves; the exit code.

    Args:
        find: finds out where the service is, once the first frame is on the screen.
        bindings: other keys for actions, as `ACTION=KEY`.
        key_path: key file named at the start.

    Raises:
        UsageError: a key cannot be used so, or there is no site here.
        Exception: whatever else ended the app against its will.
    """
    return _run(TwokeyApp(LiveBackend(find), remapped=read_remapping(bindings), key_path=key_path))


def open_demonstration(clock: Clock, bindings: Sequence[str], pace: float) -> int:
    """Open it over a made-up run that goes on by one beat every `pace` seconds; raises as `open_tui`."""
    from tui.demo_backend import DemoBackend

    return _run(TwokeyApp(DemoBackend(clock, pace=pace), remapped=read_remapping(bindings)))


def _run(app: TwokeyApp) -> int:
    app.run()
    if app.failure is not None:
        raise app.failure
    return app.return_code or 0
