"""What screens tell the app, and the app the screens."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from textual.message import Message

from runner.errors import RunnerError, SignInError
from runner.model.log import LogFilter
from runner.wire.api_audit import EntryShown
from tui.feed import News
from tui.forms import Form
from tui.intents import Intent
from tui.text import Line


@dataclass
class NewsArrived(Message, bubble=False):
    """The log has grown; from the app to its screens."""

    news: tuple[News, ...]


@dataclass
class ConnectionChanged(Message, bubble=False):
    """The service was reached, or lost; from the app to its screens. `Sitting` says which, and why."""


@dataclass
class AskFailed(Message):
    """The backend has refused or could not answer."""

    what: str
    """Name of the worker."""
    error: RunnerError


@dataclass
class SignedOut(Message):
    """The service answers nothing more: the session is over."""

    error: SignInError


class SessionSought(Message):
    """The person says that they have signed in again."""


class PlaceChosen(Message):
    """Something is to be seen on a screen of its own."""


@dataclass
class ChangeChosen(PlaceChosen):
    """A change is to be seen."""

    number: str


@dataclass
class RunChosen(PlaceChosen):
    """A run is to be seen."""

    run: str


@dataclass
class GrantChosen(PlaceChosen):
    """A grant is to be seen."""

    number: str


@dataclass
class LogChosen(PlaceChosen):
    """Log entries are to be seen."""

    wanted: LogFilter


@dataclass
class EntryChosen(PlaceChosen):
    """One log entry is to be seen."""

    entry: EntryShown


class WaitingChosen(PlaceChosen):
    """Everything that waits for a signature is to be seen."""


@dataclass
class PeopleChosen(PlaceChosen):
    """The register of people is to be seen."""

    person: str = ""
    """Whoever is to be seen first; empty: nobody in particular."""


class GrantsChosen(PlaceChosen):
    """The list of grants is to be seen."""


class PolicyChosen(PlaceChosen):
    """The policy in force is to be seen."""


@dataclass
class SigningAsked(Message):
    """A person wants to sign."""

    intent: Intent
    about: Callable[[], Iterable[Line]] = tuple
    """What must be known before this is signed, in the language of the moment."""


@dataclass
class SeriesAsked(Message):
    """A person wants to sign several, one after the other."""

    signings: tuple[SigningAsked, ...]


@dataclass
class FormAsked(Message):
    """Something must be asked before a person can sign."""

    form: Form


@dataclass
class ExplanationAsked(Message):
    """F1 was pressed."""

    help_text: str
    """Message id about what has the focus; empty when nothing has."""


class LanguageSwitched(Message):
    """The other language was asked for."""


class PaletteAsked(Message):
    """An action is to be found by its name."""


class WentBack(Message):
    """The screen before is to be seen again."""


class Left(Message):
    """The person leaves."""
