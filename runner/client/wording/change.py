"""A change in words: the request with its people, and the plan they sign."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from runner.client.wording.line import Line, Meaning, Part, Told, aligned, sections, told
from runner.client.wording.plan import plan_told
from runner.client.wording.present import Present, clock, said
from runner.model.plan import Plan
from runner.wire.api_request import RequestShown
from runner.wire.spoken import spoken
from runner.words import _


def change_lines(shown: RequestShown, plan: Plan, decision_by: datetime | None, present: Present) -> tuple[Line, ...]:
    """The whole page: the request, then its plan; `decision_by` is the latest rollback decision time."""
    return aligned(sections(_request(shown, present), plan_told(plan, decision_by, present)))


def _request(shown: RequestShown, present: Present) -> Iterator[Told]:
    """What, why, by whom; who has approved; what stands in the way."""
    request = shown.request
    state = spoken(request.state.value)
    if request.revision > 1:
        state = _("revision {number}: {state}").format(number=request.revision, state=state)
    yield Told(_("change"), (Part(request.number, Meaning.STRONG), Part(f"  {state}")))
    yield told(_("reason"), request.reason, Meaning.STRONG)
    asked = _("{person}, {at}").format(person=request.requester, at=clock(request.at, present))
    yield told(_("requested by"), asked)
    for approval in shown.approvals:
        text = _("{person}, from {start} to {end}, used {used} of {runs}").format(
            person=approval.approver,
            start=clock(approval.not_before, present),
            end=clock(approval.not_after, present),
            used=approval.used,
            runs=approval.max_runs,
        )
        yield told(_("approved by"), text, Meaning.GOOD)
    for run in shown.runs:
        text = _("{run} {state}, executor {executor}, confirmer {confirmer}").format(
            run=run.run, state=spoken(run.state.value), executor=run.executor, confirmer=run.confirmer or "-"
        )
        yield told(_("run"), text)
    for hindrance in shown.hindrances:
        yield told(_("cannot start"), said(hindrance, present), Meaning.WAIT)
    for revision in shown.revisions:
        text = _("revision {number}: {state}").format(number=revision.revision, state=spoken(revision.state.value))
        yield told(_("before"), text, Meaning.FAINT)
