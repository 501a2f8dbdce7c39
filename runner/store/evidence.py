"""The log as verification reads it: everything there is, in order, and nothing of it trusted.

SQLite keeps in any column whatever was put there. Who tampers with the file must meet a verdict, not an error of the
reader: so every value is brought into the type it should have, and a value that had another type becomes one that no
check accepts.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, Dialect, Row, Select, String, select, type_coerce

from runner.errors import UsageError
from runner.model.log import Checkpoint, LeafKeys, LogTile, SequencedLeaf, SignedCheckpoint, StoredLeaf, TreeState
from runner.model.people import KeyHolder
from runner.model.statement import StatementBytes
from runner.store.columns import Instant
from runner.store.people_tables import founders, grants
from runner.store.tables import (
    audit_checkpoints,
    audit_entries,
    audit_inbox,
    audit_tiles,
    audit_tree,
    statements,
)

_STREAM: Final = {"yield_per": 500}
_NEVER: Final = datetime.fromtimestamp(0, UTC)
_NO_NUMBER: Final = -1
_AS_TEXT: Final = type_coerce(grants.c.kind, String).label("kind")
_STATEMENT: Final = (statements.c.id, statements.c.bytes, statements.c.signature)


class _AnyInstant(Instant):
    """An instant, or what stands for none where the column holds something else."""

    cache_ok = True

    def process_result_value(self, value: str | datetime | None, dialect: Dialect) -> datetime | None:
        try:
            return super().process_result_value(value, dialect)
        except (UsageError, AttributeError):
            return _NEVER


class EvidenceReader:
    """Everything verification reads (`runner.audit.ports.LogReader`), each stream in bounded memory."""

    def __init__(self, connection: Connection, origin: str) -> None:
        self._connection = connection
        self._origin = origin

    def state(self) -> TreeState | None:
        """Where the sequencer stands; None before its first batch."""
        row = self._connection.execute(select(audit_tree).order_by(audit_tree.c.name).limit(1)).one_or_none()
        return None if row is None else TreeState(_number(row.size), _number(row.last), _blob(row.frontier))

    def tile(self, level: int, index: int) -> bytes:
        """Hashes of a tile, as many as there are; empty when there is no such tile."""
        query = select(audit_tiles.c.hashes).where(audit_tiles.c.level == level, audit_tiles.c.position == index)
        return _blob(self._connection.execute(query).scalar_one_or_none())

    def tiles(self, level: int) -> Iterator[LogTile]:
        """Every tile of a level, in order."""
        query = select(audit_tiles).where(audit_tiles.c.level == level).order_by(audit_tiles.c.position)
        for row in self._stream(query):
            yield LogTile(level, _number(row.position), _blob(row.hashes))

    def levels(self) -> int:
        """How many levels have tiles, if there is none between."""
        query = select(audit_tiles.c.level).distinct()
        return len(self._connection.execute(query).all())

    def newest_checkpoint(self) -> SignedCheckpoint | None:
        """The checkpoint of the whole tree; None while the tree is empty."""
        query = select(audit_checkpoints).order_by(audit_checkpoints.c.size.desc()).limit(1)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else self._checkpoint(row)

    def checkpoints(self) -> Iterator[SignedCheckpoint]:
        """Every checkpoint, smallest first."""
        for row in self._stream(select(audit_checkpoints).order_by(audit_checkpoints.c.size)):
            yield self._checkpoint(row)

    def entries(self) -> Iterator[tuple[SequencedLeaf, StoredLeaf | None]]:
        """Every entry of the tree in order, with the leaf it stands for; None when that is gone."""
        found_by = (audit_entries.c.tag, audit_entries.c.run, audit_entries.c.request, audit_entries.c.actor)
        query = (
            select(
                audit_entries.c.position,
                audit_entries.c.inbox,
                *found_by,
                type_coerce(audit_entries.c.occurred, _AnyInstant()).label("occurred"),
                audit_inbox.c.id,
                audit_inbox.c.leaf,
                audit_inbox.c.payload,
                audit_inbox.c.salt,
            )
            .select_from(audit_entries.outerjoin(audit_inbox, audit_inbox.c.id == audit_entries.c.inbox))
            .order_by(audit_entries.c.position)
        )
        for row in self._stream(query):
            keys = LeafKeys(_word(row.tag), _word(row.run), _word(row.request), _word(row.actor), row.occurred)
            leaf = None if row.id is None else _leaf(row, row.position)
            yield SequencedLeaf(row.position, _number(row.inbox), keys), leaf

    def behind(self) -> Iterator[StoredLeaf]:
        """Leaves of the inbox that the tree does not hold, in order; however they came to be left out."""
        query = (
            select(audit_inbox)
            .select_from(audit_inbox.outerjoin(audit_entries, audit_entries.c.inbox == audit_inbox.c.id))
            .where(audit_entries.c.inbox.is_(None))
            .order_by(audit_inbox.c.id)
        )
        for row in self._stream(query):
            yield _leaf(row, None)

    def statements(self) -> Iterator[StatementBytes]:
        """Every statement as it lies in the database, in the order they were recorded."""
        for row in self._stream(select(*_STATEMENT).order_by(statements.c.place)):
            yield _statement(row)

    def find_statement(self, id: str) -> StatementBytes | None:
        """The statement of that id, as it lies in the database."""
        row = self._connection.execute(select(*_STATEMENT).where(statements.c.id == id)).one_or_none()
        return None if row is None else _statement(row)

    def founders(self) -> tuple[KeyHolder, ...]:
        """The people of the first entries as the database has them, by name."""
        rows = self._connection.execute(select(founders).order_by(founders.c.name))
        return tuple(KeyHolder(_word(row.name), _word(row.key), _word(row.fingerprint)) for row in rows)

    def granted(self) -> tuple[tuple[str, str, bytes], ...]:
        """Statement, kind and terms of the grants that took effect, in the order the database has them."""
        columns = (grants.c.application, grants.c.approval, _AS_TEXT, grants.c.terms)
        rows = self._connection.execute(
            select(*columns).where(grants.c.entered.is_not(None)).order_by(grants.c.entered)
        )
        return tuple((_word(row.approval or row.application), _word(row.kind), _blob(row.terms)) for row in rows)

    def _stream(self, query: Select[*tuple[Any, ...]]) -> Iterator[Row[*tuple[Any, ...]]]:
        yield from self._connection.execute(query, execution_options=_STREAM)

    def _checkpoint(self, row: Row[*tuple[Any, ...]]) -> SignedCheckpoint:
        return SignedCheckpoint(Checkpoint(self._origin, row.size, _blob(row.root)), _blob(row.note))


def _leaf(row: Row[*tuple[Any, ...]], index: int | None) -> StoredLeaf:
    payload = None if row.payload is None else _blob(row.payload)
    return StoredLeaf(row.id, index, _blob(row.leaf), payload, None if row.salt is None else _blob(row.salt))


def _statement(row: Row[*tuple[Any, ...]]) -> StatementBytes:
    return StatementBytes(_word(row.id), _blob(row.bytes), _word(row.signature))


def _blob(value: object) -> bytes:
    return value if isinstance(value, bytes) else _word(value).encode()


def _word(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return "" if value is None else str(value)


def _number(value: object) -> int:
    return value if isinstance(value, int) else _NO_NUMBER
