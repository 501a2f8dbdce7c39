"""Requests: one person's wish to run a plan, its next revision, and its withdrawal."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from runner.engine.desk.case import Case
from runner.engine.desk.facts import plan_facts, request_facts
from runner.engine.desk.outcomes import request_outcome
from runner.engine.desk.reasons import require_reason
from runner.errors import RefusedError, UsageError
from runner.model.document import JsonObject
from runner.model.log import About
from runner.model.plan import Plan
from runner.model.request import PublicationState, Request, RequestState, StandingTerms
from runner.model.runbook import Risk
from runner.model.statement import Statement
from runner.model.time import to_rfc3339
from runner.model.units import LONGEST
from runner.rules.accepting import trial_asked
from runner.rules.risk import risk_of
from runner.rules.ruling import Facts
from runner.rules.standing import CLASS, require_allowed
from runner.rules.statements import request_content, with_standing, withdraw_content
from runner.rules.tags import Tag
from runner.rules.terms import laxer_than, terms_of
from runner.rules.transitions import require_request_transition
from runner.wire.api_request import Outcome
from runner.words import N_

NO_APPROVAL: Final = "L12"
"""The rule by which an emergency is approved as soon as it is submitted."""


def submit(case: Case) -> Outcome:
    """Record a request, or the next revision of one, and give it its number.

    Raises:
        RefusedError: the content is not published, something unbound is not allowed, the window is missing or over,
            or the request to be revised cannot be.
        NotFoundError: the plan was not made here.
    """
    plan = case.open_plan(case.statement.subject).plan
    revises = _text(case, "revises")
    reason = require_reason(_text(case, "reason"))
    standing = _standing_terms(case)
    risk, window = plan.risk if standing is None else CLASS, plan.binding.window
    attachments, asked = attachments_of(case.statement), trial_of(case.statement)
    expected = request_content(
        plan.digests, plan.runbook.id, plan.runbook.version, risk, window, reason, revises, attachments, asked
    )
    case.require_content(plan.digests.plan, with_standing(expected, standing))
    trial = trial_asked(plan.runbook, risk, asked, production=case.premises.site.production)
    publication = case.transaction.publications.get(plan.digests.content)
    require_published(plan.digests.content, publication.state)
    _require_requestable(case, plan, standing)
    facts = replace(plan_facts(case.premises, case.transaction, plan), risk=risk, requester=case.person.name)
    facts = replace(facts, attachments=frozenset(attachments))
    case.require_policy(facts)
    require_no_laxer_terms(case, plan, facts)
    if standing is not None:
        require_run_count(case, standing.max_runs, facts)
    wanted = Request(
        number="",
        revision=1,
        plan=plan.digests.plan,
        content=plan.digests.content,
        runbook_id=plan.runbook.id,
        title_en=plan.runbook.title.en,
        title_zh=plan.runbook.title.zh,
        requester=case.person.name,
        reason=reason,
        risk=risk,
        state=RequestState.SUBMITTED,
        window=window,
        at=case.now,
        trial=trial,
        standing=standing,
    )
    request = _revise(case, wanted, revises) if revises else case.transaction.requests.add(wanted)
    case.record(
        Tag.REQUEST_SUBMITTED,
        About(request=request.number, plan=request.plan, content=request.content),
        {"revision": request.revision, "risk": request.risk.value},
    )
    return _submitted(case, request)


def _submitted(case: Case, request: Request) -> Outcome:
    """What follows a request: an approval, but for an emergency."""
    if request.standing is not None:
        message = N_("change {number} asks for a standing approval and waits for it")
        return request_outcome(case, request, message)
    if request.risk is not Risk.EMERGENCY:
        return request_outcome(case, request, N_("change {number} is submitted and waits for approval"))
    request = move(case, request, RequestState.APPROVED, why=NO_APPROVAL)
    case.tell_after(request.number, request.state)
    return request_outcome(
        case,
        request,
        N_("change {number} is an emergency: two people may start it at once, without an approval"),
    )


def trial_of(statement: Statement) -> int:
    """The trial a signed request states, in seconds; 0 where there is none.

    Raises:
        UsageError: it is no such span.
    """
    asked = statement.content.get("trial", 0)
    if not isinstance(asked, int) or isinstance(asked, bool) or not 0 <= asked <= LONGEST:
        raise UsageError(N_('statement: "trial" must be a number of seconds, {longest} at most'), longest=LONGEST)
    return asked


def attachments_of(statement: Statement) -> dict[str, str]:
    """The documents a signed request names, by kind; what is no such list counts as none."""
    named = statement.content.get("attachments")
    if not isinstance(named, dict):
        return {}
    return {
        kind: text
        for kind, text in named.items()
        if isinstance(text, str) and text.strip() and len(kind) <= _LONGEST_KIND and len(text) <= _LONGEST_NAME
    }


_LONGEST_KIND: Final = 64
_LONGEST_NAME: Final = 400


def withdraw(case: Case) -> Outcome:
    """Take a request back."""
    request = case.transaction.requests.get(case.statement.subject)
    reason = require_reason(_text(case, "reason"))
    case.require_content(request.number, withdraw_content(request, reason))
    case.require_policy(request_facts(case.premises, case.transaction, request))
    case.record(Tag.REQUEST_WITHDRAWN, About(request=request.number, plan=request.plan))
    moved = move(case, request, RequestState.WITHDRAWN)
    return request_outcome(case, moved, N_("change {number} is withdrawn"))


def move(case: Case, request: Request, state: RequestState, why: str = "") -> Request:
    """Put a request into its next state.

    Args:
        case: the statement at hand.
        request: as it is.
        state: its next state.
        why: the rule that lets it go there without anybody's approval.

    Raises:
        RefusedError: it cannot go there from where it is.
    """
    require_request_transition(request.state, state)
    case.transaction.requests.set_state(request.number, request.state, state)
    moved: JsonObject = {"from": request.state.value, "to": state.value, "revision": request.revision}
    about = About(request=request.number, plan=request.plan)
    case.note(Tag.REQUEST_MOVED, about, {**moved, "why": why} if why else moved)
    return replace(request, state=state)


def require_published(digest: str, state: PublicationState) -> None:
    """Refuse content that only its author has signed (L1)."""
    if state is not PublicationState.PUBLISHED:
        raise RefusedError(
            N_("content {digest}: is not published"),
            rule="L1:not-published",
            hint=N_("another person must countersign it: twokey runbook publish"),
            digest=digest,
        )


def require_no_laxer_terms(case: Case, plan: Plan, facts: Facts) -> None:
    """Refuse a raised class that asks for less than the one the plan has by itself.

    Raises:
        RefusedError: naming the first of it.
    """
    found, _rules = risk_of(plan.runbook, replace(plan.binding, raised_to=None))
    if found is plan.risk:
        return
    policy = case.premises.policy
    own, raised = (terms_of(policy, risk, facts.environment, facts.unit) for risk in (found, plan.risk))
    for finding in laxer_than(raised, own, found.value):
        raise RefusedError(
            N_("risk class: {raised} would ask for less than {found} does here ({field}), policy {policy}"),
            rule="risk:laxer-terms",
            hint=N_("leave --risk away, or have the policy tightened for the higher class too"),
            raised=plan.risk.value,
            found=found.value,
            field=str(finding.path[0]),
            policy=policy.name,
        )


def require_run_count(case: Case, runs: int, facts: Facts) -> None:
    """Refuse more runs under one approval than policy allows, or none.

    Raises:
        RefusedError: with the bounds.
    """
    rules = case.premises.policy
    most = terms_of(rules, facts.risk, facts.environment, facts.unit).max_runs or 0
    if not 1 <= runs <= most:
        raise RefusedError(
            N_("approval: {got} runs, policy {policy} allows from 1 to {most}"),
            rule="L4:max-runs",
            got=runs,
            policy=rules.name,
            most=most,
        )


def instant_in(document: JsonObject, name: str) -> datetime:
    """A time that a statement names, in its one spelling.

    Raises:
        UsageError: it is none.
    """
    value = document.get(name)
    try:
        instant = datetime.fromisoformat(value if isinstance(value, str) else "")
        spelled = to_rfc3339(instant)
    except ValueError as error:
        raise UsageError(N_('statement: "{name}" must be a time in UTC'), name=name) from error
    if spelled != value:
        raise UsageError(N_('statement: "{name}" must be a time in UTC'), name=name)
    return instant


def runs_in(document: JsonObject) -> int:
    """The number of runs that a statement names.

    Raises:
        UsageError: it is none.
    """
    runs = document.get("max_runs")
    if not isinstance(runs, int) or isinstance(runs, bool):
        raise UsageError(N_('statement: "max_runs" must be a number'))
    return runs


def _standing_terms(case: Case) -> StandingTerms | None:
    """What is asked for with a standing approval; None: none is asked for."""
    if "standing" not in case.statement.content:
        return None
    given = case.statement.content["standing"]
    if not isinstance(given, dict):
        raise UsageError(N_('statement: "{name}" must be an object'), name="standing")
    return StandingTerms(instant_in(given, "until"), runs_in(given))


def _require_requestable(case: Case, plan: Plan, standing: StandingTerms | None) -> None:
    refused = next((unbound for unbound in plan.unbound if not unbound.allowed), None)
    if refused is not None:
        raise RefusedError(
            N_("plan: {place}: {what} is only known at run time, which policy {policy} does not allow"),
            rule="L3:unbound",
            place=refused.place,
            what=refused.what,
            policy=case.premises.policy.name,
        )
    if standing is not None:
        require_allowed(plan, standing, case.now)
    if plan.risk is Risk.EMERGENCY or standing is not None:
        return
    window = plan.binding.window
    if window is None and plan.runbook.window_required:
        raise RefusedError(
            N_("runbook {runbook}: a change of it needs a window"),
            rule="L8:no-window",
            hint=N_("plan it again with --from and --to"),
            runbook=plan.runbook.id,
        )
    if window is not None and window.closes <= case.now:
        raise RefusedError(
            N_("the window closed at {closes}; it is {now}"),
            rule="L8:window-closed",
            hint=N_("request another window"),
            closes=to_rfc3339(window.closes),
            now=to_rfc3339(case.now),
        )


def _revise(case: Case, wanted: Request, number: str) -> Request:
    """The next revision under the same number; approvals of earlier revisions do not count for it."""
    before = case.transaction.requests.get(number)
    if before.requester != wanted.requester:
        raise RefusedError(
            N_("change {number}: only {requester} can revise it"),
            rule="L2:reviser-is-not-requester",
            number=number,
            requester=before.requester,
        )
    if before.runbook_id != wanted.runbook_id:
        raise RefusedError(
            N_("change {number}: is one of runbook {runbook}; another runbook needs a request of its own"),
            rule="state:other-runbook",
            number=number,
            runbook=before.runbook_id,
        )
    approved = {approval.plan for approval in case.transaction.approvals.of(number)}
    if wanted.plan in approved:
        raise RefusedError(
            N_("change {number}: this very plan was approved before, and turned down or used since"),
            rule="L4:same-plan",
            hint=N_("make a new request of it"),
            number=number,
        )
    return case.transaction.requests.revise(replace(wanted, number=number))


def _text(case: Case, name: str) -> str:
    value = case.statement.content.get(name)
    return value if isinstance(value, str) else ""
