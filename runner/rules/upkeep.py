"""What keeps the register of people in order: certified posts, accounts in use, stand-ins of key posts, each in time.

What the policy asks for in time is counted from when it was first asked for. Nothing here ever shuts a site out: who is
needed to grant anything stays, and is reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from runner.model.people import Appointment, Person, Register, Standing
from runner.model.policy import GrantArea, Policy, UpkeepTerms
from runner.model.runbook import Risk
from runner.model.statement import StatementKind
from runner.model.time import to_rfc3339
from runner.rules.duties import is_within, roles_of
from runner.rules.granting import is_pair_left
from runner.rules.ruling import Ask, Ruling, refuse
from runner.words import N_

_CERTIFYING: Final = "certifying"
_KEY_POST: Final = "key post "
_GOES_ON: Final = frozenset(
    {
        StatementKind.GENESIS,
        StatementKind.WITHDRAW,
        StatementKind.RETRACT,
        StatementKind.PAUSE,
        StatementKind.ABORT,
        StatementKind.GATE,
        StatementKind.SHEET,
        StatementKind.DECIDE,
        StatementKind.CLOSE,
    }
)
"""What asks for no post: one's own applications, and a run that has begun."""


@dataclass(frozen=True, slots=True)
class Overdue:
    """What time alone would stop."""

    stopped: Mapping[str, datetime] = field(default_factory=dict)
    """Since when accounts are stopped for want of use."""
    lapsed: frozenset[str] = frozenset()
    """Whose posts nobody has certified in time."""


@dataclass(frozen=True, slots=True)
class Upheld:
    """The register as it counts at present."""

    register: Register
    """With who is stopped, and whose posts lie dormant."""
    spared: tuple[str, ...] = ()
    """Who would be, and is not: without them nobody could grant anything."""


def asked_since(before: Mapping[str, datetime], policy: Policy, at: datetime) -> dict[str, datetime]:
    """Since when everything a policy asks for in time has been asked for.

    Args:
        before: what the policy before it asked for.
        policy: the one in force from then on.
        at: when it came into force.
    """
    asked = [_KEY_POST + name for name, post in policy.posts.items() if post.key]
    if policy.upkeep.recertify_every is not None:
        asked.append(_CERTIFYING)
    return {name: before.get(name, at) for name in asked}


def certification_due(person: Person, register: Register, terms: UpkeepTerms, at: datetime) -> datetime | None:
    """When a person's posts must have been certified; None when nothing is asked, or they hold none."""
    if terms.recertify_every is None or person.standing is Standing.LEFT:
        return None
    asked = register.asked.get(_CERTIFYING, register.founded)
    granted = [each.since or person.enrolled or register.founded for each in person.appointments if _is_held(each, at)]
    counted = [max(known) for each in granted if (known := [time for time in (each, person.certified, asked) if time])]
    return min(counted) + timedelta(seconds=terms.recertify_every) if counted else None


def overdue(register: Register, used: Mapping[str, datetime], terms: UpkeepTerms, at: datetime) -> Overdue:
    """What time alone would stop.

    Args:
        register: as the grants have made it.
        used: when accounts were last used; those may be missing that were used lately.
        terms: what the policy asks for in time.
        at: the present.
    """
    return Overdue(_unused(register, used, terms, at), _lapsed(register, terms, at))


def upheld(register: Register, found: Overdue, policy: Policy, at: datetime, environment: str) -> Upheld:
    """The register with who is stopped for want of use, and with the posts nobody has certified in time.

    Args:
        register: as the grants have made it.
        found: what time alone would stop.
        policy: the policy in force.
        at: the present.
        environment: the site's.
    """
    stopped, lapsed = found.stopped, found.lapsed
    if not stopped and not lapsed:
        return Upheld(register)

    def without(spared: Iterable[str]) -> Register:
        kept = set(spared)
        people = dict(register.people)
        for name in lapsed - kept:
            people[name] = replace(people[name], lapsed=True)
        for name in stopped.keys() - kept:
            people[name] = replace(people[name], standing=Standing.UNUSED, standing_since=stopped[name])
        return replace(register, people=people)

    needed = _abilities(register, policy, at, environment)
    if needed <= _abilities(without(()), policy, at, environment):
        return Upheld(without(()))
    candidates = [name for name in register.people if name in lapsed or name in stopped]
    candidates = [name for name in candidates if _has_part(register.people[name], policy, at, environment)]
    candidates.sort(key=lambda name: stopped.get(name, at), reverse=True)
    spared = list(candidates)
    for name in reversed(candidates):
        fewer = [other for other in spared if other != name]
        if needed <= _abilities(without(fewer), policy, at, environment):
            spared = fewer
    return Upheld(without(spared), tuple(spared))


def is_certified(ask: Ask) -> Ruling | None:
    """Posts that nobody has certified in time lie dormant; no emergency and no run that has begun waits for that."""
    if not ask.person.lapsed or ask.action in _GOES_ON or ask.facts.risk is Risk.EMERGENCY:
        return None
    return refuse(
        "people:recertify",
        N_("the posts of {person} lie dormant: nobody has certified in time that they are still needed"),
        N_("the head of the unit certifies it, another person approves: twokey people recertify {person}"),
    )


