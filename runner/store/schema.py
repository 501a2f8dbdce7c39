"""The version of the tables: creating them, recognising them, and migrating older ones.

A new database is created from `tables` at once; a test proves that the migrations lead to exactly the same. Alembic is
loaded only when a migration is due: the service has to start fast and stay small.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, String, Table, inspect, select

from runner.errors import StorageError
from runner.store import sqlite
from runner.store.people_tables import metadata
from runner.words import N_

CURRENT: Final = "0009"
"""Newest migration; its file is `migrations/versions/<number>_words.py`."""
MIGRATIONS: Final = Path(__file__).with_name("migrations")

_version = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


def prepare(connection: Connection, place: str) -> None:
    """Bring the database to the current version, inside the caller's transaction.

    Raises:
        StorageError: it holds other tables, or was written by a newer version.
    """
    stored = stored_version(connection)
    if stored == CURRENT:
        return
    if stored is None:
        create(connection, place)
    elif stored < CURRENT:
        migrate(connection)
    else:
        raise _foreign(place, stored)


def require_current(connection: Connection, place: str) -> None:
    """Refuse tables of another version, or none.

    Raises:
        StorageError: they are not of the current version.
    """
    if (stored := stored_version(connection)) != CURRENT:
        raise _foreign(place, stored or "")


def stored_version(connection: Connection) -> str | None:
    """Version of the tables; None when there are none."""
    if not inspect(connection).has_table(_version.name):
        return None
    return connection.execute(select(_version.c.version_num)).scalar_one_or_none()


def create(connection: Connection, place: str) -> None:
    """Create all tables and guards at the current version.

    Raises:
        StorageError: the database holds tables of something else.
    """
    if inspect(connection).get_table_names():
        raise StorageError(
            N_("{place}: holds tables that are not Twokey's"), hint=N_("choose another state directory"), place=place
        )
    metadata.create_all(connection)
    if connection.dialect.name == "sqlite":
        sqlite.install_guards(connection)
    _version.create(connection)
    connection.execute(_version.insert().values(version_num=CURRENT))


def migrate(connection: Connection, to: str = CURRENT) -> None:
    """Run the migrations that are due, inside the caller's transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def _foreign(place: str, stored: str) -> StorageError:
    return StorageError(
        N_("{place}: its tables have version {stored}, this program knows {known}"),
        hint=N_("use the version of Twokey that wrote it; an older database is migrated when the service starts"),
        place=place,
        stored=stored or "-",
        known=CURRENT,
    )
