"""The register, grants and the policy as people see them."""

from __future__ import annotations

from datetime import datetime

from runner.engine.desk.facts import grant_facts, plan_facts, publication_facts, request_facts, run_facts, site_facts
from runner.engine.desk.founding import founding_register
from runner.engine.desk.premises import Premises
from runner.engine.desk.register import in_effect_since
from runner.engine.desk.turns import grant_acts
from runner.engine.desk.upkeep import present_register, upheld_register
from runner.errors import Fact, UsageError
from runner.model.grant import GrantState
from runner.model.people import KeyHolder, Person, Register, Standing
from runner.model.statement import StatementKind
from runner.rules.duties import roles_of
from runner.rules.oversight import remarks
from runner.rules.policy import decide, who_may
from runner.rules.register import enter
from runner.rules.ruling import Facts
from runner.rules.staffing import prove
from runner.service.leaving_view import leaving_of
from runner.store.store import Transaction
from runner.wire.api import MAX_PAGE, Words
from runner.wire.api_people import (
    Explained,
    GrantShown,
    PersonShown,
    RegisterShown,
    Staffing,
    StaffingRow,
)
from runner.wire.grant_rows import grant_row
from runner.words import N_

_NEEDS_GRANT = frozenset({StatementKind.GRANT, StatementKind.DENY, StatementKind.RETRACT, StatementKind.INSPECT})
_NEED_NOTHING = frozenset({StatementKind.PUBLISH, StatementKind.REQUEST, StatementKind.CHECK})


def signers(premises: Premises, transaction: Transaction) -> tuple[KeyHolder, ...]:
    """Everyone who may sign, with each of their good keys."""
    now = premises.clock.now()
    return tuple(
        KeyHolder(person.name, key.line, key.fingerprint)
        for person in present_register(premises, transaction).people.values()
        if person.standing is Standing.ACTIVE
        for key in person.good_keys(now)
    )


def register_shown(premises: Premises, transaction: Transaction, at: datetime | None) -> RegisterShown:
    """The register now, or as it was at a past moment."""
    now = premises.clock.now()
    if at is not None and at < now:
        register = founding_register(transaction)
        for record in transaction.grants.entered():
            if in_effect_since(record) <= at:
                register = enter(register, record.grant, in_effect_since(record))
        return _register(premises, register, at, ())
    upheld = upheld_register(premises, transaction)
    uninspected = transaction.grants.page(MAX_PAGE, states=(GrantState.GRANTED,))
    found = remarks(upheld.register, premises.policy, uninspected, now, upheld.spared)
    return _register(premises, upheld.register, now, tuple(_words(each.message, each.facts) for each in found))


def grant_shown(premises: Premises, transaction: Transaction, number: str) -> GrantShown:
    """A grant with what may be signed about it.

    Raises:
        NotFoundError: there is none of that number.
    """
    record = transaction.grants.get(number)
    acts = grant_acts(premises, transaction, record)
    leaving = leaving_of(premises, transaction, record)
    return GrantShown(
        row=grant_row(record),
        acts=acts,
        open=leaving.open if leaving else (),
        ends=leaving.ends if leaving else (),
    )


def explained(
    premises: Premises, transaction: Transaction, person: str, action: StatementKind, subject: str
) -> Explained:
    """What the policy says about a person's signature.

    Args:
        premises: the service.
        transaction: where to read.
        person: who would sign.
        action: what.
        subject: about what: number of a request, run or grant, or digest of content or a plan; empty for none.

    Raises:
        NotFoundError: there is no such thing.
        UsageError: the action needs one.
    """
    facts = _facts(premises, transaction, action, subject)
    ruling = decide(action, person, facts, premises.policy)
    shown = _words(ruling.message, ruling.facts) if ruling.message else None
    return Explained(
        person=person,
        action=action,
        object=subject,
        allowed=ruling.allowed,
        rule=ruling.rule,
        reason=shown,
        hint=_words(ruling.hint, ruling.facts) if ruling.hint else None,
        who=who_may(action, facts, premises.policy),
    )


def staffing(premises: Premises, transaction: Transaction) -> Staffing:
    """For every risk class a team that can carry a change through, or what is missing."""
    found = prove(site_facts(premises, transaction), premises.policy)
    return Staffing(
        tuple(
            StaffingRow(
                risk=proof.risk,
                unit=proof.unit,
                enough=proof.team is not None,
                team=(proof.team.requester, *proof.team.approvers, proof.team.executor, proof.team.confirmer)
                if proof.team
                else (),
                missing=proof.missing,
            )
            for proof in found
        )
    )


def _facts(premises: Premises, transaction: Transaction, action: StatementKind, subject: str) -> Facts:
    if action in _NEEDS_GRANT:
        return grant_facts(premises, transaction, transaction.grants.get(subject))
    if action is StatementKind.APPLY:
        raise UsageError(N_("who may apply depends on the grant: the policy lists it, `twokey policy show`"))
    if not subject and action in _NEED_NOTHING:
        return site_facts(premises, transaction)
    if not subject:
        raise UsageError(N_("who may depends on what it is about: name a change, run, grant or digest"))
    if "/" in subject:
        return run_facts(premises, transaction, transaction.runs.get(subject))
    if subject.startswith("sha256:"):
        publication = transaction.publications.find(subject)
        if publication is not None:
            return publication_facts(premises, transaction, publication)
        return plan_facts(premises, transaction, premises.plans.get(subject, transaction.plans).plan)
    return request_facts(premises, transaction, transaction.requests.get(subject))


def _register(premises: Premises, register: Register, at: datetime, found: tuple[Words, ...]) -> RegisterShown:
    return RegisterShown(
        at=at,
        people=tuple(_person(premises, person, at) for person in register.people.values()),
        terminals=tuple(register.terminals.values()),
        remarks=found,
    )


def _person(premises: Premises, person: Person, at: datetime) -> PersonShown:
    roles = () if person.lapsed else roles_of(person, premises.policy, at, premises.site.environment)
    return PersonShown(
        person=person,
        roles=tuple(sorted(roles)),
        posts=() if person.lapsed else tuple(dict.fromkeys(each.post for each in person.posts(at))),
    )


def _words(message: str, facts: dict[str, Fact] | object) -> Words:
    known = facts if isinstance(facts, dict) else {}
    return Words(message, {name: value for name, value in known.items() if not isinstance(value, float)})