def key_posts_have_stand_ins(ask: Ask) -> Ruling | None:
    """No major change is requested or approved while a key post has been without a stand-in for too long."""
    facts, policy = ask.facts, ask.policy
    if facts.risk is not Risk.MAJOR:
        return None
    unit = ask.person.unit if ask.action is StatementKind.REQUEST else facts.unit
    for vacancy in vacancies(facts.register, policy, facts.now, unit):
        if vacancy.due <= facts.now:
            return refuse(
                "people:stand-in",
                N_("key post {post} has had no stand-in since {since}; no major change is accepted since {due}"),
                N_("have one appointed: twokey people appoint PERSON {post} --stand-in"),
                post=vacancy.post,
                since=to_rfc3339(vacancy.since),
                due=to_rfc3339(vacancy.due),
            )
    return None


@dataclass(frozen=True, slots=True)
class Vacancy:
    """A key post without a stand-in."""

    post: str
    since: datetime
    due: datetime
    """When no major change is accepted any more."""


def vacancies(register: Register, policy: Policy, at: datetime, unit: str = "") -> Iterator[Vacancy]:
    """Key posts without a stand-in whose work reaches a unit.

    Args:
        register: everyone, as they count at present.
        policy: which posts are key posts.
        at: the present.
        unit: for changes of this unit; empty: of any.
    """
    for name, post in policy.posts.items():
        since = _vacant_since(register, policy, name, at, unit) if post.key else None
        if since is not None:
            yield Vacancy(name, since, since + timedelta(seconds=policy.upkeep.stand_in_within))


def _vacant_since(register: Register, policy: Policy, post: str, at: datetime, unit: str) -> datetime | None:
    """Since when a post has no stand-in there; None when it has one, or its work does not reach the unit."""
    everywhere = [(person, each) for person in register.people.values() for each in person.appointments]
    of_post = [(person, each) for person, each in everywhere if each.post == post]
    held = [(person, each) for person, each in of_post if _is_held(each, at) and person.standing is Standing.ACTIVE]
    if held and not any(_reaches(each, policy, unit) for _, each in held):
        return None
    stand_ins = [(person, each) for person, each in of_post if each.stand_in and _reaches(each, policy, unit)]
    ends: list[datetime] = []
    for person, each in stand_ins:
        if each.since is not None and at < each.since:
            continue
        if _is_held(each, at) and person.standing is Standing.ACTIVE:
            return None
        end = each.until if each.until is not None and each.until <= at else person.standing_since
        ends += [end] if end is not None else []
    asked = register.asked.get(_KEY_POST + post, register.founded)
    known = [*ends, *([asked] if asked else [])]
    return max(known) if known else None


def _unused(register: Register, used: Mapping[str, datetime], terms: UpkeepTerms, at: datetime) -> dict[str, datetime]:
    """Since when accounts are stopped for want of use."""
    if terms.unused_after is None:
        return {}
    span = timedelta(seconds=terms.unused_after)
    return {
        name: last + span
        for name, last in used.items()
        if last + span <= at and name in register.people and register.people[name].standing is Standing.ACTIVE
    }


def _lapsed(register: Register, terms: UpkeepTerms, at: datetime) -> frozenset[str]:
    """Whose posts lie dormant, since nobody has certified them in time."""
    if terms.recertify_every is None:
        return frozenset()
    grace = timedelta(seconds=terms.dormant_after)
    due = ((person.name, certification_due(person, register, terms, at)) for person in register.people.values())
    return frozenset(name for name, by in due if by is not None and by + grace <= at)


def _abilities(register: Register, policy: Policy, at: datetime, environment: str) -> frozenset[str]:
    """What two people are left to do together: change the register, change the policy, certify posts."""
    pairs = {
        area.value: (policy.grants[area].apply, policy.grants[area].approve)
        for area in (GrantArea.PEOPLE, GrantArea.POLICY)
    }
    pairs[_CERTIFYING] = (policy.upkeep.recertify, policy.grants[GrantArea.PEOPLE].approve)
    return frozenset(name for name, roles in pairs.items() if is_pair_left(register, policy, roles, at, environment))


def _has_part(person: Person, policy: Policy, at: datetime, environment: str) -> bool:
    terms = [policy.grants[area] for area in (GrantArea.PEOPLE, GrantArea.POLICY)]
    wanted = {role for each in terms for role in (*each.apply, *each.approve)} | {*policy.upkeep.recertify}
    return bool(roles_of(person, policy, at, environment) & wanted)


def _reaches(held: Appointment, policy: Policy, unit: str) -> bool:
    return not held.unit or not unit or is_within(policy, unit, held.unit)


def _is_held(held: Appointment, at: datetime) -> bool:
    return held.until is None or at < held.until
