"""How grants change the register: each in one place, with what no policy may allow refused.

The register is never stored: it is the people of the log's first entries with every grant entered in order, so it can
be had as of any past moment, and whoever verifies the log arrives at the same one. Who may make a grant, and which
posts may meet in one person, is decided in `runner.rules.policy`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from runner.errors import RefusedError, UsageError
from runner.model.grant import (
    AddKey,
    AddTerminal,
    Appoint,
    Attest,
    Delegate,
    Enrol,
    Exempt,
    Grant,
    GrantKind,
    Leave,
    Recertify,
    Reinstate,
    Relieve,
    RemoveTerminal,
    ResetCredentials,
    RevokeKey,
    SetPolicy,
    SetVendor,
    Suspend,
    Transfer,
)
from runner.model.people import (
    Appointment,
    Attestation,
    Delegation,
    Exemption,
    KeyHolder,
    Person,
    PersonKey,
    Register,
    Standing,
)
from runner.model.policy import GrantArea
from runner.proof.public_key import parse_public_key
from runner.rules.places import source_of
from runner.words import N_


def area_of(kind: GrantKind) -> GrantArea:
    """Which terms of a policy a kind of grant comes under."""
    return _AREAS.get(kind, GrantArea.PEOPLE)


def found(founders: Iterable[KeyHolder], posts: Mapping[str, tuple[str, ...]]) -> Register:
    """The register as the log's first entries leave it.

    Args:
        founders: the people they name.
        posts: posts by name of the founder.
    """
    people: dict[str, Person] = {}
    owners: dict[str, str] = {}
    for holder in founders:
        held = tuple(Appointment(post, "") for post in posts.get(holder.name, ()))
        key = PersonKey(holder.key, holder.fingerprint)
        people[holder.name] = Person(name=holder.name, keys=(key,), appointments=held)
        owners[holder.fingerprint] = holder.name
    return Register(people, owners)


def enter(register: Register, grant: Grant, at: datetime) -> Register:
    """The register with a grant entered.

    Args:
        register: as it is.
        grant: what is granted.
        at: when it takes effect.

    Raises:
        RefusedError: it contradicts what the register holds.
        UsageError: it names somebody or something the register does not know, or a key of no use.
    """
    entered: Register = _ENTER[type(grant)](register, grant, at)
    return entered


def person_in(register: Register, name: str) -> Person:
    """The person of that name.

    Raises:
        UsageError: there is nobody of that name.
    """
    person = register.people.get(name)
    if person is None:
        raise UsageError(N_('person "{person}": nobody of that name is enrolled'), person=name[:80])
    return person


def _enrol(register: Register, grant: Enrol, at: datetime) -> Register:
    _require_name(grant.person)
    if grant.person in register.people:
        raise RefusedError(
            N_("{person}: this name is somebody's already, and is never used again"),
            rule="people:name-taken",
            person=grant.person,
        )
    keys = (_new_key(register, grant.person, grant.key, at, None),) if grant.key else ()
    if grant.vendor is not None:
        _require_sponsor(register, grant.vendor.sponsor)
    person = Person(
        name=grant.person, called=grant.called, unit=grant.unit, keys=keys, vendor=grant.vendor, enrolled=at
    )
    return _with(register, person)


def _suspend(register: Register, grant: Suspend, at: datetime) -> Register:
    person = _present(register, grant.person)
    if person.standing is Standing.SUSPENDED:
        raise RefusedError(N_("{person} is suspended already"), rule="people:standing", person=person.name)
    return _with(register, replace(person, standing=Standing.SUSPENDED, standing_since=at))


def _reinstate(register: Register, grant: Reinstate, at: datetime) -> Register:
    """The end of a suspension, or of a stop for want of use, which no grant has entered."""
    person = _present(register, grant.person)
    since = person.standing_since if person.standing is Standing.ACTIVE else at
    return _with(register, replace(person, standing=Standing.ACTIVE, standing_since=since))


def _leave(register: Register, grant: Leave, at: datetime) -> Register:
    person = _present(register, grant.person)
    keys = tuple(key if key.revoked else replace(key, revoked=at) for key in person.keys)
    held = tuple(_ended(each, at) for each in person.appointments)
    return _with(register, replace(person, standing=Standing.LEFT, standing_since=at, keys=keys, appointments=held))


def _transfer(register: Register, grant: Transfer, at: datetime) -> Register:
    """Somebody who had no unit yet keeps their posts: they are given one, not moved."""
    person = _present(register, grant.person)
    held = tuple(_ended(each, at) for each in person.appointments) if person.unit else person.appointments
    return _with(register, replace(person, unit=grant.unit, appointments=held))


def _add_key(register: Register, grant: AddKey, at: datetime) -> Register:
    person = _present(register, grant.person)
    if grant.until is not None and grant.until <= at:
        raise UsageError(N_("key of {person}: it would have expired already"), person=person.name)
    key = _new_key(register, person.name, grant.key, at, grant.until)
    return _with(register, replace(person, keys=(*person.keys, key)))


def _revoke_key(register: Register, grant: RevokeKey, at: datetime) -> Register:
    person = _present(register, grant.person)
    key = person.key(grant.fingerprint)
    if key is None or key.revoked is not None:
        raise RefusedError(
            N_("{person} has no key {key} that could be revoked"),
            rule="people:no-such-key",
            person=person.name,
            key=grant.fingerprint[:80],
        )
    keys = tuple(replace(each, revoked=at) if each is key else each for each in person.keys)
    return _with(register, replace(person, keys=keys))


def _appoint(register: Register, grant: Appoint, at: datetime) -> Register:
    person = _present(register, grant.person)
    since = max(grant.since or at, at)
    if grant.until is not None and grant.until <= since:
        raise UsageError(N_("appointment of {person}: it would end before it begins"), person=person.name)
    if any(
        _is_current(each, at) and (each.post, each.unit) == (grant.post, grant.unit) for each in person.appointments
    ):
        raise RefusedError(
            N_("{person} holds the post {post} already"), rule="people:post-held", person=person.name, post=grant.post
        )
    made = Appointment(
        post=grant.post,
        unit=grant.unit,
        environments=grant.environments,
        since=since,
        until=grant.until,
        stand_in=grant.stand_in,
        document=grant.document,
    )
    return _with(register, replace(person, appointments=(*person.appointments, made)))


def _relieve(register: Register, grant: Relieve, at: datetime) -> Register:
    person = _present(register, grant.person)
    _require_post(person, grant.post, at)
    held = tuple(_ended(each, at) if each.post == grant.post else each for each in person.appointments)
    return _with(register, replace(person, appointments=held))


def _delegate(register: Register, grant: Delegate, at: datetime) -> Register:
    person = _present(register, grant.person)
    _require_post(person, grant.post, at)
    if not any(each.post == grant.post and each.stand_in and _is_current(each, at) for each in person.appointments):
        raise RefusedError(
            N_("{person} is no stand-in for the post {post}"),
            rule="people:no-stand-in",
            person=person.name,
            post=grant.post,
        )
    if grant.until <= max(grant.since, at):
        raise UsageError(N_("delegation to {person}: it would end before it begins"), person=person.name)
    given = Delegation(grant.since, grant.until, grant.reason)
    held = tuple(
        replace(each, delegations=(*each.delegations, given))
        if each.post == grant.post and each.stand_in and _is_current(each, at)
        else each
        for each in person.appointments
    )
    return _with(register, replace(person, appointments=held))


def _recertify(register: Register, grant: Recertify, at: datetime) -> Register:
    person = _present(register, grant.person)
    if not any(_is_current(each, at) for each in person.appointments):
        raise RefusedError(
            N_("{person} holds no post that could be certified"), rule="people:no-post", person=person.name
        )
    return _with(register, replace(person, certified=at, lapsed=False))


def _attest(register: Register, grant: Attest, _: datetime) -> Register:
    person = _present(register, grant.person)
    if grant.until is not None and grant.until <= grant.since:
        raise UsageError(N_("{mark} of {person}: it would end before it begins"), mark=grant.mark, person=person.name)
    given = Attestation(grant.mark, grant.since, grant.until, grant.reference)
    return _with(register, replace(person, attestations=(*person.attestations, given)))


def _exempt(register: Register, grant: Exempt, at: datetime) -> Register:
    person = _present(register, grant.person)
    if grant.until <= max(grant.since, at):
        raise UsageError(N_("exemption of {person}: it would end before it begins"), person=person.name)
    given = Exemption(grant.posts, grant.since, grant.until, grant.reason)
    return _with(register, replace(person, exemptions=(*person.exemptions, given)))


def _set_vendor(register: Register, grant: SetVendor, _: datetime) -> Register:
    person = _present(register, grant.person)
    if person.vendor is None:
        raise RefusedError(N_("{person} is not somebody of a vendor"), rule="people:no-vendor", person=person.name)
    _require_sponsor(register, grant.vendor.sponsor)
    return _with(register, replace(person, vendor=grant.vendor))


def _set_policy(register: Register, _: SetPolicy, __: datetime) -> Register:
    return register


def _add_terminal(register: Register, grant: AddTerminal, _: datetime) -> Register:
    terminal = grant.terminal
    source = source_of(terminal.source)
    if not source:
        raise UsageError(
            N_('terminal {name}: source "{source}" is neither an address nor a console such as local/tty1'),
            name=terminal.name[:80],
            source=terminal.source[:80],
        )
    for other in register.terminals.values():
        if terminal.name == other.name or source == source_of(other.source):
            raise RefusedError(
                N_("terminal {name}: its name or source is that of terminal {other}"),
                rule="people:terminal-taken",
                name=terminal.name,
                other=other.name,
            )
    return replace(register, terminals={**register.terminals, terminal.name: terminal})


def _remove_terminal(register: Register, grant: RemoveTerminal, _: datetime) -> Register:
    if grant.name not in register.terminals:
        raise UsageError(N_("terminal {name}: there is none of that name"), name=grant.name[:80])
    left = {name: terminal for name, terminal in register.terminals.items() if name != grant.name}
    return replace(register, terminals=left)


def _reset_credentials(register: Register, grant: ResetCredentials, _: datetime) -> Register:
    _present(register, grant.person)
    return register


def _with(register: Register, person: Person) -> Register:
    owners = {**register.owners, **{key.fingerprint: person.name for key in person.keys}}
    return replace(register, people={**register.people, person.name: person}, owners=owners)


def _present(register: Register, name: str) -> Person:
    person = person_in(register, name)
    if person.standing is Standing.LEFT:
        raise RefusedError(N_("{person} has left"), rule="people:left", person=person.name)
    return person


def _new_key(register: Register, name: str, line: str, at: datetime, until: datetime | None) -> PersonKey:
    public = parse_public_key(line)
    owner = register.owners.get(public.fingerprint)
    if owner is not None:
        raise RefusedError(
            N_("key {key}: it is or was a key of {owner}, and no key serves twice"),
            rule="L2:one-key-one-person",
            hint=N_("make a new key: ssh-keygen -t ed25519"),
            key=public.fingerprint,
            owner=owner,
            person=name,
        )
    return PersonKey(public.to_line(), public.fingerprint, since=at, until=until)


def _require_sponsor(register: Register, name: str) -> None:
    sponsor = _present(register, name)
    if sponsor.vendor is not None:
        raise RefusedError(
            N_("{sponsor} is somebody of a vendor and cannot answer for another"),
            rule="people:sponsor-is-vendor",
            sponsor=name,
        )


def _require_post(person: Person, post: str, at: datetime) -> None:
    if not any(each.post == post and _is_current(each, at) for each in person.appointments):
        raise RefusedError(
            N_("{person} does not hold the post {post}"),
            rule="people:post-not-held",
            person=person.name,
            post=post[:80],
        )


def _is_current(held: Appointment, at: datetime) -> bool:
    return held.until is None or at < held.until


def _ended(held: Appointment, at: datetime) -> Appointment:
    return replace(held, until=at) if _is_current(held, at) else held


def _require_name(name: str) -> None:
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable() or name != name.strip():
        raise UsageError(
            N_('person "{name}": expected a name of 1 to {most} letters'), name=name[:80], most=LONGEST_NAME
        )


LONGEST_NAME: Final = 64

_AREAS: Final[Mapping[GrantKind, GrantArea]] = {
    GrantKind.ADD_KEY: GrantArea.KEYS,
    GrantKind.REVOKE_KEY: GrantArea.KEYS,
    GrantKind.RESET_CREDENTIALS: GrantArea.KEYS,
    GrantKind.SET_POLICY: GrantArea.POLICY,
    GrantKind.ADD_TERMINAL: GrantArea.TERMINALS,
    GrantKind.REMOVE_TERMINAL: GrantArea.TERMINALS,
}
"""Everything else is about people."""

_ENTER: Final[Mapping[type[Any], Callable[..., Register]]] = {
    Enrol: _enrol,
    Suspend: _suspend,
    Reinstate: _reinstate,
    Leave: _leave,
    Transfer: _transfer,
    AddKey: _add_key,
    RevokeKey: _revoke_key,
    Appoint: _appoint,
    Relieve: _relieve,
    Delegate: _delegate,
    Recertify: _recertify,
    Attest: _attest,
    Exempt: _exempt,
    SetVendor: _set_vendor,
    SetPolicy: _set_policy,
    AddTerminal: _add_terminal,
    RemoveTerminal: _remove_terminal,
    ResetCredentials: _reset_credentials,
}
