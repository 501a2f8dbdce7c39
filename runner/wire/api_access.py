"""Bodies of signing in and out.

What is signed to sign in is the canonical JSON of a `runner.model.access.SignInClaim`, in the SSHSIG namespace of
`runner.proof.sign_in`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from runner.model.policy import Strength

NO_SESSION: Final = "access:no-session"
SESSION_OVER: Final = "access:session-over"
SESSION_RULES: Final = frozenset({NO_SESSION, SESSION_OVER})
"""Rules of refusals for want of a session."""
PASSWORD_DUE: Final = "access:password-due"  # noqa: S105 - a rule, no password
"""Rule of the refusal of a right password that must be changed."""
MOST_KEYS: Final = 32
"""Keys a client may offer at once."""


@dataclass(frozen=True, slots=True)
class ChallengeAsked:
    """A wish to sign in by key: as somebody by name, or as whoever one of these keys belongs to."""

    person: str = ""
    keys: tuple[str, ...] = ()
    """Fingerprints, at most `MOST_KEYS`."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """What is to be signed over."""

    nonce: str
    """Good once, until then, for whoever asked."""
    until: datetime
    origin: str
    person: str
    """Whose key was found, or the name that was asked for, whether or not anybody has it."""
    key: str = ""
    """Fingerprint of the first key offered that is somebody's; empty: none is, or none was offered."""


@dataclass(frozen=True, slots=True)
class KeySignIn:
    """A signed claim."""

    statement: str
    """Canonical JSON, exactly as signed."""
    signature: str
    """Armored SSHSIG."""


@dataclass(frozen=True, slots=True)
class PasswordSignIn:
    """A password with the authenticator's present code."""

    person: str
    password: str = field(repr=False)
    code: str = field(repr=False)
    new_password: str = field(default="", repr=False)
    """Takes the place of the password, if the sign-in is right otherwise."""


@dataclass(frozen=True, slots=True)
class FirstPassword:
    """A first password: both halves with a hyphen between them, the applicant's first."""

    person: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Authenticator:
    """What an authenticator reads, as a square code or typed."""

    address: str = field(repr=False)
    """An `otpauth:` address."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that has begun."""

    person: str
    session: str
    """Its id."""
    token: str = field(repr=False)
    """Opens it; shown once."""
    strength: Strength
    until: datetime
    idle: int
    """Seconds without a question after which it ends."""
    origin: str


@dataclass(frozen=True, slots=True)
class SignOutAsked:
    """A wish to sign out."""

    everywhere: bool = False
    """All of one's sessions, not this one alone."""


@dataclass(frozen=True, slots=True)
class SignedOut:
    """Sessions that were ended."""

    ended: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SessionShown:
    """A session of one's own."""

    id: str
    strength: Strength
    credential: str
    """Fingerprint of the key that opened it; empty: a password."""
    peer: str
    created: datetime
    last_seen: datetime
    until: datetime
    this: bool
    """Whether it is the one that asks."""


@dataclass(frozen=True, slots=True)
class SessionList:
    """One's own sessions, oldest first."""

    sessions: tuple[SessionShown, ...]
