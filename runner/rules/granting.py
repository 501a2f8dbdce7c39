"""Who may apply for a grant, approve, refuse and inspect it, and what no grant may bring about."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from runner.errors import RefusedError, UsageError
from runner.model.grant import (
    Appoint,
    Delegate,
    Enrol,
    Grant,
    GrantKind,
    GrantRecord,
    GrantState,
    Reinstate,
    Transfer,
    concerns,
    kind_of,
)
from runner.model.people import Person, PersonRole, Register, Standing
from runner.model.policy import GrantArea, GrantTerms, Policy
from runner.model.statement import StatementKind
from runner.rules.duties import conflicts, lacks_role, roles_of
from runner.rules.register import area_of, person_in
from runner.rules.ruling import Ask, Rule, Ruling, refuse
from runner.words import N_

AT_ONCE: Final = frozenset({GrantKind.SUSPEND, GrantKind.REVOKE_KEY})
"""Grants that only take away: one person's signature puts them into effect, another looks at them afterwards."""

_Roles = tuple[PersonRole, ...]

_OWN: Final = frozenset({GrantKind.ADD_KEY, GrantKind.REVOKE_KEY})
"""What everyone may apply for about themselves."""


def may_apply(ask: Ask) -> Ruling | None:
    """Who may apply."""
    record = _record(ask)
    kind = kind_of(record.grant)
    if kind in _OWN and concerns(record.grant) == ask.name:
        return None
    return _has_role(ask, ask.policy.upkeep.recertify if kind is GrantKind.RECERTIFY else _terms(ask).apply)


def certifies_another(ask: Ask) -> Ruling | None:
    """Nobody certifies that they need their own posts."""
    record = _record(ask)
    if kind_of(record.grant) is not GrantKind.RECERTIFY or concerns(record.grant) != ask.name:
        return None
    return refuse("L1:own-grant", N_("it is about {person}; another person must decide"))


def is_not_applicant(ask: Ask) -> Ruling | None:
    """Nobody approves or refuses what they applied for."""
    if _record(ask).applicant != ask.name:
        return None
    return refuse("L1:applicant-approves", N_("{person} applied for it; another person must decide"))


def is_not_concerned(ask: Ask) -> Ruling | None:
    """Nobody approves or inspects what is about themselves."""
    if concerns(_record(ask).grant) != ask.name:
        return None
    return refuse("L1:own-grant", N_("it is about {person}; another person must decide"))


def may_approve(ask: Ask) -> Ruling | None:
    """Who may approve."""
    return _has_role(ask, _terms(ask).approve)


def may_inspect(ask: Ask) -> Ruling | None:
    """Who may look at what came of a grant."""
    return _has_role(ask, _terms(ask).check)


def is_applicant(ask: Ask) -> Ruling | None:
    """Only who applied takes it back."""
    applicant = _record(ask).applicant
    if applicant == ask.name:
        return None
    return refuse("L2:retracts-anothers", N_("only {applicant} can take it back"), applicant=applicant)


def is_undecided(ask: Ask) -> Ruling | None:
    """It still waits for an answer."""
    record = _record(ask)
    if record.state is GrantState.APPLIED:
        return None
    return refuse(
        "state:grant-decided",
        N_("grant {number}: is {state}, nothing is left to decide"),
        number=record.number,
        state=record.state.value,
    )


def is_granted(ask: Ask) -> Ruling | None:
    """It has taken effect and nobody has inspected it."""
    record = _record(ask)
    if record.state is GrantState.GRANTED:
        return None
    return refuse(
        "state:not-granted",
        N_("grant {number}: is {state}, there is nothing to inspect"),
        number=record.number,
        state=record.state.value,
    )


def is_not_approver(ask: Ask) -> Ruling | None:
    """Whoever put it into effect does not inspect it."""
    record = _record(ask)
    if (record.approver or record.applicant) != ask.name:
        return None
    return refuse("L1:approver-inspects", N_("{person} put it into effect; another person must inspect it"))


GRANT_RULES: Final[dict[StatementKind, tuple[Rule, ...]]] = {
    StatementKind.APPLY: (certifies_another, may_apply),
    StatementKind.GRANT: (is_undecided, is_not_applicant, is_not_concerned, may_approve),
    StatementKind.DENY: (is_undecided, is_not_applicant, may_approve),
    StatementKind.RETRACT: (is_undecided, is_applicant),
    StatementKind.INSPECT: (is_granted, is_not_approver, is_not_concerned, may_inspect),
}


