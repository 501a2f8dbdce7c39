"""Standing approvals in words, for lists on the command line and in the terminal UI."""

from __future__ import annotations

from runner.client.wording.line import listed
from runner.client.wording.present import Present, clock
from runner.model.request import RequestState
from runner.wire.api_request import StandingRow
from runner.wire.spoken import spoken
from runner.words import _, current_language


def standing_cells(row: StandingRow, present: Present) -> tuple[str, ...]:
    """Change, state, end, runs left, who gave it, the plan, the last run, and the runbook."""
    request = row.request
    last = row.runs[0] if row.runs else None
    title = request.title_zh if current_language() == "zh" else request.title_en
    people = listed([request.requester, *(approval.approver for approval in row.approvals)])
    return (
        request.number,
        standing_state(row),
        clock(row.until, present),
        runs_left(row),
        people,
        request.plan.removeprefix("sha256:")[:_DIGITS],
        f"{last.run} {spoken(last.state.value)}" if last else "-",
        f"{title} ({request.runbook_id})",
    )


def standing_heads() -> tuple[str, ...]:
    """What the cells are headed with."""
    return (
        _("change"),
        _("state"),
        _("until"),
        _("runs left"),
        _("requested and approved by"),
        _("plan"),
        _("last run"),
        _("runbook"),
    )


def standing_state(row: StandingRow) -> str:
    """Its state, and whether it ends soon."""
    state = spoken(row.request.state.value)
    return _("{state}, ends soon").format(state=state) if row.soon else state


def runs_left(row: StandingRow) -> str:
    """How many runs are left of how many."""
    most = min((approval.max_runs for approval in row.approvals), default=0)
    if not most:
        return _("{count} asked for").format(count=row.left)
    stands = row.request.state is RequestState.APPROVED
    return _("{left} of {most}").format(left=row.left if stands else 0, most=most)


_DIGITS = 16
"""Of a plan digest, enough for people to compare."""
