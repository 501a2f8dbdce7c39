"""The founders and their keys, and single facts about the installation."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from runner.errors import NotFoundError, RefusedError
from runner.model.people import KeyHolder
from runner.store.people_tables import founders
from runner.store.tables import installation
from runner.words import N_


class FounderStore:
    """The people of the log's first entries; whoever came later is in the register only."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, person: KeyHolder) -> None:
        """Record a person.

        Raises:
            RefusedError: the name or the key is somebody's already.
        """
        try:
            self._connection.execute(
                insert(founders).values(name=person.name, key=person.key, fingerprint=person.fingerprint)
            )
        except IntegrityError as error:
            raise RefusedError(
                N_("person {name}: the name or the key {key} is somebody's already"),
                rule="L2:one-key-one-person",
                name=person.name,
                key=person.fingerprint,
            ) from error

    def find(self, name: str) -> KeyHolder | None:
        """The person of that name."""
        row = self._connection.execute(select(founders).where(founders.c.name == name)).one_or_none()
        return None if row is None else _person(row)

    def find_by_key(self, fingerprint: str) -> KeyHolder | None:
        """The person whose key has that fingerprint."""
        row = self._connection.execute(select(founders).where(founders.c.fingerprint == fingerprint)).one_or_none()
        return None if row is None else _person(row)

    def get(self, name: str) -> KeyHolder:
        """The person of that name.

        Raises:
            NotFoundError: there is nobody of that name.
        """
        if (person := self.find(name)) is None:
            raise NotFoundError(N_('person "{name}" does not exist'), name=name)
        return person

    def all(self) -> tuple[KeyHolder, ...]:
        """Everyone, by name."""
        rows = self._connection.execute(select(founders).order_by(founders.c.name))
        return tuple(_person(row) for row in rows)


class InstallationStore:
    """Single facts about this installation, by name (such as the site it belongs to)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, name: str) -> str | None:
        return self._connection.execute(
            select(installation.c.value).where(installation.c.name == name)
        ).scalar_one_or_none()

    def put(self, name: str, value: str) -> None:
        """Set a fact, new or changed."""
        changed = self._connection.execute(
            update(installation).where(installation.c.name == name).values(value=value)
        ).rowcount
        if not changed:
            self._connection.execute(insert(installation).values(name=name, value=value))


def _person(row: Row[*tuple[Any, ...]]) -> KeyHolder:
    return KeyHolder(name=row.name, key=row.key, fingerprint=row.fingerprint)
