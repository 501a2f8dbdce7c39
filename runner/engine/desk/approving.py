"""Approval of one exact plan (L4), and rejection."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from runner.engine.desk.case import Case
from runner.engine.desk.facts import request_facts
from runner.engine.desk.outcomes import request_outcome
from runner.engine.desk.reasons import require_reason
from runner.engine.desk.requesting import instant_in, move, require_run_count, runs_in
from runner.errors import RefusedError
from runner.model.log import About
from runner.model.policy import Policy
from runner.model.request import Approval, Request, RequestState
from runner.model.statement import StatementKind
from runner.model.time import Seconds, to_rfc3339
from runner.rules import policy
from runner.rules.changing import APPROVAL_LAPSED, NOT_APPROVED
from runner.rules.ruling import Facts
from runner.rules.statements import approve_content, reject_content
from runner.rules.tags import Tag
from runner.rules.terms import terms_of
from runner.wire.api_request import Outcome
from runner.words import N_


def approve(case: Case) -> Outcome:
    """Record an approval; the request is approved once it could be started on it.

    Raises:
        RefusedError: it cannot be approved, by this person or at all, or the approval reaches beyond window or policy.
    """
    request = case.transaction.requests.get(case.statement.subject)
    _require_open(request)
    facts = request_facts(case.premises, case.transaction, request)
    case.require_policy(facts)
    approval = _approval(case, request)
    case.require_content(
        request.number, approve_content(request, approval.not_before, approval.not_after, approval.max_runs)
    )
    _require_bounds(case, request, approval, facts)
    about = About(request=request.number, plan=request.plan, content=request.content)
    case.record(Tag.REQUEST_APPROVED, about, {"policy": approval.policy})
    case.transaction.approvals.add(approval)
    approved = replace(facts, approvers=(*facts.approvers, case.person.name))
    if request.state is RequestState.SUBMITTED and _is_enough(case, approved):
        request = move(case, request, RequestState.APPROVED)
        if request.standing is not None:
            return request_outcome(case, request, N_("change {number} has its standing approval"))
        return request_outcome(case, request, N_("change {number} is approved"))
    return request_outcome(case, request, N_("the approval of change {number} is recorded; it is {state}"))


def reject(case: Case) -> Outcome:
    """Send a request back with a reason."""
    request = case.transaction.requests.get(case.statement.subject)
    _require_open(request)
    value = case.statement.content.get("reason")
    reason = require_reason(value if isinstance(value, str) else "")
    case.require_content(request.number, reject_content(request, reason))
    case.require_policy(request_facts(case.premises, case.transaction, request))
    case.record(Tag.REQUEST_REJECTED, About(request=request.number, plan=request.plan))
    rejected = move(case, request, RequestState.REJECTED)
    return request_outcome(case, rejected, N_("change {number} is rejected and goes back to {requester}"))


def _require_open(request: Request) -> None:
    if request.state not in (RequestState.SUBMITTED, RequestState.APPROVED):
        raise RefusedError(
            N_("change {number}: is {state}, nothing is left to approve or reject"),
            rule="state:not-open",
            number=request.number,
            state=request.state.value,
        )


def _is_enough(case: Case, facts: Facts) -> bool:
    """Whether the approvals so far would not stand in the way of a start."""
    ruling = policy.decide(StatementKind.START, facts.requester, facts, case.premises.policy)
    return ruling.rule not in (NOT_APPROVED, APPROVAL_LAPSED)


def _approval(case: Case, request: Request) -> Approval:
    content = case.statement.content
    return Approval(
        request=request.number,
        plan=request.plan,
        approver=case.person.name,
        statement=case.signed.id,
        not_before=instant_in(content, "not_before"),
        not_after=instant_in(content, "not_after"),
        max_runs=runs_in(content),
        used=0,
        policy=case.premises.policy_digest,
    )


def approval_span(policy: Policy, facts: Facts) -> Seconds:
    """How long an approval of such a change may be used when no window bounds it."""
    span = terms_of(policy, facts.risk, facts.environment, facts.unit).approval_valid_for
    return Seconds(0) if span is None else span


def _require_bounds(case: Case, request: Request, approval: Approval, facts: Facts) -> None:
    rules = case.premises.policy
    require_run_count(case, approval.max_runs, facts)
    if request.standing is not None and approval.max_runs > request.standing.max_runs:
        raise RefusedError(
            N_("approval: {got} runs, {requester} asked for {most} at most"),
            rule="L4:max-runs",
            got=approval.max_runs,
            requester=request.requester,
            most=request.standing.max_runs,
        )
    if request.window is not None:
        latest = request.window.closes
    else:
        latest = max(case.now, approval.not_before) + timedelta(seconds=approval_span(rules, facts))
    if request.standing is not None:
        latest = min(latest, request.standing.until)
    if not case.now < approval.not_after <= latest or approval.not_before >= approval.not_after:
        raise RefusedError(
            N_("approval: it must begin before it ends ({not_before} to {not_after}), and end by {latest}"),
            rule="L4:validity",
            not_before=to_rfc3339(approval.not_before),
            not_after=to_rfc3339(approval.not_after),
            latest=to_rfc3339(latest),
        )
