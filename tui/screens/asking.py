"""What screens and dialogs have in common: they ask the backend in workers, and keys stand for actions of the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import takewhile
from typing import ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.worker import get_current_worker

from runner.errors import RunnerError
from runner.words import _
from tui.actions import Where, action_named, actions_at
from tui.messages import AskFailed, ExplanationAsked, LanguageSwitched, Left, PaletteAsked, WentBack
from tui.sitting import Sitting
from tui.text import Line, Meaning, line
from tui.widgets.painting import Painted

Answer = TypeVar("Answer")
Result = TypeVar("Result")
Deeds = Mapping[str, Callable[[], None]]

_EVERY_SECOND = 1.0


def bindings_of(where: Where) -> list[BindingType]:
    """The bindings of a kind of screen, from the table of actions."""
    return [
        Binding(",".join(action.keys), f"act('{action.id}')", action.label, show=False, id=action.id)
        for action in actions_at(where)
    ]


class Asking(Screen[Result]):
    """A screen or dialog."""

    WHERE: ClassVar[Where]

    def __init__(self, sitting: Sitting) -> None:
        super().__init__()
        self.sitting = sitting

    def deeds(self) -> Deeds:
        """What is done here for each action beyond the common ones; only what makes sense now."""
        return {}

    def retell(self) -> None:
        """Say everything again: the language, the time or what is shown has changed."""

    def tick(self) -> None:
        """A second has passed."""

    def say(self, said: Line) -> None:
        """Say something to the person."""

    def possible(self) -> frozenset[str]:
        """Actions that make sense now."""
        return frozenset(self.deeds()) | frozenset(self._common())

    def ask(self, name: str, call: Callable[[], Answer], then: Callable[[Answer], Message]) -> None:
        """Ask the backend in a worker; a newer question of the same name replaces an older one.

        Args:
            name: of the worker.
            call: the question; runs in a thread.
            then: makes the message of the answer.
        """

        def work() -> None:
            worker = get_current_worker()
            try:
                message = then(call())
            except RunnerError as error:
                message = AskFailed(name, error)
            if not worker.is_cancelled:
                self.post_message(message)

        self.run_worker(work, name=name, group=name, exclusive=True, thread=True)

    def on_mount(self) -> None:
        self.set_interval(_EVERY_SECOND, self._tick)

    def action_act(self, action: str) -> None:
        """Do what a key stands for."""
        deeds = {**self._common(), **self.deeds()}
        if action in deeds:
            deeds[action]()
        else:
            label = _(action_named(action).label)
            self.say(line(_("{action}: not possible here now").format(action=label), Meaning.WAIT))

    def _common(self) -> Deeds:
        deeds: dict[str, Callable[[], None]] = {
            "explain": lambda: self._post(ExplanationAsked(self._focused_help())),
            "language": lambda: self._post(LanguageSwitched()),
            "palette": lambda: self._post(PaletteAsked()),
            "back": lambda: self._post(WentBack()),
            "leave": lambda: self._post(Left()),
        }
        here = {action.id for action in actions_at(self.WHERE)}
        return {name: deed for name, deed in deeds.items() if name in here}

    def _post(self, message: Message) -> None:
        self.post_message(message)

    def _focused_help(self) -> str:
        focused = self.focused
        return focused.help_text if isinstance(focused, Painted) else ""

    def _tick(self) -> None:
        if self._is_seen():
            self.tick()

    def _is_seen(self) -> bool:
        """Whether it is on top, or behind dialogs alone."""
        above = takewhile(lambda screen: screen is not self, reversed(self.app.screen_stack))
        return all(isinstance(screen, ModalScreen) for screen in above)
