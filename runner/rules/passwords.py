"""What a password must be, when it is due for another, and how long an account waits after wrong ones."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from runner.errors import RefusedError
from runner.model.access import Credential
from runner.model.policy import SessionTerms
from runner.words import N_

LONGEST: Final = 256
"""Characters of a password that is looked at."""
FIRST_GOOD_FOR: Final = timedelta(days=3)
"""How long a first password waits for its person."""
_FIRST_WAIT: Final = 30
_LONGEST_WAIT: Final = 3600
_FEWEST_LETTERS: Final = 5
"""Different characters of a password."""


def require_new_password(new: str, person: str, terms: SessionTerms) -> None:
    """Refuse a password that is too easy to guess.

    Raises:
        RefusedError: too short, too long, of too few different characters, with the name in it, or not of text.
    """
    if not terms.password_length <= len(new) <= LONGEST:
        raise RefusedError(
            N_("new password: expected {least} to {most} characters"),
            rule="access:password-length",
            least=terms.password_length,
            most=LONGEST,
        )
    if not new.isprintable() or len(set(new)) < _FEWEST_LETTERS or person.casefold() in new.casefold():
        raise RefusedError(
            N_("new password: too easy to guess"),
            rule="access:password-easy",
            hint=N_("use several different characters, and not your own name"),
        )


def is_first_over(credential: Credential, now: datetime) -> bool:
    """Whether a first password waited too long for its person; it is good for nothing then."""
    return credential.must_change and now - credential.changed_at >= FIRST_GOOD_FOR


def is_change_due(credential: Credential, terms: SessionTerms, now: datetime) -> bool:
    """Whether somebody must choose another password before they may sign in with this one."""
    return credential.must_change or now - credential.changed_at >= timedelta(seconds=terms.password_age)


def remembered(credential: Credential, terms: SessionTerms) -> tuple[str, ...]:
    """Hashes a new password must not belong to: the present one and so many before it."""
    return (credential.password, *credential.history)[: max(1, terms.password_history)]


def wait_after(failures: int, terms: SessionTerms) -> timedelta | None:
    """How long an account waits after so many wrong passwords in a row: twice as long each time; None: not yet."""
    beyond = failures - terms.lock_after
    if beyond < 0:
        return None
    return timedelta(seconds=min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(beyond, 16)))
