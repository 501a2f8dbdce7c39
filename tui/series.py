"""Several changes approved in one action: each read in full and signed on its own, one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from runner.wire.api_request import Outcome
from runner.words import _
from tui.backend import Backend
from tui.intents import Approve
from tui.messages import SigningAsked
from tui.plan_text import change_lines
from tui.sitting import Sitting
from tui.text import Line, Meaning, line, listed


@dataclass(frozen=True, slots=True)
class Signed:
    """What became of one of them."""

    number: str
    outcome: Outcome | None
    """None: it was left."""


def signings(sitting: Sitting, backend: Backend, numbers: tuple[str, ...]) -> tuple[SigningAsked, ...]:
    """What is to be signed, each with its change and whole plan; blocks, so it is called from a worker.

    Raises:
        RunnerError: one of them cannot be read.
    """
    asked = []
    for number in numbers:
        shown = backend.change(number)
        planned = backend.plan(shown.request.plan)
        asked.append(SigningAsked(Approve(number), partial(change_lines, shown, planned, sitting.present)))
    return tuple(asked)


def series_line(done: tuple[Signed, ...]) -> Line:
    """Each with its outcome, once the last was signed or left."""
    signed = listed(each.number for each in done if each.outcome is not None)
    left = listed(each.number for each in done if each.outcome is None)
    if not left:
        return line(_("signed: {numbers}").format(numbers=signed), Meaning.GOOD)
    if not signed:
        return line(_("nothing was signed; left: {numbers}").format(numbers=left), Meaning.WAIT)
    return line(_("signed: {signed}; left: {left}").format(signed=signed, left=left), Meaning.WAIT)
