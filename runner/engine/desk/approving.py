"""Approval of one exact plan (L4), and rejection."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from runner.engine.desk.case import Case
from runner.engine.desk.facts import request_facts
from runner.engine.desk.outcomes import request_outcome
from runner.engine.desk.reasons import require_reason
from runner.engine.desk.requesting import move
from runner.errors import RefusedError, UsageError
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
    max_runs = content.get("max_runs")
    if not isinstance(max_runs, int) or isinstance(max_runs, bool):
        raise UsageError(N_('statement: "max_runs" must be a number'))
    return Approval(
        request=request.number,
        plan=request.plan,
        approver=case.person.name,
        statement=case.signed.id,
        not_before=_instant(case, "not_before"),
        not_after=_instant(case, "not_after"),
        max_runs=max_runs,
        used=0,
        policy=case.premises.policy_digest,
    )


def _instant(case: Case, name: str) -> datetime:
    value = case.statement.content.get(name)
    try:
        instant = datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError as error:
        raise UsageError(N_('statement: "{name}" must be a time in UTC'), name=name) from error
    if to_rfc3339(instant) != value:
        raise UsageError(N_('statement: "{name}" must be a time in UTC'), name=name)
    return instant


def approval_span(policy: Policy, facts: Facts) -> Seconds:
    """How long an approval of such a change may be used when no window bounds it."""
    span = terms_of(policy, facts.risk, facts.environment, facts.unit).approval_valid_for
    return Seconds(0) if span is None else span


def _require_bounds(case: Case, request: Request, approval: Approval, facts: Facts) -> None:
    rules = case.premises.policy
    most = terms_of(rules, facts.risk, facts.environment, facts.unit).max_runs or 0
    if not 1 <= approval.max_runs <= most:
        raise RefusedError(
            N_("approval: {got} runs, policy {policy} allows from 1 to {most}"),
            rule="L4:max-runs",
            got=approval.max_runs,
            policy=rules.name,
            most=most,
        )
    if request.window is not None:
        latest = request.window.closes
    else:
        latest = max(case.now, approval.not_before) + timedelta(seconds=approval_span(rules, facts))
    if not case.now < approval.not_after <= latest or approval.not_before >= approval.not_after:
        raise RefusedError(
            N_("approval: it must begin before it ends ({not_before} to {not_after}), and end by {latest}"),
            rule="L4:validity",
            not_before=to_rfc3339(approval.not_before),
            not_after=to_rfc3339(approval.not_after),
            latest=to_rfc3339(latest),
        )
