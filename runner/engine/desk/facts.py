"""What is on record about a change, as the law asks for it."""

from __future__ import annotations

from dataclasses import replace

from runner.engine.desk.premises import Premises
from runner.model.request import Publication, Request
from runner.model.run import RunRecord
from runner.rules.policy import Facts
from runner.store.store import Transaction


def site_facts(premises: Premises, transaction: Transaction) -> Facts:
    """Who is enrolled, and where."""
    people = transaction.people.all()
    return Facts(
        people=tuple(person.name for person in people),
        production=premises.site.production,
        embedded=premises.embedded,
        keys={person.name: person.fingerprint for person in people},
    )


def publication_facts(premises: Premises, transaction: Transaction, publication: Publication | None) -> Facts:
    """Facts about content; None: content that nobody has signed yet."""
    found = site_facts(premises, transaction)
    if publication is None:
        return found
    return replace(found, author=publication.author, countersigner=publication.countersigner or "")


def request_facts(premises: Premises, transaction: Transaction, request: Request) -> Facts:
    """Facts about a request in its present revision."""
    publication = transaction.publications.get(request.content)
    approvals = transaction.approvals.of(request.number)
    return replace(
        publication_facts(premises, transaction, publication),
        risk=request.risk,
        requester=request.requester,
        approvers=tuple(approval.approver for approval in approvals if approval.plan == request.plan),
    )


def run_facts(premises: Premises, transaction: Transaction, record: RunRecord, signed: tuple[str, ...] = ()) -> Facts:
    """Facts about a run; `signed` are those who have signed the act in question."""
    if record.request:
        found = request_facts(premises, transaction, transaction.requests.get(record.request))
    else:
        found = site_facts(premises, transaction)
    return replace(found, executor=record.executor, confirmer=record.confirmer, signed=signed)
