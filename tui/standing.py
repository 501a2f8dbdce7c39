"""How a change stands, put together from the request and its run at work; blocks, so it is called from workers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from runner.model.request import Approval, Request
from runner.rules.standing import what_is_left
from runner.wire.api_request import RequestShown
from tui.backend import Backend, ChangeRow, RunAtHand
from tui.top_text import OVER


@dataclass(frozen=True, slots=True)
class Standing:
    """A change as it is looked at."""

    change: ChangeRow
    shown: RequestShown
    """Its `otherwise` is that of the run while one is at work."""


def standing_of(backend: Backend, number: str) -> Standing:
    """Read a change and, while it has a run at work, the run."""
    shown = backend.change(number)
    row = row_of(shown.request, shown.approvals)
    newest = max(shown.runs, key=lambda run: run.created_at, default=None)
    first = next(iter(shown.acts), None)
    if newest is None:
        return Standing(replace(row, act=first), shown)
    at_hand = RunAtHand(newest.run, newest.state)
    if newest.state in OVER:
        return Standing(replace(row, run=at_hand, act=first), shown)
    run = backend.run(newest.run)
    return Standing(replace(row, run=at_hand, act=run.act), replace(shown, otherwise=run.otherwise))


def row_of(request: Request, approvals: Iterable[Approval]) -> ChangeRow:
    """The change as a row without its run: a standing approval with what is left of it."""
    if request.standing is None:
        return ChangeRow(request, None, None)
    given = (each for each in approvals if each.plan == request.plan)
    until, left = what_is_left(request.standing, given)
    return ChangeRow(request, None, None, until, left)
