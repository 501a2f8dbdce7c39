"""Step 2 of the procedure: statements, and the people the genesis statements name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from runner.audit.ports import SignatureVerifier
from runner.audit.steps import StepError
from runner.errors import SignatureError, UsageError
from runner.model.document import JsonObject, JsonValue
from runner.model.people import KeyHolder
from runner.model.statement import Statement, StatementBytes, StatementKind
from runner.proof.note import NoteKey
from runner.proof.public_key import parse_public_key
from runner.proof.statement import parse_statement
from runner.wire.documents import from_document, from_value
from runner.words import N_


@dataclass(frozen=True, slots=True)
class SeenHead:
    """A head of the log that the signer of a statement had verified."""

    size: int
    root: str
    """Hex."""
    statement: str


class StatementBook:
    """Every statement that was looked at: whose it is, or why it is bad."""

    def __init__(self, log_key: NoteKey, verifier: SignatureVerifier) -> None:
        self._log_key = log_key
        self._verifier = verifier
        self._signers: dict[str, str] = {}
        self._bad: dict[str, StepError] = {}
        self._nonces: set[str] = set()
        self._named: set[str] = set()
        self._genesis: JsonObject | None = None
        self.people: dict[str, KeyHolder] = {}
        """The people of the genesis statements, by name."""
        self.heads: list[SeenHead] = []
        """What the signers of good statements had seen."""

    @property
    def count(self) -> int:
        """How many statements were looked at."""
        return len(self._signers) + len(self._bad)

    def add(self, stored: StatementBytes) -> None:
        """Look at the next statement; a bad one is remembered until something asks for it."""
        try:
            statement = self._checked(stored)
        except StepError as error:
            self._bad.setdefault(stored.id, error)
            return
        self._signers[stored.id] = statement.person
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

    def require_people(self, people: Iterable[KeyHolder]) -> None:
        """Refuse people in the database who are not those of the genesis statements (2.5).

        Raises:
            StepError: somebody is missing, too many, or has another key.
        """
        stored = {person.name: person for person in people}
        for name in sorted(stored.keys() | self.people.keys()):
            if stored.get(name) != self.people.get(name):
                raise StepError(N_("person {name}: is not as in the genesis statements"), step="2.5", name=name)

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
        person = self.people.get(statement.person)
        if person is None or person.fingerprint != statement.key:
            raise StepError(
                N_("statement {statement}: {person} with key {key} is not in the genesis statements"),
                step="2.4",
                statement=stored.id,
                person=statement.person,
                key=statement.key,
            )
        try:
            self._verifier.verify(statement.kind, stored.bytes, stored.signature, person.name, person.key)
        except SignatureError as error:
            raise StepError(
                N_("statement {statement}: {reason}"), step="2.4", statement=stored.id, reason=str(error)
            ) from error
        return statement

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
            self._genesis, self.people = statement.content, people
        elif statement.content != self._genesis:
            raise StepError(
                N_("statement {statement}: differs from the first genesis statement"), step="2.3", statement=id
            )


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
        person = from_value(KeyHolder, document)
        return person if parse_public_key(person.key).fingerprint == person.fingerprint else None
    except UsageError:
        return None
