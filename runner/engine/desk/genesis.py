"""The first entries of a log: who may sign, with which keys, under which policy; nothing works until all have signed.

A site is founded and signed by commands that hold the state directory themselves, before any service runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from runner.audit.keys import create_log_key, load_log_key
from runner.audit.leaves import LeafMaker
from runner.audit.ports import SignatureVerifier
from runner.audit.proofs import root
from runner.audit.sequencer import Sequencer
from runner.engine.desk.admission import read_statement, statement_id
from runner.engine.desk.founding import founding_content, policy_source, put_founding
from runner.engine.desk.refusals import SERVICE
from runner.engine.desk.state import StateDirectory, hold, make_state, name_site, open_state
from runner.errors import RefusedError, SignatureError, UsageError
from runner.model.document import JsonObject
from runner.model.log import About, ActorKind, Entry, LogMode
from runner.model.people import KeyHolder
from runner.model.policy import Policy
from runner.model.site import Site
from runner.model.statement import Seen, SignedStatement, StatementKind
from runner.model.time import Clock
from runner.proof.canonical import digest
from runner.proof.public_key import parse_public_key
from runner.rules.granting import is_governed
from runner.rules.register import found
from runner.rules.statements import Founded, genesis_content, require_content
from runner.rules.tags import Tag
from runner.runbook.settings import POLICY_FILE, policy_of
from runner.store.store import SqlLogStore, Store, Transaction
from runner.wire.api_request import Signed
from runner.words import N_

_BEGINNING: Final = datetime.fromtimestamp(0, UTC)
_FEWEST: Final = 2
"""People a site needs (L1)."""


@dataclass(frozen=True, slots=True)
class Founding:
    """What the first entries say, and who has yet to sign them."""

    content: JsonObject
    """Content of everybody's genesis statement; its subject is the log's origin."""
    seen: Seen
    """The log's head as it is."""
    people: tuple[KeyHolder, ...]
    signed: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def is_active(self) -> bool:
        """Whether everybody has signed."""
        return not self.missing


def found_site(site: Site, state: Path, admins: Sequence[tuple[str, str]]) -> Founding:
    """Make a site's state: log key, database and people; it becomes active once all of them have signed.

    Args:
        site: the site.
        state: state directory to make.
        admins: name and public key line of everybody who may sign.

    Raises:
        UsageError: fewer than two people, a key of no use, or a state directory that will not do.
        RefusedError: a name or key is given twice.
    """
    people = people_of(admins)
    source = policy_source(site)
    policy = policy_of(source, POLICY_FILE)
    posts = _posts(people, policy)
    _require_governed(people, posts, policy, site)
    directory = make_state(state)
    with hold(directory):
        signer = create_log_key(directory.root, site.origin)
        founded = Founded(
            origin=site.origin,
            site=site.name,
            environment=site.environment,
            production=site.production,
            log_key=signer.key.to_text(),
            policy=digest(source),
        )
        with _opened(directory, site) as store:
            with store.writing() as transaction:
                for person in people:
                    transaction.founders.add(person)
                put_founding(transaction, genesis_content(founded, people, posts), source)
            name_site(directory, site)
            with store.reading() as transaction:
                return _founding(transaction)


def people_of(admins: Sequence[tuple[str, str]]) -> tuple[KeyHolder, ...]:
    """Who may sign, from names and public key lines; raises as `found_site`."""
    people = tuple(_person(name, key) for name, key in admins)
    _require_two(people)
    return people


def read_founding(site: Site, state: Path) -> Founding:
    """What the first entries say, and who has signed; for whoever is about to sign."""
    directory = open_state(state, site)
    with hold(directory), _opened(directory, site) as store, store.reading() as transaction:
        return _founding(transaction)


def sign_genesis(site: Site, state: Path, signed: Signed, clock: Clock, verifier: SignatureVerifier) -> Founding:
    """Put one person's signature under the first entries.

    Raises:
        SignatureError: it is not one of these people's signature over exactly these entries.
        RefusedError: this person has signed already, or a service is running.
        UsageError: the policy is no longer the one to be signed.
    """
    directory = open_state(state, site)
    data = signed.statement.encode()
    statement = read_statement(data)
    with hold(directory), _opened(directory, site) as store:
        with store.writing() as transaction:
            founding = _founding(transaction)
            person = _signer_of(founding, statement.person, statement.key)
            verifier.verify(statement.kind, data, signed.signature, person.name, person.key)
            require_content(statement, StatementKind.GENESIS, site.origin, founding.content)
            if statement.origin != site.origin or statement.seen != founding.seen:
                raise SignatureError(N_("statement: it was made for another log or head"), rule="L4:other-log")
            _require_same_policy(site, founding)
            recorded = SignedStatement(statement_id(data), statement, data, signed.signature)
            _record(transaction, recorded, clock, opens=founding.missing == (person.name,))
        Sequencer(SqlLogStore(store), load_log_key(directory.root), clock, SERVICE).sequence()
        with store.reading() as transaction:
            return _founding(transaction)


@contextmanager
def opened_site(site: Site, state: Path) -> Iterator[Store]:
    """The store of a site that no service holds; for commands that work offline.

    Raises:
        RefusedError: a service is running.
    """
    directory = open_state(state, site)
    with hold(directory), _opened(directory, site) as store:
        yield store


