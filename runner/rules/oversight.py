"""What a register is to be reported for: vacant posts, missing stand-ins, deviations, what is owed or ends soon."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from runner.errors import Fact
from runner.model.grant import GrantKind, GrantRecord, kind_of
from runner.model.people import Person, Register, Standing
from runner.model.policy import Policy
from runner.model.time import to_rfc3339
from runner.rules.duties import conflicts, lacking_marks
from runner.rules.register import area_of
from runner.rules.upkeep import certification_due, vacancies
from runner.words import N_

SOON: Final = timedelta(days=30)
"""How long before its end something is announced."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to be reported: a message id with its facts."""

    message: str
    facts: dict[str, Fact]


def remarks(
    register: Register,
    policy: Policy,
    uninspected: Iterable[GrantRecord],
    now: datetime,
    spared: Iterable[str] = (),
) -> tuple[Remark, ...]:
    """Everything there is to report, the gravest first.

    Args:
        register: everyone, as they count at present.
        policy: the policy in force.
        uninspected: grants that nobody has inspected.
        now: the present.
        spared: who is not stopped only because nobody else could grant anything.
    """
    active = [person for person in register.people.values() if person.standing is Standing.ACTIVE]
    found = [*_spared(spared), *_posts(active, policy, now), *_stand_ins(register, policy, now)]
    found += [*_owed(uninspected, policy, now), *_stopped(register), *_certified(register, policy, now)]
    for person in active:
        found += [*_deviations(person, policy, now), *_ends(person, policy, now)]
    return tuple(found)


def inspection_due(kind: GrantKind, decided_at: datetime, policy: Policy) -> datetime:
    """When somebody must have compared what came of a grant with what was approved."""
    return decided_at + timedelta(seconds=policy.grants[area_of(kind)].check_within)


def _posts(people: list[Person], policy: Policy, now: datetime) -> Iterator[Remark]:
    for name, post in policy.posts.items():
        held = [each for person in people for each in person.appointments if each.post == name]
        if not any(each.is_active(now) for each in held):
            yield Remark(N_("post {post} is vacant"), {"post": name})
        elif post.key and not any(each.stand_in and (each.until is None or now < each.until) for each in held):
            yield Remark(N_("key post {post} has no stand-in"), {"post": name})


def _stand_ins(register: Register, policy: Policy, now: datetime) -> Iterator[Remark]:
    """By when a key post must have a stand-in again, and what is not accepted after that."""
    for vacancy in vacancies(register, policy, now):
        message = N_("key post {post}: a stand-in is due by {due}, after that no major change is accepted")
        if vacancy.due <= now:
            message = N_("key post {post}: a stand-in was due by {due}; no major change is accepted until there is one")
        yield Remark(message, {"post": vacancy.post, "due": to_rfc3339(vacancy.due)})


def _spared(names: Iterable[str]) -> Iterator[Remark]:
    for name in names:
        message = N_(
            "{person}: account unused or posts not certified for too long; both still count, since otherwise nobody "
            "could grant anything"
        )
        yield Remark(message, {"person": name})


def _stopped(register: Register) -> Iterator[Remark]:
    for person in register.people.values():
        if person.standing is Standing.UNUSED and person.standing_since is not None:
            message = N_("{person}: the account is stopped since {since}, for want of use")
            yield Remark(message, {"person": person.name, "since": to_rfc3339(person.standing_since)})


def _certified(register: Register, policy: Policy, now: datetime) -> Iterator[Remark]:
    for person in register.people.values():
        due = certification_due(person, register, policy.upkeep, now)
        if due is None or due > now + SOON:
            continue
        message = N_("{person}: that the posts are still needed is to be certified by {due}")
        if person.lapsed:
            message = N_("{person}: the posts lie dormant; that they are still needed was to be certified by {due}")
        elif due <= now:
            message = N_("{person}: that the posts are still needed was to be certified by {due}")
        yield Remark(message, {"person": person.name, "due": to_rfc3339(due)})


def _owed(uninspected: Iterable[GrantRecord], policy: Policy, now: datetime) -> Iterator[Remark]:
    """Inspections that are owed: those that are late one by one, the others as a number."""
    ahead: list[tuple[datetime, str]] = []
    for record in uninspected:
        if record.decided_at is None:
            continue
        due = inspection_due(kind_of(record.grant), record.decided_at, policy)
        if due < now:
            message = N_("grant {number}: its inspection was due by {due}")
            yield Remark(message, {"number": record.number, "due": to_rfc3339(due)})
        else:
            ahead.append((due, record.number))
    if not ahead:
        return
    due, number = min(ahead)
    if len(ahead) == 1:
        yield Remark(N_("grant {number}: its inspection is due by {due}"), {"number": number, "due": to_rfc3339(due)})
    else:
        message = N_("grants that wait for their inspection: {count}, the first is due by {due}")
        yield Remark(message, {"count": len(ahead), "due": to_rfc3339(due)})


def _deviations(person: Person, policy: Policy, now: datetime) -> Iterator[Remark]:
    for pair in conflicts(person, policy, now):
        yield Remark(
            N_("{person} holds the incompatible posts {first} and {second}"),
            {"person": person.name, "first": pair[0], "second": pair[1]},
        )
    for exemption in person.exemptions:
        if now < exemption.until:
            yield Remark(
                N_("deviation: {person} may hold {first} and {second} until {until}: {reason}"),
                {
                    "person": person.name,
                    "first": exemption.posts[0],
                    "second": exemption.posts[1],
                    "until": to_rfc3339(exemption.until),
                    "reason": exemption.reason,
                },
            )


def _ends(person: Person, policy: Policy, now: datetime) -> Iterator[Remark]:
    for mark in lacking_marks(person, policy, now):
        yield Remark(N_("{person} lacks {mark}"), {"person": person.name, "mark": mark})
    ends: list[tuple[str, datetime | None]] = [
        *_last_of_each(person),
        *((each.post, each.until) for each in person.appointments),
        *((key.fingerprint, key.until) for key in person.keys if key.revoked is None),
        *(((person.vendor.company, person.vendor.contract_end),) if person.vendor else ()),
    ]
    for what, until in ends:
        if until is not None and now < until <= now + SOON:
            yield Remark(
                N_("{person}: {what} ends on {until}"),
                {"person": person.name, "what": what, "until": to_rfc3339(until)},
            )


def _last_of_each(person: Person) -> Iterator[tuple[str, datetime | None]]:
    """Until when each kind of attestation lasts; one that was renewed is not over with the older paper."""
    for mark in dict.fromkeys(each.mark for each in person.attestations):
        ends = [each.until for each in person.attestations if each.mark == mark]
        yield mark, None if None in ends else max(end for end in ends if end is not None)
