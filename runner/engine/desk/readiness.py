"""What stands in the way of a start: state, window, approvals, other runs, and anything that has changed since."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from runner.engine.desk.case import Case
from runner.engine.desk.facts import request_facts
from runner.engine.desk.premises import Premises
from runner.engine.planning import Change
from runner.errors import RefusedError
from runner.model.log import About
from runner.model.plan import Plan
from runner.model.policy import Drift
from runner.model.request import Approval, Request, RequestState
from runner.model.run import RunState
from runner.model.runbook import Risk
from runner.model.statement import StatementKind
from runner.model.time import to_rfc3339
from runner.rules.accepting import AFTERWARDS
from runner.rules.approvals import counting, lapsed
from runner.rules.changing import APPROVAL_LAPSED
from runner.rules.reviewing import no_review_is_overdue
from runner.rules.ruling import Ask
from runner.rules.tags import Tag
from runner.rules.windows import binding_window, require_may_begin
from runner.store.store import Transaction
from runner.words import N_

_OVER = frozenset({RunState.LAPSED, RunState.CLOSED, RunState.NOT_ACCEPTED})
"""States after which another run of the same request may start (L13)."""


def hindrances(
    premises: Premises, transaction: Transaction, request: Request, plan: Plan, now: datetime, but: str = ""
) -> Iterator[RefusedError]:
    """Why a request cannot be started now, each as the refusal it would be, except that the plan has changed.

    Args:
        premises: of the desk.
        transaction: where it is looked at.
        request: what would be started.
        plan: its plan.
        now: the present.
        but: the run that is being confirmed, which is not in its own way.
    """
    if request.state is not RequestState.APPROVED and request.standing is not None:
        yield RefusedError(
            N_("change {number}: is {state}; a run needs a standing approval that stands"),
            rule="standing:over" if request.state is not RequestState.SUBMITTED else "state:not-approved",
            hint=N_("ask for a new one: twokey request --standing"),
            number=request.number,
            state=request.state.value,
        )
    elif request.state is not RequestState.APPROVED:
        yield RefusedError(
            N_("change {number}: is {state}, only an approved one can be started"),
            rule="state:not-approved",
            number=request.number,
            state=request.state.value,
        )
    if premises.embedded and premises.site.production:
        yield RefusedError(
            N_("this service was started by a client and refuses production"), rule="L1:embedded-production"
        )
    try:
        require_may_begin(binding_window(request.window, request.risk), now)
    except RefusedError as refusal:
        yield refusal
    if request.risk is not Risk.EMERGENCY:
        yield from _unusable_approvals(premises, transaction, request, now)
    yield from _debts(premises, transaction, request)
    yield from _other_runs(transaction, request, but)
    yield from _held(transaction, plan, but)


def require_same_binding(case: Case, plan: Plan) -> None:
    """Refuse when inventory or tools are no longer those of the plan (L3); drift that policy allows is recorded.

    Raises:
        RefusedError: naming the first line that differs.
    """
    changes = case.premises.planner.changes_of(plan)
    for refusal in refused_changes(case.premises, changes):
        raise refusal
    if changes:
        differences = [f"{change.place}: {change.approved} -> {change.present}" for change in changes]
        case.note(Tag.PLAN_DRIFTED, About(plan=plan.digests.plan), {"differences": list(differences)})


def refused_changes(premises: Premises, changes: Iterable[Change]) -> Iterator[RefusedError]:
    """The changes since a plan was made that stand in the way of a start, each as the refusal it is."""
    for change in changes:
        if change.is_binding or not change.is_patch_level or premises.policy.runtime_drift is Drift.REFUSE:
            yield changed_since(change)


def changed_since(change: Change) -> RefusedError:
    """The refusal for a difference between the plan and what is there now."""
    return RefusedError(
        N_("the plan is no longer what was approved: {place} was {approved}, is {present}"),
        rule="L3:binding-changed" if change.is_binding else "L3:runtime-changed",
        hint=N_("plan it again and have the new plan approved: twokey request --revises"),
        place=change.place,
        approved=change.approved,
        present=change.present,
    )


def _debts(premises: Premises, transaction: Transaction, request: Request) -> Iterator[RefusedError]:
    """An after-review of the unit that is overdue, as the policy refuses it (L12)."""
    facts = request_facts(premises, transaction, request)
    ruling = no_review_is_overdue(Ask(StatementKind.START, request.requester, facts, premises.policy))
    if ruling is not None:
        yield RefusedError(ruling.message, rule=ruling.rule, hint=ruling.hint, **ruling.facts)


def _unusable_approvals(
    premises: Premises, transaction: Transaction, request: Request, now: datetime
) -> Iterator[RefusedError]:
    """Approvals that count and cannot be used now; those under another policy where none counts (PCIS-32)."""
    held, policy = transaction.approvals.of(request.number), premises.policy_digest
    good = counting(held, request.plan, policy)
    for approval in good:
        if unusable := _unusable(approval, now):
            yield unusable
    for approval in () if good else lapsed(held, request.plan, policy):
        yield RefusedError(
            N_("change {number}: the approval of {approver} was given under another policy than {policy}"),
            rule=APPROVAL_LAPSED,
            hint=N_("have it approved again: twokey approve {number}"),
            number=request.number,
            approver=approval.approver,
            policy=premises.policy.name,
        )


def _unusable(approval: Approval, now: datetime) -> RefusedError | None:
    facts: dict[str, str] = {"number": approval.request, "approver": approval.approver}
    if now < approval.not_before:
        message = N_("change {number}: the approval of {approver} is good from {instant}")
        return RefusedError(message, rule="L4:not-yet-valid", instant=to_rfc3339(approval.not_before), **facts)
    if now >= approval.not_after:
        message = N_("change {number}: the approval of {approver} was good until {instant}")
        return RefusedError(message, rule="L4:no-longer-valid", instant=to_rfc3339(approval.not_after), **facts)
    if approval.used >= approval.max_runs:
        message = N_("change {number}: every run that {approver} approved has been used")
        return RefusedError(message, rule="L4:used-up", **facts)
    return None


def _other_runs(transaction: Transaction, request: Request, but: str) -> Iterator[RefusedError]:
    for run in transaction.runs.page(_LOOKED_AT, request=request.number):
        if run.id != but and run.state not in _OVER:
            yield RefusedError(
                N_("change {number}: its run {run} is {state} and not done yet")
                if run.state in AFTERWARDS
                else N_("change {number}: its run {run} is {state} and its result not yet signed"),
                rule="L13:not-done" if run.state in AFTERWARDS else "L13:result-unsigned",
                number=request.number,
                run=run.id,
                state=run.state.value,
            )


def _held(transaction: Transaction, plan: Plan, but: str) -> Iterator[RefusedError]:
    wanted = {host.identity: host.name for host in plan.binding.hosts}
    for lock in transaction.locks.all():
        if lock.identity in wanted and lock.run != but and (lock.exclusive or plan.runbook.mutating):
            yield RefusedError(
                N_("host {host}: run {run} holds it since {since}"),
                rule="L7:host-held",
                hint=N_("wait until that run is closed"),
                host=wanted[lock.identity],
                run=lock.run,
                since=to_rfc3339(lock.since),
            )


_LOOKED_AT = 20
"""Newest runs of a request that are looked at: none starts before the one before it is closed."""
