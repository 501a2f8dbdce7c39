"""The store: transactions, and the repositories each of them offers.

    with store.writing() as transaction:
        request = transaction.requests.add(request)
        transaction.inbox.put(leaves)

State, log entries and wake-up belong to one transaction: it is committed when the block ends and undone when it raises.
Methods block; asynchronous callers use a thread. One thread writes at a time, any number read meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from runner.store.access import CredentialStore, SessionStore
from runner.store.acts import ActStore
from runner.store.approvals import ApprovalStore
from runner.store.attempts import AttemptStore, ShimStore
from runner.store.database import Database
from runner.store.evidence import EvidenceReader
from runner.store.founding import FounderStore, InstallationStore
from runner.store.grants import GrantStore
from runner.store.locks import LockStore
from runner.store.log import InboxStore, LogPages
from runner.store.publications import PlanStore, PublicationStore
from runner.store.requests import RequestStore
from runner.store.results import ResultStore
from runner.store.reviews import ReviewStore
from runner.store.runs import RunStore
from runner.store.statements import StatementStore
from runner.store.tree import TreeStore
from runner.store.uses import UseStore

Listener = Callable[[], None]


class Transaction:
    """One transaction on the database; not to be used after its block has ended."""

    def __init__(self, connection: Connection, zone: ZoneInfo, origin: str) -> None:
        self.installation = InstallationStore(connection)
        """Single facts about this installation."""
        self.founders = FounderStore(connection)
        self.grants = GrantStore(connection, zone)
        self.credentials = CredentialStore(connection)
        self.sessions = SessionStore(connection)
        self.uses = UseStore(connection)
        self.publications = PublicationStore(connection)
        self.plans = PlanStore(connection)
        self.requests = RequestStore(connection, zone)
        self.statements = StatementStore(connection)
        self.approvals = ApprovalStore(connection)
        self.runs = RunStore(connection, zone)
        self.attempts = AttemptStore(connection)
        self.acts = ActStore(connection)
        self.results = ResultStore(connection)
        self.reviews = ReviewStore(connection)
        self.shims = ShimStore(connection)
        self.locks = LockStore(connection)
        self.inbox = InboxStore(connection)
        """Where log entries are put."""
        self.log = LogPages(connection)
        """Log entries to show."""
        self.tree = TreeStore(connection, origin)
        """Merkle tree, tiles and checkpoints."""
        self.evidence = EvidenceReader(connection, origin)
        """The log as verification reads it."""
        self._after: list[Listener] = []

    def after_commit(self, wake: Listener) -> None:
        """Call `wake` once this transaction is committed; not at all if it is undone. It must not block or raise."""
        self._after.append(wake)

    def committed(self) -> tuple[Listener, ...]:
        """What is to be called now that it is committed."""
        return tuple(self._after)


class Store:
    """The state of one installation."""

    def __init__(self, database: Database, zone: ZoneInfo, origin: str) -> None:
        self._database = database
        self._zone = zone
        self._origin = origin
        self._listeners: tuple[Listener, ...] = ()
        self._listening = threading.Lock()

    @classmethod
    def open(cls, path: Path, *, zone: ZoneInfo, origin: str) -> Self:
        """Open the database file; a new one gets its tables, an older one is migrated.

        Args:
            path: the file; its folder exists.
            zone: the site's time zone; a year of numbers begins there.
            origin: name of the log.

        Raises:
            StorageError: it cannot be opened or written, belongs to somebody else, or is of a newer version.
        """
        return cls(Database.open(path), zone, origin)

    @classmethod
    def open_offline(cls, path: Path, *, zone: ZoneInfo, origin: str) -> Self:
        """Open the database file for reading only, with or without a service that uses it.

        Raises:
            StorageError: it cannot be read, belongs to somebody else, or is of another version.
        """
        return cls(Database.open_offline(path), zone, origin)

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """A transaction that may write; one at a time.

        Raises:
            StorageError: it could not be committed; nothing of it was recorded.
        """
        with self._database.writing() as connection:
            transaction = Transaction(connection, self._zone, self._origin)
            yield transaction
        if transaction.inbox.was_used:
            for listener in self._listeners:
                listener()
        for wake in transaction.committed():
            wake()

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """A transaction that sees one state of the database and cannot write.

        Raises:
            StorageError: it cannot be read, or the block tried to write.
        """
        with self._database.reading() as connection:
            yield Transaction(connection, self._zone, self._origin)

    def on_log(self, listener: Listener) -> None:
        """Call `listener`, in the writer's thread, whenever entries have become durable. It must not block or raise."""
        with self._listening:
            self._listeners = (*self._listeners, listener)

    def off_log(self, listener: Listener) -> None:
        """Stop calling a listener."""
        with self._listening:
            self._listeners = tuple(known for known in self._listeners if known != listener)

    def close(self) -> None:
        """Close all connections."""
        self._database.close()


class SqlLogStore:
    """The log of a store, as the sequencer wants it (`runner.audit.ports.LogStore`)."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @contextmanager
    def sequencing(self) -> Iterator[TreeStore]:
        """A transaction on the log: committed when its block ends, undone when it raises.

        Raises:
            StorageError: it could not be committed.
        """
        with self._store.writing() as transaction:
            yield transaction.tree

    def on_log(self, listener: Listener) -> None:
        """Call `listener` whenever leaves have become durable."""
        self._store.on_log(listener)

    def off_log(self, listener: Listener) -> None:
        """Stop calling it."""
        self._store.off_log(listener)
