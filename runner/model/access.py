"""Ways into the service: what a person proves who they are with, and for how long they are believed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from runner.model.policy import Strength


class SessionEnd(StrEnum):
    """Why a session is over."""

    SIGNED_OUT = "signed_out"
    """Its person signed out, or ended it from another session."""
    IDLE = "idle"
    """Nothing was asked under it for too long."""
    LONGEST = "longest"
    """It was as long as a session may be."""
    REPLACED = "replaced"
    """Its person opened more sessions than one may have."""
    CREDENTIAL = "credential"
    """What it was opened with counts no longer."""
    LEFT = "left"
    """Its person may not act any more."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A person's password and authenticator, as kept: neither can be read from it."""

    person: str
    password: str
    """Argon2 hash in its usual text form."""
    changed_at: datetime
    history: tuple[str, ...]
    """Hashes of passwords before this one, newest first."""
    must_change: bool
    """Set by somebody else: good for one sign-in that changes it."""
    secret: bytes
    """Secret of the authenticator, sealed with the key file of the state directory."""
    last_step: int = 0
    """Time step of the last code that was used; neither it nor an earlier one is good again."""
    failures: int = 0
    """Wrong passwords or codes in a row."""
    locked_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """A person who is signed in; the token itself is with their client alone."""

    id: str
    """Names it to people; opens nothing."""
    token: str
    """Hex SHA-256 of the token."""
    person: str
    strength: Strength
    """How strong the credential was that opened it."""
    credential: str
    """Fingerprint of the key that opened it; empty: a password."""
    peer: str
    """Where it was opened from."""
    created: datetime
    last_seen: datetime
    """When something was asked under it, no more than a moment too early."""
    until: datetime
    """When it ends, however busy."""
    ended_at: datetime | None = None
    reason: SessionEnd | None = None


@dataclass(frozen=True, slots=True)
class SignInClaim:
    """What a key signs to sign in."""

    origin: str
    """Name of the log of the service that is meant."""
    person: str
    key: str
    """Fingerprint."""
    nonce: str
    """The service's."""
    at: datetime
