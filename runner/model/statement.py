"""Signed statements: what a person put their key to.

A statement is canonical JSON signed as SSHSIG in the namespace of its kind (`runner.proof.statement`). Its fields are
the same for all kinds; what differs lies in `subject` and `content`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from runner.model.document import JsonObject

ATTESTED: Final = "attested:"
"""What the key of a statement begins with that was confirmed by password and code; the attesting key follows."""


class StatementKind(StrEnum):
    """What is stated."""

    GENESIS = "genesis"
    PUBLISH = "publish"
    REQUEST = "request"
    APPROVE = "approve"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    REVOKE = "revoke"
    """Of a standing approval, at once and by one signature."""
    CHECK = "check"
    START = "start"
    CONFIRM = "confirm"
    GATE = "gate"
    SHEET = "sheet"
    PAUSE = "pause"
    ABORT = "abort"
    DECIDE = "decide"
    CLOSE = "close"
    HAND_OVER = "hand_over"
    """A parked run, from one of its people to another person; both sign (`runner.model.run.HandOver`)."""
    VERIFY = "verify"
    """For the business, once executor and confirmer have signed the result (`runner.model.result`)."""
    ACCEPT = "accept"
    """What was on trial, by information and using department."""
    REVIEW = "review"
    """After an emergency, by two others (`runner.model.review`)."""
    APPLY = "apply"
    """For a grant (`runner.model.grant`)."""
    GRANT = "grant"
    DENY = "deny"
    RETRACT = "retract"
    INSPECT = "inspect"
    """That what came of a grant is what was approved."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The checkpoint the signer's client had verified when it signed."""

    size: int
    root: str
    """Hex."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What a person states; field order is the order people read it in."""

    kind: StatementKind
    origin: str
    """Name of the log the statement belongs to."""
    person: str
    key: str
    """Fingerprint of the signing key; `attested:` and the service's where a password and a code confirmed it."""
    subject: str
    """What it is about: a content digest, a request number, or `RUN` for a run."""
    content: JsonObject
    """What exactly is agreed: digests, window, choice, result; fixed per kind in `runner.rules.statements`."""
    at: datetime
    """Time the signer's client claims (UTC)."""
    nonce: str
    """Single use; hex of 16 random bytes."""
    seen: Seen
    version: int = 1
    terminal: str = ""
    """Registered terminal it is signed at, as the service told the client; the service compares. Empty: at none."""

    @property
    def is_attested(self) -> bool:
        """Whether the service vouches for it, and not a key of the person's own."""
        return self.key.startswith(ATTESTED)


@dataclass(frozen=True, slots=True)
class SignedStatement:
    """A statement with the bytes that were signed and the armored SSHSIG over them."""

    id: str
    """Hex SHA-256 of the signed bytes."""
    statement: Statement
    bytes: bytes
    signature: str


@dataclass(frozen=True, slots=True)
class RecordedStatement:
    """A signed statement as the service recorded it."""

    signed: SignedStatement
    recorded: datetime
    """When it was recorded, by the service's clock (UTC)."""


@dataclass(frozen=True, slots=True)
class StatementBytes:
    """A stored statement exactly as it lies in the database; nothing about it is known to be true."""

    id: str
    bytes: bytes
    signature: str
