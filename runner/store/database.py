"""A database open for one writer and many readers; which product it is, the modules named for the products know."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from sqlalchemy import Connection, Engine

from runner.store import schema, sqlite
from runner.store.failures import database_errors


class Database:
    """Connections, and the lock that lets one thread of this process write at a time."""

    def __init__(
        self, writer: Engine | None, reader: Engine, place: str, clean_up: Callable[[], None] | None = None
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._clean_up = clean_up
        self._turn = threading.Lock()
        self._connection: Connection | None = None
        self._writing_thread: int | None = None
        self.place = place
        """Where it lies, for messages."""

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a SQLite file for writing; a new one gets its tables, an older one is migrated.

        Raises:
            StorageError: it cannot be opened or written, or was written by a newer version.
        """
        database = cls(sqlite.open_writer(path), sqlite.open_readers(path), str(path))
        try:
            with database.writing() as connection:
                schema.prepare(connection, str(path))
        except BaseException:
            database.close()
            raise
        return database

    @classmethod
    def open_offline(cls, path: Path) -> Self:
        """Open a SQLite file for reading only, whether or not a service is using it.

        Raises:
            StorageError: it cannot be opened, or was written by another version.
        """
        reader, clean_up = sqlite.open_offline(path)
        database = cls(None, reader, str(path), clean_up)
        try:
            with database.reading() as connection:
                schema.require_current(connection, str(path))
        except BaseException:
            database.close()
            raise
        return database

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes: committed when the block ends, undone when it raises.

        Raises:
            StorageError: it could not be committed; nothing of it was recorded.
            RuntimeError: this thread is writing already, or the database is open for reading only.
        """
        if self._writer is None:
            raise RuntimeError("the database is open for reading only")
        if self._writing_thread == threading.get_ident():
            raise RuntimeError("a transaction inside a transaction of the same thread")
        with self._turn:
            self._writing_thread = threading.get_ident()
            try:
                with database_errors(self.place):
                    connection = self._writing_connection(self._writer)
                    with connection.begin():
                        yield connection
            finally:
                self._writing_thread = None

    def _writing_connection(self, writer: Engine) -> Connection:
        """The one connection that writes; it stays open, since taking it anew costs as much as a small transaction."""
        if self._connection is None or self._connection.closed:
            self._connection = writer.connect()
        return self._connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database; an attempt to write in it is refused.

        Raises:
            StorageError: it cannot be read.
        """
        with database_errors(self.place), self._reader.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close all connections; the last one merges the write-ahead log into the database."""
        self._reader.dispose()
        if self._connection is not None:
            self._connection.close()
        if self._writer is not None:
            self._writer.dispose()
        if self._clean_up is not None:
            self._clean_up()
