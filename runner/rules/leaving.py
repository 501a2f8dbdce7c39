"""What becomes of everything that rests on a person who leaves: the one list of what ends and what stays open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from runner.model.people import Appointment, Person, PersonKey, Register, Standing
from runner.model.time import to_rfc3339
from runner.rules.oversight import Remark
from runner.rules.register import person_in
from runner.words import N_


@dataclass(frozen=True, slots=True)
class Matters:
    """What is on record in a person's name beside the register; numbers, but for sessions."""

    sessions: int = 0
    """How many are open."""
    standing_approvals: tuple[str, ...] = ()
    """Approvals of theirs that would let plans run again and again."""
    requested: tuple[str, ...] = ()
    """Changes of theirs that wait for approval."""
    approved: tuple[str, ...] = ()
    """Changes of theirs that are approved and have not run."""
    runs: tuple[str, ...] = ()
    """Runs that have not ended and that they execute or confirm."""
    reviews: tuple[str, ...] = ()
    """Runs whose after-review is owed and that they may sign."""
    inspections: tuple[str, ...] = ()
    """Grants that wait for an inspection they may sign."""
    applications: tuple[str, ...] = ()
    """Grants they have applied for that nobody has answered."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """What becomes of it all."""

    ends: tuple[Remark, ...]
    """What ends at once."""
    stays: tuple[Remark, ...]
    """What others must see to."""


def leaving(register: Register, name: str, matters: Matters, at: datetime) -> Leaving:
    """What ends when a person leaves, and what stays open; afterwards, what has ended.

    Args:
        register: everyone, before or after.
        name: who leaves.
        matters: what is on record in their name.
        at: when they leave, or left.

    Raises:
        UsageError: there is nobody of that name.
    """
    person = person_in(register, name)
    return Leaving(tuple(_ends(person, matters, at)), tuple(_stays(register, person, matters)))


def _ends(person: Person, matters: Matters, at: datetime) -> Iterator[Remark]:
    if matters.sessions:
        yield Remark(N_("sessions: {count}"), {"count": matters.sessions})
    for key in person.keys:
        if _is_good_until(key, at):
            yield Remark(N_("key {key}"), {"key": key.fingerprint})
    for held in person.appointments:
        if _is_held_until(held, at):
            message = N_("stand-in for post {post}") if held.stand_in else N_("post {post}")
            yield Remark(message, {"post": held.post})
            for given in held.delegations:
                if at < given.until:
                    facts = {"post": held.post, "until": to_rfc3339(given.until)}
                    yield Remark(N_("delegation of post {post} until {until}"), {**facts})
    for number in matters.standing_approvals:
        yield Remark(N_("standing approval {number}"), {"number": number})


def _stays(register: Register, person: Person, matters: Matters) -> Iterator[Remark]:
    numbered = (
        (matters.requested, N_("change {number}, requested by {person}: waits for approval")),
        (matters.approved, N_("change {number}, requested by {person}: approved and not yet run")),
        (matters.runs, N_("run {number}, of which {person} is one of the two")),
        (matters.reviews, N_("run {number}: its after-review is owed, and {person} could sign it")),
        (matters.inspections, N_("grant {number}: its inspection is owed, and {person} could sign it")),
        (matters.applications, N_("grant {number}, applied for by {person}")),
    )
    for numbers, message in numbered:
        for number in numbers:
            yield Remark(message, {"number": number, "person": person.name})
    for other in register.people.values():
        if other.vendor is not None and other.vendor.sponsor == person.name and other.standing is not Standing.LEFT:
            message = N_("account {vendor} of {company} stops until somebody else is granted as sponsor")
            yield Remark(message, {"vendor": other.name, "company": other.vendor.company})


def _is_good_until(key: PersonKey, at: datetime) -> bool:
    return (key.revoked is None or key.revoked >= at) and (key.until is None or at < key.until)


def _is_held_until(held: Appointment, at: datetime) -> bool:
    return held.until is None or held.until >= at