def require_lawful(after: Register, grant: Grant, policy: Policy, at: datetime, environment: str) -> None:
    """Refuse what a grant must not bring about.

    Args:
        after: the register with the grant entered.
        grant: what is granted.
        policy: the policy then in force.
        at: when it takes effect.
        environment: the site's.

    Raises:
        RefusedError: incompatible posts would meet in one person, a post would have too many holders or one without
            the attestations it asks for, or nobody would be left who can grant anything.
        UsageError: it names a post or a unit that the policy does not know.
    """
    if isinstance(grant, Appoint):
        _require_post(after, grant, policy, at)
    if isinstance(grant, Delegate):
        _require_marks(after, grant, policy, at)
    if isinstance(grant, Appoint | Enrol | Transfer):
        _require_unit(grant.unit, policy)
    name = concerns(grant)
    if name and (pairs := conflicts(person_in(after, name), policy, at, dormant=True)):
        first, second = pairs[0]
        raise RefusedError(
            N_("{person} would hold the incompatible posts {first} and {second}"),
            rule="L2:incompatible-posts",
            hint=N_("relieve them of the other post first, or have an exemption granted"),
            person=name,
            first=first,
            second=second,
        )
    if not is_governed(after, policy, at, environment):
        raise RefusedError(
            N_("nobody would be left to grant anything: it takes one who may apply and another who may approve"),
            rule="L1:nobody-left",
            hint=N_("grant these posts to others first"),
        )


def require_stopped(before: Register, grant: Grant) -> None:
    """Refuse to reinstate whose account is not stopped.

    Args:
        before: the register as it counts at present.
        grant: what is granted.

    Raises:
        RefusedError: the person is not suspended, nor stopped for want of use.
    """
    if isinstance(grant, Reinstate) and person_in(before, grant.person).standing is Standing.ACTIVE:
        raise RefusedError(N_("{person} is not suspended"), rule="people:standing", person=grant.person)


def is_governed(register: Register, policy: Policy, at: datetime, environment: str) -> bool:
    """Whether two people are left who can together change the register and the policy."""
    terms = [policy.grants[area] for area in (GrantArea.PEOPLE, GrantArea.POLICY)]
    return all(is_pair_left(register, policy, (each.apply, each.approve), at, environment) for each in terms)


def is_pair_left(
    register: Register, policy: Policy, pair: tuple[_Roles, _Roles], at: datetime, environment: str
) -> bool:
    """Whether there are two people who can act, one with a role of each kind."""
    apply, approve = pair
    able = [
        person
        for person in register.people.values()
        if person.standing is Standing.ACTIVE and not person.lapsed and person.good_keys(at)
    ]
    roles = {person.name: roles_of(person, policy, at, environment) for person in able}
    applying = {name for name, held in roles.items() if held.intersection(apply)}
    approving = {name for name, held in roles.items() if held.intersection(approve)}
    return any(one != other for one in applying for other in approving)


def _require_post(after: Register, grant: Appoint, policy: Policy, at: datetime) -> None:
    post = policy.posts.get(grant.post)
    if post is None:
        raise UsageError(
            N_('post "{post}": the policy knows none of that name'),
            hint=N_("posts: {posts}"),
            post=grant.post[:80],
            posts=", ".join(policy.posts),
        )
    _require_marks(after, grant, policy, at)
    holders = _holders(after.people.values(), grant.post, at)
    if post.most and len(holders) > post.most and not grant.stand_in:
        raise RefusedError(
            N_("post {post}: has {most} holders at most ({holders})"),
            rule="people:post-full",
            hint=N_("appoint as a stand-in, or relieve a holder first"),
            post=grant.post,
            most=post.most,
            holders=", ".join(holders),
        )


def _require_marks(after: Register, grant: Appoint | Delegate, policy: Policy, at: datetime) -> None:
    """Refuse a post to somebody whose attestations for it are missing or over."""
    person = person_in(after, grant.person)
    post = policy.posts.get(grant.post)
    lacking = [mark for mark in (post.marks if post else ()) if not person.has_mark(mark, at)]
    if lacking:
        raise RefusedError(
            N_("{person} lacks {marks}, which the post {post} asks for"),
            rule="people:attestation",
            hint=N_("record it first: twokey people attest"),
            person=person.name,
            marks=", ".join(lacking),
            post=grant.post,
        )


def _require_unit(unit: str, policy: Policy) -> None:
    """Refuse a unit the policy does not know; a policy without units leaves them to the site."""
    if unit and policy.units and unit not in policy.units:
        raise UsageError(
            N_('unit "{unit}": the policy knows none of that name'),
            hint=N_("units: {units}"),
            unit=unit[:80],
            units=", ".join(policy.units),
        )


def _holders(people: Iterable[Person], post: str, at: datetime) -> list[str]:
    """Who holds a post now or from a later day on, stand-ins not counted."""
    return [
        person.name
        for person in people
        if any(
            each.post == post and not each.stand_in and (each.until is None or at < each.until)
            for each in person.appointments
        )
    ]


def _has_role(ask: Ask, wanted: tuple[PersonRole, ...]) -> Ruling | None:
    facts = ask.facts
    subject = facts.register.people.get(concerns(_record(ask).grant))
    unit = subject.unit if subject is not None else getattr(_record(ask).grant, "unit", "")
    roles = roles_of(ask.person, ask.policy, facts.now, facts.environment, unit)
    return None if roles.intersection(wanted) else lacks_role(wanted)


def _terms(ask: Ask) -> GrantTerms:
    return ask.policy.grants[area_of(kind_of(_record(ask).grant))]


def _record(ask: Ask) -> GrantRecord:
    record = ask.facts.grant
    if record is None:
        raise ValueError("a question about a grant needs the grant")
    return record
