"""The lists that every list leads to, and where an awaited signature is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from textual.message import Message

from runner.model.statement import StatementKind
from runner.wire.api_request import Act
from tui.messages import (
    ChangeChosen,
    GrantChosen,
    GrantsChosen,
    PeopleChosen,
    PlaceChosen,
    PolicyChosen,
    RunChosen,
    WaitingChosen,
)
from tui.people_text import is_about_grant
from tui.screens.asking import Deeds

MOVING: Final = ("person:", "service:request:", "service:run:", "service:act:", "service:grant:")
"""Beginnings of the tags after which other signatures may be awaited."""


def to_lists(post: Callable[[Message], None]) -> Deeds:
    """What leads to each of the lists; a screen has no action for the one it is."""
    return {
        "waiting": lambda: post(WaitingChosen()),
        "people": lambda: post(PeopleChosen()),
        "grants": lambda: post(GrantsChosen()),
        "policy": lambda: post(PolicyChosen()),
    }


def place_of_act(act: Act) -> PlaceChosen | None:
    """Where an awaited signature is given; None when it is not given here.

    The plan is read before a request, a start or its confirmation is signed.
    """
    if is_about_grant(act):
        return GrantChosen(act.subject)
    if act.run and act.kind is not StatementKind.CONFIRM:
        return RunChosen(act.run)
    return ChangeChosen(act.request) if act.request else None
