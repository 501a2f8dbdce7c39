"""What every screen has: three top lines, a body, the notice line and the key bar."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.message import Message
from textual.widget import Widget

from runner.errors import SignInError, UnreachableError
from runner.model.access import SessionEnd
from runner.wire.api import ServiceStatus
from runner.wire.api_access import SESSION_RULES
from runner.words import _
from tui.feed import News
from tui.messages import AskFailed, ConnectionChanged, NewsArrived, SessionSought, SignedOut
from tui.screens.asking import Answer, Asking, Deeds
from tui.text import Line, Meaning, error_lines
from tui.top_text import Top, not_live, top_of_nothing, top_of_unreached
from tui.widgets.key_bar import KeyBar
from tui.widgets.notice_line import NoticeLine
from tui.widgets.top_lines import TopLines


class Framed(Asking[None]):
    """A screen in its frame; subclasses compose the body and say what is on top."""

    is_alone: ClassVar[bool] = False
    """Whether it is opened once at most; choosing it again goes back to it."""

    @property
    def about(self) -> str:
        """What it shows, where there may be several of its kind."""
        return ""

    def is_same(self, other: Framed) -> bool:
        """Whether the other one would show the same."""
        return type(self) is type(other) and self.about == other.about

    def take_over(self, other: Framed) -> None:
        """It was gone back to in place of another of its kind."""

    def compose(self) -> ComposeResult:
        yield TopLines()
        yield from self.body()
        yield NoticeLine()
        yield KeyBar(self.WHERE, self.sitting.remapped)

    def body(self) -> Iterable[Widget]:
        """What stands between the top lines and the notice line."""
        return ()

    def top(self, status: ServiceStatus) -> Top:
        """The three top lines now, once the service was reached."""
        return top_of_nothing(status)

    def reload(self) -> None:
        """Ask the backend for everything that is shown."""

    def ask(self, name: str, call: Callable[[], Answer], then: Callable[[Answer], Message]) -> None:
        """Ask the backend, as `Asking.ask`; while the person is signed out the answer is known."""
        if self.sitting.signed_out is None:
            super().ask(name, call, then)
        else:
            self.post_message(AskFailed(name, self.sitting.signed_out))

    def told(self, news: tuple[News, ...]) -> None:
        """The log has grown."""

    def retell(self) -> None:
        self._show_top()
        self.query_one(KeyBar).allow(self.possible())
        self._tell_connection()

    def tick(self) -> None:
        self._show_top()
        self.query_one(NoticeLine).tick()

    def say(self, said: Line) -> None:
        self.query_one(NoticeLine).say(said)

    def on_mount(self) -> None:
        if self.sitting.reached:
            self.reload()
        self.retell()

    def on_screen_resume(self) -> None:
        self.retell()

    def on_connection_changed(self, _message: ConnectionChanged) -> None:
        if self.sitting.reached:
            self.reload()
        self.retell()

    def on_news_arrived(self, message: NewsArrived) -> None:
        self.told(message.news)

    def on_ask_failed(self, message: AskFailed) -> None:
        error = message.error
        if isinstance(error, SignInError) and error.rule in SESSION_RULES:
            self.post_message(SignedOut(error))
        elif not isinstance(error, UnreachableError):
            self.say(error_lines(error, self.sitting.present)[0])

    def _common(self) -> Deeds:
        return {**super()._common(), "reload": self._reload_or_seek}

    def _reload_or_seek(self) -> None:
        if self.sitting.signed_out is None:
            self.reload()
        else:
            self.post_message(SessionSought())

    def _show_top(self) -> None:
        sitting, present = self.sitting, self.sitting.present
        top = self.top(sitting.status) if sitting.status else top_of_unreached(sitting.lost, present)
        self.query_one(TopLines).show(not_live(top, sitting.lost_at, present) if sitting.lost_at else top)

    def _tell_connection(self) -> None:
        notice = self.query_one(NoticeLine)
        status = self.sitting.status
        if status is None:
            notice.connection(_("connecting to the service…"), Meaning.WAIT)
        elif not self.sitting.reached:
            notice.connection(_("CONNECTION LOST; the run is not affected; reconnecting…"), Meaning.ALARM)
        elif self.sitting.signed_out is not None:
            notice.connection(_signed_out(self.sitting.signed_out), Meaning.ALARM)
        else:
            embedded = _(", embedded") if status.embedded else ""
            text = _("connected to {site}{embedded}").format(site=status.site, embedded=embedded)
            person = self.sitting.key.person if self.sitting.key else ""
            you = " " + _("as {person}").format(person=person) if person else ""
            notice.connection(text + you, Meaning.FAINT)


def _signed_out(error: SignInError) -> str:
    """That the person is signed out, after how long if it was for want of use, and what to do."""
    idle = error.facts.get("idle")
    if error.facts.get("reason") == SessionEnd.IDLE and isinstance(idle, int):
        said = _("SIGNED OUT after {minutes} minutes idle; sign in again to see more: twokey login, ^R")
        return said.format(minutes=-(-idle // 60))
    return _("SIGNED OUT; sign in again to see more: twokey login, ^R")
