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
from runner.model.request import Approval, Request, RequestState
from runner.model.statement import StatementKind
from runner.model.time import to_rfc3339
from runner.rules import policy
from runner.rules.policy import NOT_APPROVED, Facts
from runner.rules.statements import approve_content, reject_content
from runner.rules.tags import Tag
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
    _require_bounds(case, request, approval)
    case.record(Tag.REQUEST_APPROVED, About(request=request.number, plan=request.plan, content=request.content))
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
    return ruling.rule != NOT_APPROVED


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


def _require_bounds(case: Case, request: Request, approval: Approval) -> None:
    rules = case.premises.policy
    if not 1 <= approval.max_runs <= rules.max_runs:
        raise RefusedError(
            N_("approval: {got} runs, policy {policy} allows from 1 to {most}"),
            rule="L4:max-runs",
            got=approval.max_runs,
            policy=rules.name,
            most=rules.max_runs,
        )
    latest = _latest(case, request, approval)
    if not case.now < approval.not_after <= latest or approval.not_before >= approval.not_after:
        raise RefusedError(
            N_("approval: it must begin before it ends ({not_before} to {not_after}), and end by {latest}"),
            rule="L4:validity",
            not_before=to_rfc3339(approval.not_before),
            not_after=to_rfc3339(approval.not_after),
            latest=to_rfc3339(latest),
        )


def _latest(case: Case, request: Request, approval: Approval) -> datetime:
    """When an approval must end: with the window, or within policy's span when there is none."""
    if request.window is not None:
        return request.window.closes
    return max(case.now, approval.not_before) + timedelta(seconds=case.premises.policy.approval_valid_for)
