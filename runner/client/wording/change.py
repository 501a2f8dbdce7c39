"""A change in words: the request with its people, and the plan they sign."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from runner.client.wording.line import Line, Meaning, Part, Told, aligned, listed, sections, short, told
from runner.client.wording.plan import plan_told, risk_told
from runner.client.wording.present import Present, clock, said
from runner.client.wording.review import review_told
from runner.model.plan import Plan
from runner.model.request import RequestState
from runner.model.units import format_duration
from runner.rules.standing import what_is_left
from runner.wire.api_request import Act, RequestShown, StatementShown
from runner.wire.spoken import spoken
from runner.words import _, current_language

_MAY_START: Final = (RequestState.SUBMITTED, RequestState.APPROVED)


def change_lines(shown: RequestShown, plan: Plan, decision_by: datetime | None, present: Present) -> tuple[Line, ...]:
    """The whole page: the request, then its plan; `decision_by` is the latest rollback decision time."""
    return aligned(sections(_request(shown, present), plan_told(plan, decision_by, present)))


def request_lines(shown: RequestShown, present: Present) -> tuple[Line, ...]:
    """A request without its plan: how far it came, whose turn it is, what follows if nobody acts, who has signed."""
    return aligned(
        sections(_request(shown, present), _ahead(shown, present), signatures_told(shown.statements, present))
    )


def signatures_told(statements: Iterable[StatementShown], present: Present) -> Iterator[Told]:
    """Who has signed what, and when it was recorded."""
    for statement in statements:
        text = _("{kind} by {person} ({key})").format(
            kind=spoken(statement.kind.value), person=statement.person, key=statement.key
        )
        yield told(_("signed"), f"{clock(statement.recorded, present)}  {text}")


def act_text(act: Act, present: Present) -> str:
    """A signature that may be given, and by whom."""
    people = listed(act.people) or _("nobody who may")
    return _("{title} ({people})").format(title=said(act.title, present), people=people)


def turn_told(act: Act, present: Present) -> Iterator[Told]:
    """Who is waited for, and until when."""
    yield told(_("turn"), act_text(act, present), Meaning.WAIT)
    if act.until is not None:
        yield told("", _("until {until}").format(until=clock(act.until, present)), Meaning.WAIT)


def _ahead(shown: RequestShown, present: Present) -> Iterator[Told]:
    request = shown.request
    title = request.title_zh if current_language() == "zh" else request.title_en
    yield told(_("runbook"), f"{title} ({request.runbook_id})")
    yield risk_told(request.risk, shown.risk_rules)
    yield Told(_("plan"), (Part(short(request.plan), Meaning.STRONG),))
    if request.window is not None:
        opens, closes = clock(request.window.opens, present), clock(request.window.closes, present)
        yield told(_("window"), _("{opens} to {closes} ({zone})").format(opens=opens, closes=closes, zone=present.zone))
    for act in shown.acts:
        yield from turn_told(act, present)
    yield told(_("otherwise"), said(shown.otherwise, present))


def _approvals(shown: RequestShown, present: Present) -> Iterator[Told]:
    for approval in shown.approvals:
        text = _("{person}, from {start} to {end}, used {used} of {runs}").format(
            person=approval.approver,
            start=clock(approval.not_before, present),
            end=clock(approval.not_after, present),
            used=approval.used,
            runs=approval.max_runs,
        )
        yield told(_("approved by"), text, Meaning.GOOD)


def _standing(shown: RequestShown, present: Present) -> Iterator[Told]:
    """What a standing approval asks for and, once it stands, how many runs are left of it and until when."""
    request = shown.request
    wanted = request.standing
    if wanted is None:
        return
    text = _("until {until}, {count} runs at most; one person starts a run")
    yield told(_("standing"), text.format(until=clock(wanted.until, present), count=wanted.max_runs), Meaning.STRONG)
    if request.state is RequestState.APPROVED:
        until, left = what_is_left(wanted, (each for each in shown.approvals if each.plan == request.plan))
        text = _("{count} runs, until {until}")
        yield told(_("left of it"), text.format(count=left, until=clock(until, present)), Meaning.STRONG)


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
    yield from _standing(shown, present)
    for kind, reference in shown.attachments.items():
        yield told(_("attached"), f"{kind}: {reference}")
    if request.trial:
        yield told(_("trial"), _("{span}, before it is accepted").format(span=format_duration(request.trial)))
    yield from _approvals(shown, present)
    for run in shown.runs:
        text = _("{run} {state}, executor {executor}, confirmer {confirmer}").format(
            run=run.run, state=spoken(run.state.value), executor=run.executor, confirmer=run.confirmer or "-"
        )
        yield told(_("run"), text)
    for review in shown.reviews:
        yield from review_told(review, present)
    for mark in shown.marks:
        yield told(_("marked"), said(mark, present), Meaning.WAIT)
    for hindrance in shown.hindrances if request.state in _MAY_START else ():
        yield told(_("cannot start"), said(hindrance, present), Meaning.WAIT)
    for revision in shown.revisions:
        text = _("revision {number}: {state}").format(number=revision.revision, state=spoken(revision.state.value))
        yield told(_("before"), text, Meaning.FAINT)
