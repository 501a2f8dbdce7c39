"""When a session is over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from runner.errors import RefusedError
from runner.model.access import Session, SessionEnd
from runner.model.policy import SessionTerms
from runner.words import N_

MOST: Final = 16
"""Sessions a person may have at once; the oldest gives way to one more."""
_MOMENT: Final = timedelta(seconds=30)
_MOMENTS: Final = 20


def end_of(session: Session, terms: SessionTerms, now: datetime) -> SessionEnd | None:
    """Why a session is over; None while it is not."""
    if session.reason is not None or session.ended_at is not None:
        return session.reason or SessionEnd.SIGNED_OUT
    if now >= session.until or now - session.created >= timedelta(seconds=terms.longest):
        return SessionEnd.LONGEST
    if now - session.last_seen >= timedelta(seconds=terms.idle):
        return SessionEnd.IDLE
    return None


def is_touch_due(session: Session, terms: SessionTerms, now: datetime) -> bool:
    """Whether it is to be written down that something is asked; not each time, since writing costs more than asking."""
    return now - session.last_seen >= min(_MOMENT, timedelta(seconds=terms.idle) / _MOMENTS)


def require_own_session(signed_in: str, signing: str, terms: SessionTerms) -> None:
    """Refuse a password that is typed where somebody else has signed in, unless the policy lets two share a terminal.

    Raises:
        RefusedError: the session is another person's.
    """
    if signed_in == signing or terms.shared_terminal:
        return
    raise RefusedError(
        N_("{signing} confirms with a password where {signed_in} has signed in"),
        rule="access:shared-terminal",
        hint=N_("sign in yourself, at a client of your own: twokey login {signing}"),
        signing=signing[:80],
        signed_in=signed_in,
    )
