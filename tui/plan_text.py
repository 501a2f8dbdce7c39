"""A change and its plan as the lines of its screen."""

from __future__ import annotations

from runner.client.wording import change
from runner.client.wording.line import Line
from runner.client.wording.present import Present
from runner.wire.api_request import RequestShown
from tui.backend import PlanShown


def change_lines(shown: RequestShown, planned: PlanShown, present: Present) -> tuple[Line, ...]:
    """The whole page: the request, the plan, every step with its rollback, what is unbound, the digests."""
    return change.change_lines(shown, planned.plan, planned.rollback_decision_by, present)
