"""Sessions: beginning, believing and ending them, each on record."""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from runner.engine.desk.premises import Premises
from runner.engine.desk.upkeep import present_register
from runner.engine.journal import service_entry
from runner.errors import NotFoundError, SignInError, StorageError
from runner.model.access import Session, SessionEnd
from runner.model.document import JsonObject
from runner.model.log import About, ActorKind, Entry
from runner.model.policy import SessionTerms, Strength
from runner.model.time import to_rfc3339
from runner.rules.sessions import MOST, end_of, is_touch_due
from runner.rules.tags import Tag
from runner.service.access.directory import barred, who_has_key
from runner.store.store import Transaction
from runner.wire.api_access import NO_SESSION, SESSION_OVER
from runner.words import N_

_log = logging.getLogger(__name__)

_TOKEN_BYTES: Final = 32
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_KEPT: Final = timedelta(days=1)
"""How long a session that has ended can still be asked about; the log knows it for good."""
_WORDS: Final = {
    SessionEnd.SIGNED_OUT: N_("session: it is over: you have signed out"),
    SessionEnd.IDLE: N_("session: it is over: nothing was asked for too long"),
    SessionEnd.LONGEST: N_("session: it is over: it was as long as one may be"),
    SessionEnd.REPLACED: N_("session: it is over: you have opened more than one may have"),
    SessionEnd.CREDENTIAL: N_("session: it is over: what it was opened with counts no longer"),
    SessionEnd.LEFT: N_("session: it is over: you may not act at present"),
}
_FOLLOWED_AFTER: Final = frozenset({None, SessionEnd.IDLE})
"""Ends of a session that leave open what is being followed under it."""
_OWN_WISH: Final = frozenset({SessionEnd.SIGNED_OUT})


@dataclass(frozen=True, slots=True)
class Proof:
    """What somebody has shown to be who they are."""

    person: str
    strength: Strength
    credential: str
    """Fingerprint of the key; empty: a password."""
    peer: str


