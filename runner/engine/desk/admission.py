"""Admission of a statement: that it is one, whose it is, and that it belongs here and now.

In this order: the bytes are one canonical statement of bounded size; the key is somebody's who may sign; the verifier
of record (`ssh-keygen`) confirms the signature; it names this log; its time is near the service's; its nonce is new;
what its signer's client had seen of the log is true. What it asks for is not looked at here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from runner.audit.proofs import root
from runner.engine.desk.premises import Premises
from runner.errors import RefusedError, SignatureError, UsageError
from runner.model.people import Person, PersonKey, Standing
from runner.model.statement import SignedStatement, Statement
from runner.model.time import to_rfc3339
from runner.proof.attestation import attest, attested_by
from runner.proof.canonical import digest
from runner.proof.note import NoteSigner
from runner.proof.statement import parse_statement
from runner.rules.places import terminal_at
from runner.store.store import Transaction
from runner.wire.documents import from_document
from runner.words import N_

VERSION: Final = 1
"""Version of the form of statements."""
CLOCKS_APART: Final = timedelta(minutes=10)
"""How far the signer's clock and the service's may differ."""
MAX_SIGNATURE: Final = 16 * 1024
"""Characters of an armored signature."""

_NONCE = re.compile(r"[0-9a-f]{32}")


class UnknownSignerError(SignatureError):
    """Nobody who may sign can be shown to have signed this; such refusals are only counted in the log."""


class ForkError(SignatureError):
    """The signer's client has seen another history of this log."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """A statement that is genuine, and its signer."""

    signed: SignedStatement
    person: Person


def authenticate(premises: Premises, text: str, signature: str) -> Admitted:
    """Whose statement it is.

    Raises:
        UnknownSignerError: nobody's who may sign, or the signature does not prove it.
        UsageError: it is no statement.
    """
    data = text.encode("utf-8", errors="surrogatepass")
    statement = read_statement(data)
    with premises.store.reading() as transaction:
        person = premises.register.of(transaction).owner(statement.key)
    key = person.key(statement.key) if person is not None else None
    if person is None or key is None or person.name != statement.person:
        raise UnknownSignerError(
            N_("the key {key} is not one of {person}'s that may sign here"),
            rule="L1:unknown-key",
            key=statement.key[:80],
            person=statement.person[:80],
        )
    try:
        _require_signature(premises, statement, data, signature, key)
    except SignatureError as error:
        raise UnknownSignerError(error.message, rule=error.rule, hint=error.hint, **error.facts) from error
    return Admitted(SignedStatement(statement_id(data), statement, data, signature), person)


def attested(premises: Premises, text: str, person: str, signer: NoteSigner) -> Admitted:
    """A statement that its person has just confirmed by password and code, with the service's word for it.

    Args:
        premises: what the service works with.
        text: the statement's exact text.
        person: who has shown who they are.
        signer: the log's key.

    Raises:
        SignatureError: it is another person's, names another service, or this person may not act.
        UsageError: it is no statement.
    """
    data = text.encode("utf-8", errors="surrogatepass")
    statement = read_statement(data)
    with premises.store.reading() as transaction:
        found = premises.register.of(transaction).people.get(person)
    if found is None or found.standing is not Standing.ACTIVE or statement.person != person:
        raise SignatureError(
            N_("statement: it is {signer}'s, and {person} confirms it"),
            rule="L1:another-person",
            signer=statement.person[:80],
            person=person[:80],
        )
    expected = attested_by(signer.key)
    if statement.key != expected:
        raise SignatureError(
            N_("statement: it names {got} as what vouches for it, here that is {expected}"),
            rule="L4:other-attester",
            got=statement.key[:80],
            expected=expected,
        )
    return Admitted(SignedStatement(statement_id(data), statement, data, attest(signer, statement.kind, data)), found)


def require_current(premises: Premises, transaction: Transaction, statement: Statement) -> None:
    """Refuse a statement of another log, another time, or a second use.

    Raises:
        SignatureError: with the rule.
        ForkError: the signer's client has seen what this log does not hold.
    """
    if statement.origin != premises.site.origin:
        raise SignatureError(
            N_("statement: it belongs to log {got}, this is {expected}"),
            rule="L4:other-log",
            got=statement.origin[:120],
            expected=premises.site.origin,
        )
    now = premises.clock.now()
    if abs(statement.at - now) > CLOCKS_APART:
        raise SignatureError(
            N_("statement: it was signed at {at}, the service's clock says {now}"),
            rule="L4:other-time",
            hint=N_("set the clocks, then sign again"),
            at=to_rfc3339(statement.at),
            now=to_rfc3339(now),
        )
    if transaction.statements.has_nonce(statement.nonce):
        raise SignatureError(
            N_("statement: it was used before"),
            rule="L4:nonce-used",
            hint=N_("sign again; every statement is good for one use"),
            nonce=statement.nonce,
        )
    _require_seen(transaction, statement)


def require_place(premises: Premises, transaction: Transaction, statement: Statement, source: str) -> None:
    """Refuse a statement that names another terminal than the one it comes from, or any when nobody knows that.

    Raises:
        RefusedError: it does.
    """
    found = terminal_at(premises.register.of(transaction), source)
    if statement.terminal and (found is None or found.name != statement.terminal):
        raise RefusedError(
            N_("statement: it says that it was signed at terminal {got}, and comes from {expected}"),
            rule="terminal:elsewhere",
            hint=N_("sign again, at the terminal where you sit"),
            got=statement.terminal[:80],
            expected=found.name if found else "-",
        )


def read_statement(data: bytes) -> Statement:
    """The statement of some bytes, strictly.

    Raises:
        UsageError: not canonical, too long, of another version, or with fields that are not its own.
    """
    statement = from_document(Statement, parse_statement(data))
    if statement.version != VERSION:
        raise UsageError(N_("statement: version {got}, expected {expected}"), got=statement.version, expected=VERSION)
    if not _NONCE.fullmatch(statement.nonce):
        raise UsageError(N_("statement: the nonce must be 32 lower-case hex digits"))
    return statement


def statement_id(data: bytes) -> str:
    """Id of a statement: hex SHA-256 of the signed bytes."""
    return digest(data).removeprefix("sha256:")


def _require_signature(premises: Premises, statement: Statement, data: bytes, signature: str, key: PersonKey) -> None:
    if len(signature) > MAX_SIGNATURE:
        raise SignatureError(N_("signature: too long"), rule="signature:malformed")
    premises.verifier.verify(statement.kind, data, signature, statement.person, key.line)


def _require_seen(transaction: Transaction, statement: Statement) -> None:
    seen = statement.seen
    state = transaction.tree.state()
    size = 0 if state is None else state.size
    if not 0 <= seen.size <= size or root(transaction.tree, seen.size).hex() != seen.root:
        raise ForkError(
            N_("statement: its signer has seen a log of {size} entries that this log is not a continuation of"),
            rule="audit:fork",
            hint=N_("sign nothing more; keep the client's memory of the log and tell an auditor"),
            size=seen.size,
            root=seen.root[:64],
            has=size,
        )
