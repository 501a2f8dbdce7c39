"""What is on record about a change or a grant, as law and policy ask for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from runner.engine.desk.premises import Premises
from runner.engine.desk.upkeep import present_register
from runner.model.grant import GrantRecord
from runner.model.plan import Plan
from runner.model.request import Publication, Request
from runner.model.run import RunRecord
from runner.rules.approvals import counting, lapsed
from runner.rules.ruling import Facts
from runner.store.store import Transaction


def site_facts(premises: Premises, transaction: Transaction) -> Facts:
    """Who is enrolled, as they count at present, and where."""
    return Facts(
        register=present_register(premises, transaction),
        now=premises.clock.now(),
        environment=premises.site.environment,
        production=premises.site.production,
        embedded=premises.embedded,
    )


def grant_facts(premises: Premises, transaction: Transaction, record: GrantRecord) -> Facts:
    """Facts about a grant."""
    return replace(site_facts(premises, transaction), grant=record)


def publication_facts(premises: Premises, transaction: Transaction, publication: Publication | None) -> Facts:
    """Facts about content; None: content that nobody has signed yet."""
    found = site_facts(premises, transaction)
    if publication is None:
        return found
    return replace(found, author=publication.author, countersigner=publication.countersigner or "")


def plan_facts(premises: Premises, transaction: Transaction, plan: Plan) -> Facts:
    """Facts about a plan that is not requested yet."""
    publication = transaction.publications.get(plan.digests.content)
    found = publication_facts(premises, transaction, publication)
    return _with_groups(replace(found, risk=plan.risk, runbook=plan.runbook.id), lambda: plan)


def request_facts(premises: Premises, transaction: Transaction, request: Request) -> Facts:
    """Facts about a request in its present revision."""
    publication = transaction.publications.get(request.content)
    approvals = transaction.approvals.of(request.number)
    found = replace(
        publication_facts(premises, transaction, publication),
        risk=request.risk,
        runbook=request.runbook_id,
        requester=request.requester,
        approvers=tuple(each.approver for each in counting(approvals, request.plan, premises.policy_digest)),
        lapsed=tuple(each.approver for each in lapsed(approvals, request.plan, premises.policy_digest)),
        standing=request.standing is not None,
    )
    found = replace(found, overdue=transaction.reviews.overdue_of(found.unit, found.now))
    return _with_groups(found, lambda: premises.plans.get(request.plan, transaction.plans).plan)


def run_facts(premises: Premises, transaction: Transaction, record: RunRecord, signed: tuple[str, ...] = ()) -> Facts:
    """Facts about a run; `signed` are those who have signed the act in question."""
    if record.request:
        found = request_facts(premises, transaction, transaction.requests.get(record.request))
    else:
        found = site_facts(premises, transaction)
    return replace(
        found,
        executor=record.executor,
        confirmer=record.confirmer,
        hand_overs=record.hand_overs,
        standing=record.standing,
        signed=signed,
    )


def groups_of(plan: Plan) -> tuple[frozenset[str], ...]:
    """For each host of a plan the groups it is in, by whatever way."""
    groups = {group.name: group for group in plan.binding.groups}

    def reached(name: str) -> Iterator[str]:
        group = groups.get(name)
        if group is not None:
            yield from group.hosts
            for child in group.children:
                yield from reached(child)

    members = {name: frozenset(reached(name)) for name in groups}
    hosts = (host.name for host in plan.binding.hosts)
    return tuple(frozenset(name for name, held in members.items() if host in held) for host in hosts)


def _with_groups(found: Facts, plan: Callable[[], Plan]) -> Facts:
    """With the groups of the hosts where somebody of a vendor is enrolled; nobody else is bound by them."""
    if all(person.vendor is None for person in found.register.people.values()):
        return found
    return replace(found, groups=groups_of(plan()))
