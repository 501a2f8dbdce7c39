"""Everything that is SQLite's own: driver, connections, guards. No other module holds SQL that only SQLite knows."""

from __future__ import annotations

import importlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from operator import attrgetter
from pathlib import Path
from types import ModuleType
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Connection, Engine, QueuePool, StaticPool, create_engine, event

from runner.model.log import Leaf, SequencedLeaf
from runner.model.time import instant_to_text
from runner.store.failures import file_errors, require_own

RECENT: Final = (3, 51, 3)
"""First version without the bug that can damage a database when its write-ahead log is reset."""
BUSY_TIMEOUT: Final = 10_000
"""Milliseconds a connection waits for another process."""
_PAGE: Final = 8192
"""Bytes of a page of a new file: an event of one or two KB wastes less of it than of SQLite's own 4096."""
_READERS: Final = 16
"""Connections that are kept: as many as requests are dealt with at once; opening one costs as much as a page."""
_MORE_READERS: Final = 8


_PUT_LEAVES: Final = (
    "INSERT INTO audit_inbox (leaf, payload, salt, source) VALUES (?, ?, ?, ?) ON CONFLICT (source) DO NOTHING"
)
_LEAF_ROW: Final = attrgetter("leaf", "payload", "salt", "source")
_PUT_ENTRIES: Final = (
    "INSERT INTO audit_entries (position, inbox, tag, run, request, actor, occurred) VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_APPEND_ONLY: Final = ("statements", "audit_inbox", "audit_entries", "audit_checkpoints")
_GROWING: Final = ("audit_tiles", "audit_tree")

GUARDS: Final = (
    *(
        f"CREATE TRIGGER guard_{table}_{action.lower()} BEFORE {action} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table}: nothing recorded is changed or removed'); END"
        for table in _APPEND_ONLY
        for action in ("UPDATE", "DELETE")
    ),
    *(
        f"CREATE TRIGGER guard_{table}_delete BEFORE DELETE ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table}: nothing recorded is removed'); END"
        for table in _GROWING
    ),
    (
        "CREATE TRIGGER guard_audit_tiles_update BEFORE UPDATE ON audit_tiles "
        "WHEN NEW.level <> OLD.level OR NEW.position <> OLD.position "
        "OR substr(NEW.hashes, 1, length(OLD.hashes)) <> OLD.hashes "
        "BEGIN SELECT RAISE(ABORT, 'audit_tiles: a tile only grows'); END"
    ),
    (
        "CREATE TRIGGER guard_audit_tree_update BEFORE UPDATE ON audit_tree "
        "WHEN NEW.name <> OLD.name OR NEW.size < OLD.size OR NEW.last < OLD.last "
        "BEGIN SELECT RAISE(ABORT, 'audit_tree: the tree only grows'); END"
    ),
)
"""Triggers against accidents, not against attackers: whoever may write the file can drop them. What detects an attack
is verification against checkpoints that others remember."""


def driver() -> ModuleType:
    """The driver to use: `pysqlite3` with its own SQLite where the standard library's is older than `RECENT`."""
    if sqlite3.sqlite_version_info >= RECENT:
        return sqlite3
    try:
        bundled = importlib.import_module("pysqlite3")
    except ImportError:
        return sqlite3
    return bundled if bundled.sqlite_version_info >= RECENT else sqlite3


def journal_mode() -> str:
    """Write-ahead log where its code is sound, else the old journal: slower, and readers wait for the writer."""
    return "WAL" if driver().sqlite_version_info >= RECENT else "TRUNCATE"


def open_writer(path: Path) -> Engine:
    """The one connection that writes; creates the file, private to its owner, when there is none.

    Raises:
        StorageError: the folder or the file is missing, foreign, unreadable or damaged.
    """
    require_own(path.parent, os.geteuid())
    with file_errors(path):
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    require_own(path, os.geteuid())
    # NOTE: synchronous=FULL makes a commit durable; WAL alone would not.
    settings = (f"page_size={_PAGE}", f"journal_mode={journal_mode()}", "synchronous=FULL", *_SETTINGS)
    return _engine(lambda: _connect(str(path), settings), begin="BEGIN IMMEDIATE", size=1, more=0)


def open_readers(path: Path) -> Engine:
    """Connections that read while the writer writes."""
    settings = (*_SETTINGS, "query_only=ON")
    return _engine(lambda: _connect(str(path), settings), begin="BEGIN", size=_READERS, more=_MORE_READERS)


def open_offline(path: Path) -> tuple[Engine, Callable[[], None]]:
    """A reader of a database file that may lie on read-only media, with its write-ahead log if there is one.

    Returns:
        The engine, and what to call when done with it.

    Raises:
        StorageError: the file is missing, unreadable or somebody else's.
    """
    require_own(path, os.geteuid())
    wal = path.with_name(path.name + "-wal")
    with file_errors(path):
        if os.access(path.parent, os.W_OK):
            return _single(f"{_uri(path)}?mode=ro"), _nothing
        if not wal.exists() or not wal.stat().st_size:
            return _single(f"{_uri(path)}?mode=ro&immutable=1"), _nothing
        # NOTE: a write-ahead log is read through shared memory, for which SQLite needs a folder it can write to.
        folder = Path(tempfile.mkdtemp(prefix="twokey-offline-"))
        shutil.copyfile(path, folder / path.name)
        shutil.copyfile(wal, folder / wal.name)
        return _single(f"{_uri(folder / path.name)}?mode=ro"), lambda: shutil.rmtree(folder, ignore_errors=True)


def put_leaves(connection: Connection, leaves: Sequence[Leaf]) -> None:
    """Add leaves to the inbox, past SQLAlchemy's compiler: this is the hot path of the log.

    NOTE: one writer at a time numbers the rows, so inbox numbers grow in the order of commits.
    """
    connection.exec_driver_sql(_PUT_LEAVES, list(map(_LEAF_ROW, leaves)))


def put_entries(connection: Connection, entries: Sequence[SequencedLeaf]) -> None:
    """Record the places of leaves in the tree and what they are found by."""
    rows = []
    for entry in entries:
        keys = entry.keys
        occurred = instant_to_text(keys.occurred)
        rows.append((entry.index, entry.inbox, keys.tag, keys.run or None, keys.request or None, keys.actor, occurred))
    connection.exec_driver_sql(_PUT_ENTRIES, rows)


def install_guards(connection: Connection) -> None:
    """Create the triggers that keep the log's tables append-only."""
    for guard in GUARDS:
        connection.exec_driver_sql(guard)


_SETTINGS: Final = (f"busy_timeout={BUSY_TIMEOUT}", "foreign_keys=ON", "recursive_triggers=ON", "temp_store=MEMORY")


def _connect(target: str, settings: tuple[str, ...], *, uri: bool = False) -> Any:  # noqa: ANN401 - either driver's
    connection = driver().connect(target, isolation_level=None, check_same_thread=False, uri=uri)
    try:
        for setting in settings:
            connection.execute(f"PRAGMA {setting}").close()
    except BaseException:
        connection.close()
        raise
    return connection


def _engine(connect: Callable[[], Any], *, begin: str, size: int, more: int) -> Engine:
    engine = create_engine(
        "sqlite://", module=driver(), creator=connect, pool_size=size, max_overflow=more, poolclass=QueuePool
    )
    _begin_with(engine, begin)
    return engine


def _single(uri: str) -> Engine:
    def connect() -> Any:  # noqa: ANN401 - either driver's
        connection = _connect(uri, (*_SETTINGS, "query_only=ON"), uri=True)
        # NOTE: text that is no UTF-8 is for verification to judge, not for the driver to stumble over.
        connection.text_factory = _text
        return connection

    engine = create_engine("sqlite://", module=driver(), creator=connect, poolclass=StaticPool)
    _begin_with(engine, "BEGIN")
    return engine


def _begin_with(engine: Engine, statement: str) -> None:
    # NOTE: the driver begins no transaction of its own (isolation_level=None); the first word decides about the lock.
    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(statement)


def _text(data: bytes) -> str:
    return data.decode(errors="replace")


def _uri(path: Path) -> str:
    return "file:" + quote(str(path.absolute()))


def _nothing() -> None:
    """Nothing to clean up."""
