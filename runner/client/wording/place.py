"""Where somebody is, in words."""

from __future__ import annotations

from collections.abc import Sequence

from runner.client.wording.line import Line, aligned, told
from runner.model.people import Terminal
from runner.wire.api_people import Here
from runner.words import _


def here_text(here: Here) -> str:
    """One line: the terminal, as the service finds it, or why there is none."""
    terminal = here.terminal
    if terminal is None and not here.source:
        return _("you are at no registered terminal: nothing proves where your sign-in comes from")
    if terminal is None:
        return _("you are at no registered terminal: your sign-in comes from {source}").format(source=here.source)
    text = _("you are at terminal {terminal}, seat {seat}") if not terminal.operations else ""
    text = text or _("you are at operations terminal {terminal}, seat {seat}")
    return text.format(terminal=terminal.name, seat=terminal.seat)


def terminal_lines(terminals: Sequence[Terminal]) -> tuple[Line, ...]:
    """The registered terminals, one on a line."""
    return aligned(told(_("terminal"), _terminal(each)) for each in terminals)


def _terminal(terminal: Terminal) -> str:
    text = _("{name}, seat {seat}, from {source}")
    if terminal.operations:
        text = _("{name}, operations terminal, seat {seat}, from {source}")
    return text.format(name=terminal.name, seat=terminal.seat, source=terminal.source)
