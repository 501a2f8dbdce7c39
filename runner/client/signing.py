"""Putting a person's key to a draft: look at the log first, then sign, then hand it in."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from runner.client.drafts import Draft
from runner.client.memory import Memory
from runner.client.service import Service
from runner.client.witness import witness
from runner.errors import SignatureError, VerificationError
from runner.model.people import KeyHolder
from runner.model.statement import Seen, Statement
from runner.model.time import Clock
from runner.proof.statement import namespace, statement_bytes
from runner.wire.api_request import Confirmed, Outcome, Signed
from runner.wire.documents import to_document
from runner.words import N_

if TYPE_CHECKING:
    from runner.client.signer import Signer

_NONCE_BYTES = 16


@dataclass(frozen=True, slots=True)
class Secrets:
    """What a person knows and what their authenticator shows."""

    password: str = field(repr=False)
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Signatory:
    """A person at a client: who they are here, their key, and what their client remembers of the log."""

    person: KeyHolder
    signer: Signer
    service: Service
    memory: Memory
    origin: str
    clock: Clock

    @property
    def name(self) -> str:
        """The person's."""
        return self.person.name

    def state(self, draft: Draft) -> Statement:
        """The statement to be signed, with the log looked at first.

        Raises:
            VerificationError: the log does not continue what this client remembers.
        """
        seen = witness(self.service.log, self.memory, self.origin)
        stated = make_statement(draft, self.person, self.origin, self.clock, seen)
        return replace(stated, terminal=_here(self.service))

    def sign(self, statement: Statement) -> Signed:
        """The signed statement; nothing is sent."""
        return sign_statement(statement, self.signer)

    def submit(self, statement: Statement) -> Outcome:
        """Sign a statement and send it; raises as `hand_in`."""
        return self.service.sign(self.sign(statement))

    def hand_in(self, draft: Draft) -> Outcome:
        """State, sign and send.

        Raises:
            RefusedError: law, policy or state forbids it.
            VerificationError: the log does not continue what this client remembers.
        """
        return self.submit(self.state(draft))


@dataclass(frozen=True, slots=True)
class Confirmer:
    """A person at a client who confirms with password and code, under a session of their own; the service vouches."""

    name: str
    secrets: Callable[[], Secrets]
    """Asks for both, once what is signed has been read."""
    service: Service
    memory: Memory
    origin: str
    clock: Clock

    def state(self, draft: Draft) -> Statement:
        """The statement to be confirmed, with the log looked at first; raises as `Signatory.state`."""
        from runner.proof.attestation import attested_by
        from runner.proof.note import NoteKey

        seen = witness(self.service.log, self.memory, self.origin)
        remembered = self.memory.find(self.origin)
        if remembered is None:
            raise VerificationError(N_("log {origin}: this client remembers nothing of it"), origin=self.origin)
        person = KeyHolder(self.name, "", attested_by(NoteKey.from_text(remembered.log_key)))
        return replace(make_statement(draft, person, self.origin, self.clock, seen), terminal=_here(self.service))

    def submit(self, statement: Statement) -> Outcome:
        """Ask for password and code, and send them with the statement.

        Raises:
            RefusedError: one is wrong, or law, policy or state forbids the statement.
        """
        text = statement_bytes(to_document(statement)).decode()
        known = self.secrets()
        return self.service.door.confirm(Confirmed(text, known.password, known.code))

    def hand_in(self, draft: Draft) -> Outcome:
        """State, ask and send; raises as `state` and `submit`."""
        return self.submit(self.state(draft))


def _here(service: Service) -> str:
    """Name of the registered terminal this client is at, as the service finds it; empty: at none."""
    terminal = service.register.here().terminal
    return terminal.name if terminal else ""


def person_of(signer: Signer, people: tuple[KeyHolder, ...]) -> KeyHolder:
    """Whose key it is.

    Raises:
        SignatureError: nobody's who may sign here.
    """
    for person in people:
        if person.fingerprint == signer.fingerprint:
            return person
    raise SignatureError(
        N_("key {fingerprint}: it belongs to nobody who may sign here"),
        rule="L1:unknown-key",
        hint=N_("people who may sign: {people}"),
        fingerprint=signer.fingerprint,
        people=", ".join(person.name for person in people),
    )


def make_statement(draft: Draft, person: KeyHolder, origin: str, clock: Clock, seen: Seen) -> Statement:
    """A statement with a fresh nonce."""
    return Statement(
        kind=draft.kind,
        origin=origin,
        person=person.name,
        key=person.fingerprint,
        subject=draft.subject,
        content=draft.content,
        at=clock.now(),
        nonce=secrets.token_hex(_NONCE_BYTES),
        seen=seen,
    )


def sign_statement(statement: Statement, signer: Signer) -> Signed:
    """The canonical bytes with the signature over them in the namespace of their kind."""
    data = statement_bytes(to_document(statement))
    return Signed(data.decode(), signer.sign(namespace(statement.kind), data))


def statement_id(signed: Signed) -> str:
    """Id under which the service records it: hex SHA-256 of the signed bytes."""
    return hashlib.sha256(signed.statement.encode()).hexdigest()
