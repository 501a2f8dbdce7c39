"""Passwords and authenticators as they are kept, and sessions; what counts as right or over is decided elsewhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from runner.model.access import Credential, Session, SessionEnd
from runner.store.documents import names_from_text, names_to_text
from runner.store.people_tables import credentials, sessions


class CredentialStore:
    """One password with one authenticator for each person who has them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, person: str) -> Credential | None:
        """What the person signs in with; None for somebody without a password."""
        row = self._connection.execute(select(credentials).where(credentials.c.person == person)).one_or_none()
        return None if row is None else _credential(row)

    def put(self, credential: Credential) -> None:
        """Keep a person's credential in place of the one before."""
        values = {
            "password": credential.password,
            "changed_at": credential.changed_at,
            "history": names_to_text(credential.history),
            "must_change": credential.must_change,
            "secret": credential.secret,
            "last_step": credential.last_step,
            "failures": credential.failures,
            "locked_until": credential.locked_until,
        }
        mine = credentials.c.person == credential.person
        if not self._connection.execute(update(credentials).where(mine).values(values)).rowcount:
            self._connection.execute(insert(credentials).values(person=credential.person, **values))

    def use_step(self, person: str, step: int) -> bool:
        """Use up a time step of the person's authenticator; False when it, or a later one, was used before."""
        unused = (credentials.c.person == person) & (credentials.c.last_step < step)
        return bool(self._connection.execute(update(credentials).where(unused).values(last_step=step)).rowcount)

    def remove(self, person: str) -> None:
        """Forget a person's password and authenticator."""
        self._connection.execute(delete(credentials).where(credentials.c.person == person))


class SessionStore:
    """Who is signed in, and who was a short while ago; the log tells the rest."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, session: Session) -> None:
        """Record a session that begins."""
        self._connection.execute(
            insert(sessions).values(
                id=session.id,
                token=session.token,
                person=session.person,
                strength=session.strength,
                credential=session.credential,
                peer=session.peer,
                created=session.created,
                last_seen=session.last_seen,
                until=session.until,
                ended_at=session.ended_at,
                reason=session.reason,
            )
        )

    def find(self, token: str) -> Session | None:
        """The session of a token's hash, over or not."""
        row = self._connection.execute(select(sessions).where(sessions.c.token == token)).one_or_none()
        return None if row is None else _session(row)

    def find_by_id(self, id: str) -> Session | None:
        """The session of that id, over or not."""
        row = self._connection.execute(select(sessions).where(sessions.c.id == id)).one_or_none()
        return None if row is None else _session(row)

    def open_of(self, person: str) -> tuple[Session, ...]:
        """A person's sessions that were not ended, oldest first."""
        rows = self._connection.execute(
            select(sessions)
            .where(sessions.c.person == person, sessions.c.ended_at.is_(None))
            .order_by(sessions.c.created, sessions.c.id)
        )
        return tuple(map(_session, rows))

    def unused_since(self, at: datetime) -> tuple[Session, ...]:
        """Sessions that were not ended and under which nothing was asked since, longest unused first."""
        rows = self._connection.execute(
            select(sessions)
            .where(sessions.c.ended_at.is_(None), sessions.c.last_seen <= at)
            .order_by(sessions.c.last_seen)
        )
        return tuple(map(_session, rows))

    def touch(self, id: str, at: datetime) -> None:
        """Say that something was asked under a session."""
        self._connection.execute(update(sessions).where(sessions.c.id == id).values(last_seen=at))

    def end(self, session: Session, at: datetime, reason: SessionEnd) -> Session | None:
        """End a session; None when it was ended before."""
        is_open = (sessions.c.id == session.id) & sessions.c.ended_at.is_(None)
        ended = self._connection.execute(update(sessions).where(is_open).values(ended_at=at, reason=reason)).rowcount
        return replace(session, ended_at=at, reason=reason) if ended else None

    def end_resting(self, person: str, reason: SessionEnd) -> int:
        """End for good a person's sessions that ended by resting, under which something may still be followed."""
        resting = (sessions.c.person == person) & (sessions.c.reason == SessionEnd.IDLE)
        return self._connection.execute(update(sessions).where(resting).values(reason=reason)).rowcount

    def forget_ended(self, before: datetime) -> None:
        """Remove sessions that ended before."""
        self._connection.execute(delete(sessions).where(sessions.c.ended_at < before))


def _credential(row: Row[*tuple[Any, ...]]) -> Credential:
    return Credential(
        person=row.person,
        password=row.password,
        changed_at=row.changed_at,
        history=names_from_text(row.history),
        must_change=row.must_change,
        secret=row.secret,
        last_step=row.last_step,
        failures=row.failures,
        locked_until=row.locked_until,
    )


def _session(row: Row[*tuple[Any, ...]]) -> Session:
    return Session(
        id=row.id,
        token=row.token,
        person=row.person,
        strength=row.strength,
        credential=row.credential,
        peer=row.peer,
        created=row.created,
        last_seen=row.last_seen,
        until=row.until,
        ended_at=row.ended_at,
        reason=row.reason,
    )