class Sessions:
    """The sessions of one installation."""

    def __init__(self, premises: Premises) -> None:
        self._premises = premises
        self.endings = 0
        """Grows whenever a session of this installation is ended here; whoever serves one for long looks again then."""

    @property
    def terms(self) -> SessionTerms:
        return self._premises.policy.sessions

    def open(self, transaction: Transaction, proof: Proof, now: datetime) -> tuple[Session, str]:
        """Begin a session; it and its token, which is kept nowhere else."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        session = Session(
            id=secrets.token_hex(8),
            token=hash_of(token),
            person=proof.person,
            strength=proof.strength,
            credential=proof.credential,
            peer=proof.peer,
            created=now,
            last_seen=now,
            until=now + timedelta(seconds=self.terms.longest),
        )
        others = [one for one in transaction.sessions.open_of(proof.person) if end_of(one, self.terms, now) is None]
        self._end(transaction, others[: max(0, len(others) + 1 - MOST)], now, SessionEnd.REPLACED)
        transaction.sessions.forget_ended(now - _KEPT)
        transaction.sessions.add(session)
        transaction.uses.note(proof.person, now)
        payload: JsonObject = {
            "session": session.id,
            "strength": proof.strength.value,
            "credential": proof.credential,
            "peer": proof.peer,
            "until": to_rfc3339(session.until),
        }
        self._record(transaction, [Entry(Tag.SESSION_OPENED, now, ActorKind.PERSON, proof.person, About(), payload)])
        return session, token

    def require(self, token: str) -> Session:
        """The session a token opens, noted as used.

        Raises:
            SignInError: it opens none, or one that is over.
        """
        now = self._premises.clock.now()
        with self._premises.store.reading() as transaction:
            session = _find(transaction, token)
            if session is None:
                raise SignInError(
                    N_("session: this one is not known here"), rule=NO_SESSION, hint=N_("sign in: twokey login")
                )
            reason = self._over(transaction, session, now)
        if reason is not None:
            self._over_now(session, now, reason)
            raise SignInError(
                _WORDS[reason],
                rule=SESSION_OVER,
                hint=N_("sign in again: twokey login"),
                reason=reason.value,
                idle=self.terms.idle,
            )
        if is_touch_due(session, self.terms, now):
            self._touch(session, now)
        return session

    def may_follow(self, session: Session) -> bool:
        """Whether what is being followed under a session may go on: also while it rests, for as long as it may last.

        Who watches a run presses no key. Nothing new is shown under a session that rested too long.
        """
        now = self._premises.clock.now()
        with self._premises.store.reading() as transaction:
            found = transaction.sessions.find(session.token)
            if found is None or found.reason not in _FOLLOWED_AFTER:
                return False
            return self._over(transaction, replace(found, ended_at=None, reason=None, last_seen=now), now) is None

    def of(self, person: str) -> tuple[Session, ...]:
        """A person's sessions that are not over, oldest first."""
        now = self._premises.clock.now()
        with self._premises.store.reading() as transaction:
            return tuple(one for one in transaction.sessions.open_of(person) if end_of(one, self.terms, now) is None)

    def end(self, person: str, session: str) -> Session:
        """End a session of a person's own.

        Raises:
            NotFoundError: the person has no such session, or it is over.
        """
        with self._premises.store.writing() as transaction:
            found = transaction.sessions.find_by_id(session)
            if found is not None and found.person == person:
                ended = self._end(transaction, [found], self._premises.clock.now(), SessionEnd.SIGNED_OUT)
                if ended:
                    return ended[0]
        raise NotFoundError(N_('session "{session}": you have none of that name'), session=session[:80])

    def end_all(self, person: str, reason: SessionEnd) -> tuple[Session, ...]:
        """End every session of a person; those that were ended."""
        with self._premises.store.writing() as transaction:
            return self.end_all_in(transaction, person, reason)

    def end_all_in(self, transaction: Transaction, person: str, reason: SessionEnd) -> tuple[Session, ...]:
        """As `end_all`, as part of the caller's transaction: when somebody leaves, or a credential is taken away."""
        if transaction.sessions.end_resting(person, reason):
            transaction.after_commit(self._note_ending)
        return self._end(transaction, transaction.sessions.open_of(person), self._premises.clock.now(), reason)

    def sweep(self) -> None:
        """End what nobody used for too long."""
        now = self._premises.clock.now()
        with self._premises.store.reading() as transaction:
            resting = transaction.sessions.unused_since(now - timedelta(seconds=self.terms.idle))
        if not resting:
            return
        with self._premises.store.writing() as transaction:
            self._end(transaction, resting, now, SessionEnd.IDLE)

    def _over(self, transaction: Transaction, session: Session, now: datetime) -> SessionEnd | None:
        reason = end_of(session, self.terms, now)
        if reason is not None:
            return reason
        register = present_register(self._premises, transaction)
        if barred(register, session.person, now) is not None:
            return SessionEnd.LEFT
        if session.credential and who_has_key(register, session.credential, now) != session.person:
            return SessionEnd.CREDENTIAL
        return None

    def _over_now(self, session: Session, now: datetime, reason: SessionEnd) -> None:
        if session.ended_at is not None:
            return
        try:
            with self._premises.store.writing() as transaction:
                self._end(transaction, [session], now, reason)
        except StorageError as error:
            _log.error("the end of a session could not be recorded: %s", error)

    def _touch(self, session: Session, now: datetime) -> None:
        try:
            with self._premises.store.writing() as transaction:
                transaction.sessions.touch(session.id, now)
        except StorageError as error:  # who is signed in must still see why nothing can be written
            _log.warning("the use of a session could not be noted: %s", error)

    def _end(
        self, transaction: Transaction, sessions: Iterable[Session], now: datetime, reason: SessionEnd
    ) -> tuple[Session, ...]:
        found = (transaction.sessions.end(one, now, reason) for one in sessions)
        ended = tuple(one for one in found if one is not None)
        self._record(transaction, [_ending(one, now, reason) for one in ended])
        if ended:
            transaction.after_commit(self._note_ending)
        return ended

    def _note_ending(self) -> None:
        self.endings += 1

    def _record(self, transaction: Transaction, entries: list[Entry]) -> None:
        if entries:
            transaction.inbox.put(self._premises.leaves.make_all(entries))


def _find(transaction: Transaction, token: str) -> Session | None:
    return transaction.sessions.find(hash_of(token)) if _TOKEN.fullmatch(token) else None


def hash_of(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", errors="surrogatepass")).hexdigest()


def _ending(session: Session, now: datetime, reason: SessionEnd) -> Entry:
    payload: JsonObject = {"session": session.id, "reason": reason.value}
    if reason in _OWN_WISH:
        return Entry(Tag.SESSION_CLOSED, now, ActorKind.PERSON, session.person, About(), payload)
    return service_entry(Tag.SESSION_EXPIRED, About(), now, {**payload, "person": session.person})