def require_active(transaction: Transaction) -> None:
    """Refuse to work before everybody has signed the first entries.

    Raises:
        RefusedError: naming who has not.
    """
    missing = _missing(transaction)
    if missing:
        raise RefusedError(
            N_("this site is not active yet: {missing} must still sign the log's first entries"),
            rule="L1:genesis-unsigned",
            hint=N_("each signs with: twokey init DIR --sign --key KEY"),
            missing=", ".join(missing),
        )


@contextmanager
def _opened(state: StateDirectory, site: Site) -> Iterator[Store]:
    store = Store.open(state.database, zone=ZoneInfo(site.timezone), origin=site.origin)
    try:
        yield store
    finally:
        store.close()


def _founding(transaction: Transaction) -> Founding:
    tree = transaction.tree.state()
    size = 0 if tree is None else tree.size
    people = transaction.founders.all()
    missing = _missing(transaction)
    return Founding(
        content=founding_content(transaction),
        seen=Seen(size, root(transaction.tree, size).hex()),
        people=people,
        signed=tuple(person.name for person in people if person.name not in missing),
        missing=missing,
    )


def _missing(transaction: Transaction) -> tuple[str, ...]:
    origin = str(founding_content(transaction)["origin"])
    signed = {
        statement.signed.statement.person
        for statement in transaction.statements.of(origin)
        if statement.signed.statement.kind is StatementKind.GENESIS
    }
    return tuple(person.name for person in transaction.founders.all() if person.name not in signed)


def _record(transaction: Transaction, signed: SignedStatement, clock: Clock, *, opens: bool) -> None:
    now = clock.now()
    about = About(statement=signed.id)
    content: JsonObject = {"content": signed.statement.content}
    entries = [Entry(Tag.GENESIS_SIGNED, now, ActorKind.PERSON, signed.statement.person, about, content)]
    if opens:
        entries.append(Entry(Tag.LOG_OPENED, now, ActorKind.SERVICE, SERVICE, about))
    transaction.statements.put(signed, now)
    transaction.inbox.put(LeafMaker(clock, LogMode.EMBEDDED).make_all(entries))


def _signer_of(founding: Founding, name: str, key: str) -> KeyHolder:
    person = next((person for person in founding.people if (person.name, person.fingerprint) == (name, key)), None)
    if person is None:
        raise SignatureError(
            N_("the key {key} is not one of {person}'s that may sign here"),
            rule="L1:unknown-key",
            key=key[:80],
            person=name[:80],
        )
    if person.name in founding.signed:
        raise RefusedError(N_("{person} has signed the first entries already"), rule="L1:signed-already", person=name)
    return person


def _require_same_policy(site: Site, founding: Founding) -> None:
    if founding.content.get("policy") != digest(policy_source(site)):
        raise UsageError(
            N_("policy: it was changed since the site was founded"),
            hint=N_("bring it back as it was, or found the site again with another state directory"),
        )


def _posts(people: Sequence[KeyHolder], policy: Policy) -> dict[str, tuple[str, ...]]:
    """The posts founders begin with: those the policy has for them in order, or else every post there is."""
    if not policy.founders:
        return {person.name: tuple(policy.posts) for person in people}
    if len(people) > len(policy.founders):
        raise UsageError(
            N_("policy {policy}: it has posts for {count} founders, {given} are named"),
            policy=policy.name,
            count=len(policy.founders),
            given=len(people),
        )
    return {person.name: posts for person, posts in zip(people, policy.founders, strict=False)}


def _require_governed(
    people: Sequence[KeyHolder], posts: dict[str, tuple[str, ...]], policy: Policy, site: Site
) -> None:
    """Refuse founders who could never grant anything to anybody together."""
    if not is_governed(found(people, posts), policy, _BEGINNING, site.environment):
        raise UsageError(
            N_(
                "policy {policy}: the posts of its first {count} founders do not let one apply for grants of people "
                "and policy, and another approve them"
            ),
            hint=N_("name all the founders the policy has posts for ({posts}), or give the first ones other posts"),
            policy=policy.name,
            count=len(people),
            posts="; ".join(", ".join(held) for held in policy.founders) or ", ".join(policy.posts),
        )


def _person(name: str, key: str) -> KeyHolder:
    if not name.strip() or len(name) > _LONGEST_NAME or any(not letter.isprintable() for letter in name):
        raise UsageError(
            N_('person "{name}": expected a name of 1 to {most} letters'), name=name[:80], most=_LONGEST_NAME
        )
    public = parse_public_key(key)
    return KeyHolder(name, public.to_line(), public.fingerprint)


_LONGEST_NAME: Final = 64


def _require_two(people: Sequence[KeyHolder]) -> None:
    if len(people) < _FEWEST:
        raise UsageError(
            N_("a site needs two people who may sign, got {count}"),
            hint=N_("name both: --admin NAME=KEY.pub --admin NAME=KEY.pub"),
            count=len(people),
        )
    for index, person in enumerate(people):
        for other in people[:index]:
            if person.name == other.name or person.fingerprint == other.fingerprint:
                raise RefusedError(
                    N_("{person} and {other} must be two people with two keys"),
                    rule="L1:two-people",
                    person=person.name,
                    other=other.name,
                )
