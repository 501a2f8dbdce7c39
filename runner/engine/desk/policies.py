"""Policies coming into force: at once when they are granted, or at their date (PCIS-32).

The switch is a transaction of its own, made before anything is decided at or after the date: the place in the order of
policies, the log entry, and what it does to requests approved under the policy before. From then on that policy's
approvals start nothing; whoever is to start waits for new ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final

from runner.engine.desk.founding import founding_policy
from runner.engine.desk.premises import Premises
from runner.engine.desk.register import in_effect_since
from runner.engine.in_force import Coming, InForce
from runner.engine.journal import service_entry
from runner.errors import RefusedError, StorageError
from runner.model.grant import GrantRecord, SetPolicy
from runner.model.log import About, Entry
from runner.model.policy import Policy
from runner.model.request import Request, RequestState
from runner.model.runbook import Risk
from runner.model.time import to_rfc3339
from runner.proof.canonical import digest
from runner.rules.approvals import counting
from runner.rules.tags import Tag
from runner.rules.transitions import require_request_transition
from runner.runbook.effect import effect_of
from runner.runbook.settings import POLICY_FILE, policy_of
from runner.store.store import Transaction
from runner.wire.api import MAX_PAGE
from runner.words import N_

LAPSED: Final = "PCIS-32"
"""The rule by which approvals given under the policy before are to be given again."""


def read_in_force(transaction: Transaction, zone: str) -> InForce:
    """The policy in force and those to come, as the database has them.

    Raises:
        RefusedError: the policy of the first entries is not the one that was signed.
        InvalidContentError: this program no longer accepts it.
    """
    source = policy_source_in_force(transaction).encode()
    policy = policy_of(source, POLICY_FILE)
    return InForce(policy, digest(source), coming_policies(transaction, zone, policy))


def policy_source_in_force(transaction: Transaction) -> str:
    """The policy file in force: the last that came into force, or the one of the first entries.

    Raises:
        RefusedError: it is not the one that was signed.
    """
    granted = transaction.grants.policy_in_force()
    return _terms(granted).text if granted is not None else founding_policy(transaction).decode()


def coming_policies(transaction: Transaction, zone: str, policy: Policy) -> tuple[Coming, ...]:
    """Policies granted for later, by their instants; one that a higher version has overtaken never comes.

    Args:
        transaction: where to read.
        zone: time zone of the site.
        policy: the one in force.
    """
    found = []
    for record in transaction.grants.policies_to_come():
        terms = _terms(record)
        later = policy_of(terms.text.encode(), POLICY_FILE)
        if not _is_overtaken(later, policy):
            at = effect_of(later, zone) or in_effect_since(record)
            found.append(Coming(record.number, later, terms.digest, at))
    return tuple(sorted(found, key=lambda each: each.at))


def require_next_version(policy: Policy, premises: Premises) -> None:
    """Refuse a policy whose number is not higher than that of every policy in force or to come.

    Raises:
        RefusedError: it is not, or it has none where others have one.
    """
    known = [premises.policy, *(each.policy for each in premises.in_force.coming)]
    highest = max((each.version for each in known if each.version is not None), default=None)
    if highest is not None and (policy.version is None or policy.version <= highest):
        raise RefusedError(
            N_("policy {name}: its version is {got}, expected one higher than {highest}"),
            rule="policy:version",
            hint=N_("give it the next number: version: {following}"),
            name=policy.name,
            got=policy.version,
            highest=highest,
            following=highest + 1,
        )


def bring_into_force(premises: Premises, transaction: Transaction, record: GrantRecord, now: datetime) -> None:
    """Put a granted policy into force, or list it with those to come when its date is later."""
    policy = policy_of(_terms(record).text.encode(), POLICY_FILE)
    if not is_for_later(policy, premises, now):
        _switch(premises, transaction, record, policy, now)
    fresh = read_in_force(transaction, premises.site.timezone)
    transaction.after_commit(lambda: premises.in_force.take(fresh.policy, fresh.digest, fresh.coming))


def is_for_later(policy: Policy, premises: Premises, now: datetime) -> bool:
    """Whether a policy granted now counts from a later instant only."""
    at = effect_of(policy, premises.site.timezone)
    return at is not None and at > now


def switch_policies(premises: Premises) -> int:
    """Bring policies into force whose date has come, in the order of their dates; how many there were.

    Raises:
        StorageError: it cannot be recorded; the policy before stays in force, and nothing is to be decided by it.
    """
    switched = 0
    while premises.in_force.is_due(now := premises.clock.now()):
        with premises.store.writing() as transaction:
            policy = policy_of(policy_source_in_force(transaction).encode(), POLICY_FILE)
            due = [each for each in coming_policies(transaction, premises.site.timezone, policy) if each.at <= now]
            if due:
                bring_into_force(premises, transaction, transaction.grants.get(due[0].number), now)
                switched += 1
            else:
                in_force = read_in_force(transaction, premises.site.timezone)
                premises.in_force.take(in_force.policy, in_force.digest, in_force.coming)
    return switched


def _switch(premises: Premises, transaction: Transaction, record: GrantRecord, policy: Policy, now: datetime) -> None:
    terms = _terms(record)
    transaction.grants.put(replace(record, in_force=transaction.grants.next_in_force()))
    at = effect_of(policy, premises.site.timezone) or now
    payload = {"number": record.number, "policy": terms.digest, "name": policy.name, "from": to_rfc3339(at)}
    about = About(request=record.number, statement=record.approval)
    entries = [service_entry(Tag.POLICY_IN_FORCE, about, now, {**payload, "version": policy.version})]
    for request in _approved(transaction):
        held = transaction.approvals.of(request.number)
        if request.risk is not Risk.EMERGENCY and not counting(held, request.plan, terms.digest):
            entries.append(_send_back(transaction, request, now))
    transaction.inbox.put(premises.leaves.make_all(entries))


def _approved(transaction: Transaction) -> Iterator[Request]:
    """Every approved request."""
    before: str | None = None
    while rows := transaction.requests.page(MAX_PAGE, states=(RequestState.APPROVED,), before=before):
        yield from rows
        before = rows[-1].number


def _send_back(transaction: Transaction, request: Request, now: datetime) -> Entry:
    """A request waits for approval again."""
    require_request_transition(request.state, RequestState.SUBMITTED)
    transaction.requests.set_state(request.number, request.state, RequestState.SUBMITTED)
    return service_entry(
        Tag.REQUEST_MOVED,
        About(request=request.number, plan=request.plan),
        now,
        {
            "from": request.state.value,
            "to": RequestState.SUBMITTED.value,
            "revision": request.revision,
            "why": LAPSED,
        },
    )


def _is_overtaken(later: Policy, policy: Policy) -> bool:
    return later.version is not None and policy.version is not None and later.version < policy.version


def _terms(record: GrantRecord) -> SetPolicy:
    if not isinstance(record.grant, SetPolicy):
        raise StorageError(N_("grant {number}: its record is damaged"), number=record.number)
    return record.grant
