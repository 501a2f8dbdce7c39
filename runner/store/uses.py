"""When each account was last used, and that it was stopped for want of use."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from runner.store.people_tables import account_uses


class UseStore:
    """The last use of every account: a statement that was recorded, a session that began, or the account itself."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def note(self, person: str, at: datetime) -> None:
        """Say that an account was used; it is stopped no longer."""
        note_use(self._connection, person, at)

    def before(self, at: datetime) -> dict[str, datetime]:
        """Accounts that nobody has used since, with their last use."""
        rows = self._connection.execute(
            select(account_uses.c.person, account_uses.c.used_at)
            .where(account_uses.c.used_at <= at)
            .order_by(account_uses.c.used_at, account_uses.c.person)
        )
        return {row.person: row.used_at for row in rows}

    def not_recorded(self, people: Collection[str]) -> tuple[str, ...]:
        """Those of these people of whom it is not on record that their account was stopped."""
        rows = self._connection.execute(
            select(account_uses.c.person)
            .where(account_uses.c.person.in_(sorted(people)), account_uses.c.stopped_at.is_(None))
            .order_by(account_uses.c.person)
        )
        return tuple(row.person for row in rows)

    def stop(self, person: str, at: datetime) -> None:
        """Say that it is on record that an account was stopped."""
        self._connection.execute(update(account_uses).where(account_uses.c.person == person).values(stopped_at=at))


def note_use(connection: Connection, person: str, at: datetime) -> None:
    """Say that an account was used; part of recording whatever it was used for."""
    values = {"used_at": at, "stopped_at": None}
    mine = account_uses.c.person == person
    if not connection.execute(update(account_uses).where(mine).values(values)).rowcount:
        connection.execute(insert(account_uses).values(person=person, **values))
