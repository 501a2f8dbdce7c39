"""How a change stands, put together from the request and its run at work; blocks, so it is called from workers."""

from __future__ import annotations

from dataclasses import dataclass, replace

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
    newest = max(shown.runs, key=lambda run: run.created_at, default=None)
    first = next(iter(shown.acts), None)
    if newest is None:
        return Standing(ChangeRow(shown.request, None, first), shown)
    at_hand = RunAtHand(newest.run, newest.state)
    if newest.state in OVER:
        return Standing(ChangeRow(shown.request, at_hand, first), shown)
    run = backend.run(newest.run)
    return Standing(ChangeRow(shown.request, at_hand, run.act), replace(shown, otherwise=run.otherwise))
