"""Step 2 of the procedure: statements, and the people the genesis statements name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest
from typing import Self

from runner.audit.ports import SignatureVerifier
from runner.audit.statement_runs import RunBook, require_registered
from runner.audit.statement_standing import StandingBook
from runner.audit.steps import StepError
from runner.errors import RunnerError, SignatureError, UsageError
from runner.model.document import JsonObject, JsonValue
from runner.model.grant import GRANTS, Grant, GrantKind, SetPolicy, kind_of
from runner.model.people import KeyHolder, PersonKey, Register, Standing
from runner.model.statement import Statement, StatementBytes, StatementKind
from runner.model.verdict import Note
from runner.proof.attestation import attested_by, verify_attestation
from runner.proof.canonical import canonical_bytes
from runner.proof.note import NoteKey
from runner.proof.public_key import parse_public_key
from runner.proof.statement import parse_statement
from runner.rules.attesting import KEY_ONLY
from runner.rules.granting import AT_ONCE
from runner.rules.register import enter, found
from runner.wire.documents import from_document, from_value, to_document
from runner.words import N_


@dataclass(frozen=True, slots=True)
class SeenHead:
    """A head of the log that the signer of a statement had verified."""

    size: int
    root: str
    """Hex."""
    statement: str


@dataclass(frozen=True, slots=True)
class Granted:
    """A grant that took effect."""

    statement: str
    """Id of the statement by which it did."""
    grant: str
    terms: bytes
    """Canonical."""

    @classmethod
    def of(cls, statement: str, grant: str, terms: JsonObject) -> Self:
        """From its terms as a document."""
        return cls(statement, str(grant), canonical_bytes(terms))


class StatementBook:
    """Every statement that was looked at: whose it is, or why it is bad."""

    def __init__(self, log_key: NoteKey, verifier: SignatureVerifier) -> None:
        self._log_key = log_key
        self._verifier = verifier
        self._signers: dict[str, str] = {}
        self._bad: dict[str, StepError] = {}
        self._nonces: set[str] = set()
        self.attested = 0
        """How many good statements the service vouches for, and no key of a person."""
        self._named: set[str] = set()
        self._genesis: JsonObject | None = None
        self.founders: dict[str, KeyHolder] = {}
        """The people of the genesis statements, by name."""
        self.register = Register()
        """Everyone, as the statements looked at so far have made it."""
        self.granted: list[Granted] = []
        """The grants that took effect, in that order."""
        self.policies: dict[str, tuple[str, str]] = {}
        """Digest and text of each policy that was granted, by the statement that granted it."""
        self._standing = StandingBook()
        self._bad_grant: StepError | None = None
        self._runs = RunBook()
        self._good: dict[str, Statement] = {}
        """Applications for grants that nobody has answered, by id."""
        self.heads: list[SeenHead] = []
        """What the signers of good statements had seen."""

    @property
    def founding_policy(self) -> str:
        """Digest of the policy that the genesis statements name."""
        return str((self._genesis or {}).get("policy"))

    @property
    def count(self) -> int:
        """How many statements were looked at."""
        return len(self._signers) + len(self._bad)

    def add(self, stored: StatementBytes) -> None:
        """Look at the next statement; a bad one is remembered until something asks for it."""
        try:
            statement = self._checked(stored)
            self._runs.follow(stored.id, statement)
        except StepError as error:
            self._bad.setdefault(stored.id, error)
            return
        self._signers[stored.id] = statement.person
        self.attested += statement.is_attested
        if statement.kind is StatementKind.APPLY:
            self._good[stored.id] = statement
        elif statement.kind in (StatementKind.DENY, StatementKind.RETRACT):
            self._good.pop(str(statement.content.get("application")), None)
        if statement.seen.size:
            self.heads.append(SeenHead(statement.seen.size, statement.seen.root, stored.id))

    def require(self, id: str, person: str) -> None:
        """Refuse an entry whose statement is missing or bad, or was signed by somebody else (3.5).

        Args:
            id: the statement an entry names.
            person: whom the entry says it was; empty when it says no person.

        Raises:
            StepError: with the number of the step that fails.
        """
        self._named.add(id)
        if id in self._bad:
            raise self._bad[id]
        signer = self._signers.get(id)
        if signer is None:
            raise StepError(N_("statement {statement}: was not recorded"), step="3.5", statement=id[:64])
        if person and person != signer:
            raise StepError(
                N_("statement {statement}: {signer} signed it, the entry says {person}"),
                step="3.5",
                statement=id,
                signer=signer,
                person=person,
            )

    def require_founders(self, people: Iterable[KeyHolder]) -> None:
        """Refuse founders in the database who are not those of the genesis statements (2.5).

        Raises:
            StepError: somebody is missing, too many, or has another key.
        """
        stored = {person.name: person for person in people}
        for name in sorted(stored.keys() | self.founders.keys()):
            if stored.get(name) != self.founders.get(name):
                raise StepError(N_("person {name}: is not as in the genesis statements"), step="2.5", name=name)

    def require_grants(self, granted: Iterable[Granted]) -> None:
        """Refuse grants in the database that are not those the statements put into effect, in their order (2.7).

        Args:
            granted: those in the database, in their order.

        Raises:
            StepError: one is missing, too many, out of order, or says something else; or a statement that would have
                put one into effect is bad (2.6).
        """
        if self._bad_grant is not None:
            raise self._bad_grant
        for place, (got, expected) in enumerate(zip_longest(granted, self.granted), start=1):
            if got != expected:
                raise StepError(
                    N_("grant at place {place}: is not the one that was signed (got {got}, expected {expected})"),
                    step="2.7",
                    place=place,
                    got=got.statement[:64] if got else "-",
                    expected=expected.statement if expected else "-",
                )

    def holders(self) -> tuple[KeyHolder, ...]:
        """Everyone with every key they have or had, by name and key."""
        keys = [
            KeyHolder(person.name, key.line, key.fingerprint)
            for person in self.register.people.values()
            for key in person.keys
        ]
        return tuple(sorted(keys, key=lambda holder: (holder.name, holder.fingerprint)))

    def require_all_named(self) -> None:
        """Refuse a statement that no entry names (5.2), or that is bad.

        Raises:
            StepError: for the first of them.
        """
        for error in self._bad.values():
            raise error
        for id in self._signers:
            if id not in self._named:
                raise StepError(N_("statement {statement}: no entry names it"), step="5.2", statement=id)

    def _checked(self, stored: StatementBytes) -> Statement:
        if hashlib.sha256(stored.bytes).hexdigest() != stored.id:
            raise StepError(N_("statement {statement}: its bytes were changed"), step="2.1", statement=stored.id[:64])
        statement = self._read(stored)
        if statement.kind is StatementKind.GENESIS:
            self._learn(stored.id, statement)
        try:
            if statement.is_attested:
                self._require_attested(stored, statement)
            else:
                key = self._key(stored.id, statement)
                self._verifier.verify(statement.kind, stored.bytes, stored.signature, statement.person, key.line)
        except SignatureError as error:
            step = "2.11" if statement.is_attested else "2.4"
            raise StepError(
                N_("statement {statement}: {reason}"), step=step, statement=stored.id, reason=str(error)
            ) from error
        require_registered(stored.id, statement, self.register)
        if statement.kind in (StatementKind.APPLY, StatementKind.GRANT):
            self._enter(stored.id, statement)
        self._standing.look(stored.id, statement, self.register)
        return statement

    def _require_attested(self, stored: StatementBytes, statement: Statement) -> None:
        """Refuse a statement that the service of this log has not vouched for, or could not (2.11).

        Raises:
            StepError: its kind needs a key, or its person could not act then.
            SignatureError: the attestation is another service's, or not of this statement.
        """
        person = self.register.people.get(statement.person)
        able = person is not None and person.standing is Standing.ACTIVE
        if not able or statement.kind in KEY_ONLY or statement.key != attested_by(self._log_key):
            raise StepError(
                N_("statement {statement}: {person} could not confirm it by password"),
                step="2.11",
                statement=stored.id,
                person=statement.person,
            )
        verify_attestation(stored.signature, statement.kind, stored.bytes, self._log_key)

    def remarks(self) -> tuple[Note, ...]:
        """What a reader should know of statements though nothing is wrong with them."""
        if not self.attested:
            return ()
        message = N_("{count} statements confirmed by password and code: attested by the service, weaker than a key")
        return (Note(message, {"count": self.attested}),)

    def _key(self, id: str, statement: Statement) -> PersonKey:
        """The signer's key, which the genesis statements or a grant before this gave them and no other took away."""
        person = self.register.people.get(statement.person)
        key = person.key(statement.key) if person is not None else None
        if key is None or not key.is_good(statement.at) or (person and person.standing is not Standing.ACTIVE):
            raise StepError(
                N_("statement {statement}: {person} with key {key} could not sign then"),
                step="2.4",
                statement=id,
                person=statement.person,
                key=statement.key,
            )
        return key

    def _enter(self, id: str, statement: Statement) -> None:
        """Enter a grant that this statement puts into effect (2.6)."""
        try:
            grant = self._grant(statement)
            if grant is not None:
                self.register = enter(self.register, grant, statement.at)
                self.granted.append(Granted.of(id, kind_of(grant), to_document(grant)))
                if isinstance(grant, SetPolicy):
                    self.policies[id] = (grant.digest, grant.text)
        except (RunnerError, ValueError) as error:
            failed = StepError(N_("statement {statement}: {reason}"), step="2.6", statement=id, reason=str(error))
            self._bad_grant = self._bad_grant or failed
            raise failed from error

    def _grant(self, statement: Statement) -> Grant | None:
        """The grant a statement puts into effect: an application that only takes away, or another's approval."""
        content = statement.content
        kind = GrantKind(str(content.get("grant")))
        if statement.kind is StatementKind.APPLY and kind not in AT_ONCE:
            return None
        if statement.kind is StatementKind.GRANT:
            applied = self._good.pop(str(content.get("application")), None)
            if (
                applied is None
                or applied.content["grant"] != kind.value
                or _terms(kind, applied) != _terms(kind, statement)
            ):
                raise SignatureError(N_("it approves what nobody applied for, or what was answered before"))
            if applied.person == statement.person or applied.key == statement.key:
                raise SignatureError(N_("applicant and approver are one person"))
        return _terms(kind, statement)

    def _read(self, stored: StatementBytes) -> Statement:
        try:
            statement = from_document(Statement, parse_statement(stored.bytes))
        except (UsageError, SignatureError) as error:
            raise StepError(
                N_("statement {statement}: {reason}"), step="2.2", statement=stored.id, reason=str(error)
            ) from error
        if statement.origin != self._log_key.name:
            raise StepError(
                N_("statement {statement}: belongs to log {origin}"),
                step="2.2",
                statement=stored.id,
                origin=statement.origin,
            )
        if statement.nonce in self._nonces:
            raise StepError(N_("statement {statement}: its nonce was used before"), step="2.2", statement=stored.id)
        self._nonces.add(statement.nonce)
        return statement

    def _learn(self, id: str, statement: Statement) -> None:
        """Take people and log key from a genesis statement (2.3)."""
        if self._genesis is None and not self._signers:
            people = _people(id, statement.content.get("people"))
            if statement.content.get("log_key") != self._log_key.to_text():
                raise StepError(N_("statement {statement}: names another key of the log"), step="2.3", statement=id)
            self._genesis, self.founders = statement.content, people
            self.register = found(people.values(), {})
        elif statement.content != self._genesis:
            raise StepError(
                N_("statement {statement}: differs from the first genesis statement"), step="2.3", statement=id
            )


def _terms(kind: GrantKind, statement: Statement) -> Grant:
    """What a statement says is granted; what its kind has come to say since then is as it was left unsaid."""
    terms = statement.content.get("terms")
    grant: Grant = from_document(GRANTS[kind], terms if isinstance(terms, dict) else {})
    return grant


def _people(id: str, listed: JsonValue) -> dict[str, KeyHolder]:
    """The people a genesis statement lists, each once, with the fingerprint of the key that stands there."""
    named: dict[str, KeyHolder] = {}
    for document in listed if isinstance(listed, list) else ():
        person = _person(document)
        if person is not None:
            named[person.name] = person
    if not isinstance(listed, list) or not named or len(named) != len(listed):
        raise StepError(N_("statement {statement}: does not name people and their keys"), step="2.3", statement=id)
    return named


def _person(document: JsonValue) -> KeyHolder | None:
    try:
        fields = document if isinstance(document, dict) else {}
        person = from_value(KeyHolder, {name: value for name, value in fields.items() if name != "posts"})
        return person if parse_public_key(person.key).fingerprint == person.fingerprint else None
    except UsageError:
        return None
