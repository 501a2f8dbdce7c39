"""Whether enough people are there: for every risk class and unit a team that the rules allow, or what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from runner.model.people import Person, PersonRole, Standing
from runner.model.policy import Policy
from runner.model.runbook import Risk
from runner.model.statement import StatementKind
from runner.rules.duties import roles_of
from runner.rules.policy import decide
from runner.rules.ruling import Facts
from runner.rules.terms import terms_of

_ALIKE: Final = 6
"""Most people looked at of those who differ in nothing the rules ask about; no change needs more of one kind."""


@dataclass(frozen=True, slots=True)
class Team:
    """People who can carry a change through."""

    requester: str
    approvers: tuple[str, ...]
    executor: str
    confirmer: str


@dataclass(frozen=True, slots=True)
class Proof:
    """Whether changes of a class and unit can be carried through."""

    risk: Risk
    unit: str
    team: Team | None
    """One team that can; None: there is none."""
    missing: StatementKind | None = None
    """The first signature that nobody can make."""


def prove(facts: Facts, policy: Policy) -> tuple[Proof, ...]:
    """A team for every risk class, in every unit that somebody belongs to who may request it.

    Args:
        facts: register, present, environment; the service's own.
        policy: the rules.
    """
    people = _representatives(facts, policy)
    units = tuple(dict.fromkeys(person.unit for person in people))
    found: list[Proof] = []
    for risk in Risk:
        here = replace(facts, risk=risk, key="", strength=None)
        proofs = [proof for unit in units if (proof := _prove(here, policy, people, unit)) is not None]
        found += proofs or [Proof(risk, "", None, StatementKind.REQUEST)]
    return tuple(found)


def _prove(facts: Facts, policy: Policy, people: Sequence[Person], unit: str) -> Proof | None:
    """The proof for one unit; None when nobody of it requests such changes."""
    names = [person.name for person in people]
    missing: StatementKind | None = None
    asked = False
    for person in people:
        if person.unit != unit or not decide(StatementKind.REQUEST, person.name, facts, policy).allowed:
            continue
        asked = True
        team, lacks = _team(replace(facts, requester=person.name), policy, names)
        if team is not None:
            return Proof(facts.risk, unit, team)
        missing = lacks
    return Proof(facts.risk, unit, None, missing) if asked else None


def _team(facts: Facts, policy: Policy, names: Sequence[str]) -> tuple[Team | None, StatementKind]:
    lacks = StatementKind.APPROVE
    for approved in _approved(facts, policy, names):
        lacks = StatementKind.START
        for executor in names:
            if not decide(StatementKind.START, executor, approved, policy).allowed:
                continue
            started = replace(approved, executor=executor)
            for confirmer in names:
                if decide(StatementKind.CONFIRM, confirmer, started, policy).allowed:
                    return Team(facts.requester, approved.approvers, executor, confirmer), lacks
    return None, lacks


def _approved(facts: Facts, policy: Policy, names: Sequence[str]) -> Iterator[Facts]:
    """Every way to approve it with as many people as it takes."""
    terms = terms_of(policy, facts.risk, facts.environment, facts.unit)
    slots = [need.roles for need in terms.approvals for _ in range(need.count)]

    def choose(chosen: Facts, left: Sequence[tuple[PersonRole, ...]]) -> Iterator[Facts]:
        if not left:
            yield chosen
            return
        for name in names:
            if name in chosen.approvers or not decide(StatementKind.APPROVE, name, chosen, policy).allowed:
                continue
            person = chosen.register.people[name]
            if roles_of(person, policy, facts.now, facts.environment, facts.unit).intersection(left[0]):
                yield from choose(replace(chosen, approvers=(*chosen.approvers, name)), left[1:])

    yield from choose(facts, slots)


def _representatives(facts: Facts, policy: Policy) -> list[Person]:
    """Enough people of every kind, so that a large house is looked at as fast as a small one."""
    kept: dict[object, int] = {}
    people = []
    for person in facts.register.people.values():
        if person.standing is not Standing.ACTIVE:
            continue
        kind = (
            person.unit,
            person.vendor is None,
            tuple(sorted((each.post, each.unit, each.environments) for each in person.posts(facts.now))),
            tuple(mark for mark in _marks(policy) if person.has_mark(mark, facts.now)),
            bool(person.good_keys(facts.now)),
            person.lapsed,
        )
        kept[kind] = kept.get(kind, 0) + 1
        if kept[kind] <= _ALIKE:
            people.append(person)
    return people


def _marks(policy: Policy) -> tuple[str, ...]:
    return tuple(dict.fromkeys(mark for post in policy.posts.values() for mark in post.marks))
