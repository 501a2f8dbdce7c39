"""The policy in force as people see it, those to come, and the approvals that lapse with it (PCIS-32)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from runner.engine.desk.founding import policy_source
from runner.engine.desk.policies import policy_source_in_force
from runner.engine.desk.premises import Premises
from runner.model.request import Approval, Request, RequestState
from runner.model.runbook import Risk
from runner.model.time import to_rfc3339
from runner.proof.canonical import digest
from runner.rules.approvals import counting, lapsed
from runner.store.store import Transaction
from runner.wire.api import MAX_PAGE, Words
from runner.wire.api_people import ApprovalInUse, ComingPolicy, PolicyShown
from runner.words import N_

_OPEN = (RequestState.SUBMITTED, RequestState.APPROVED)


def policy_shown(premises: Premises, transaction: Transaction) -> PolicyShown:
    """The policy in force."""
    source = policy_source_in_force(transaction)
    granted = transaction.grants.policy_in_force()
    now = premises.clock.now()
    return PolicyShown(
        name=premises.policy.name,
        source=source,
        digest=digest(source.encode()),
        grant=granted.number if granted else "",
        differs=policy_source(premises.site) != source.encode(),
        coming=tuple(
            ComingPolicy(each.number, each.policy.name, each.policy.version, each.digest, each.at)
            for each in premises.in_force.coming
        ),
        approvals=tuple(
            ApprovalInUse(approval.request, approval.approver, approval.not_after)
            for request in transaction.requests.page(MAX_PAGE, states=_OPEN)
            for approval in _in_use(premises, transaction, request, now)
        ),
    )


def approval_marks(premises: Premises, transaction: Transaction, request: Request) -> Iterator[Words]:
    """What is said of a request's approvals: those that lapsed with a policy, and when the others will."""
    if request.state not in _OPEN or request.risk is Risk.EMERGENCY:
        return
    held, policy = transaction.approvals.of(request.number), premises.policy_digest
    for approval in lapsed(held, request.plan, policy):
        yield Words(
            N_("the approval of {approver} was given under another policy and starts nothing any more; approve again"),
            {"approver": approval.approver},
        )
    for coming in premises.in_force.coming[:1]:
        for approval in _in_use(premises, transaction, request, premises.clock.now()):
            if approval.not_after > coming.at:
                yield Words(
                    N_("policy {policy} takes effect at {at}: the approval of {approver} starts nothing from then on"),
                    {"policy": coming.policy.name, "at": to_rfc3339(coming.at), "approver": approval.approver},
                )


def _in_use(premises: Premises, transaction: Transaction, request: Request, now: datetime) -> Iterator[Approval]:
    """Approvals that count, are not used up and not over."""
    if request.risk is Risk.EMERGENCY:
        return
    for approval in counting(transaction.approvals.of(request.number), request.plan, premises.policy_digest):
        if approval.used < approval.max_runs and now < approval.not_after:
            yield approval
