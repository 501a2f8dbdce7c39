"""The audit log as writers and readers see it: the inbox that makes an entry durable, and pages of entries.

An entry is durable once the transaction that put it is committed; its place in the tree follows within a moment. Pages
show both: what is in the tree is found by index, the few entries behind it by reading them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, func, select

from runner.errors import NotFoundError
from runner.model.log import Leaf, LogFilter, StoredLeaf
from runner.proof.leaf import search_keys
from runner.store import sqlite
from runner.store.tables import audit_entries, audit_inbox, audit_tree
from runner.words import N_

EVERYTHING: Final = LogFilter()
"""No filter."""
_CHUNK: Final = 256

_COLUMNS: Final = (
    audit_inbox.c.id,
    audit_entries.c.position,
    audit_inbox.c.leaf,
    audit_inbox.c.payload,
    audit_inbox.c.salt,
)
_ALL: Final[Select[*tuple[Any, ...]]] = select(*_COLUMNS).select_from(
    audit_inbox.outerjoin(audit_entries, audit_entries.c.inbox == audit_inbox.c.id)
)
_IN_TREE: Final[Select[*tuple[Any, ...]]] = select(*_COLUMNS).select_from(
    audit_entries.join(audit_inbox, audit_entries.c.inbox == audit_inbox.c.id)
)
_NEWEST: Final[Select[int]] = select(func.coalesce(func.max(audit_inbox.c.id), 0))
_NEWEST_IN_TREE: Final[Select[*tuple[Any, ...]]] = select(func.coalesce(func.max(audit_tree.c.last), 0))


class InboxStore:
    """Where every writer puts its entries, in the same transaction as the change they record."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.was_used = False
        """Whether this transaction has put anything."""

    def put(self, leaves: Sequence[Leaf]) -> None:
        """Put leaves behind the newest, in this order; a leaf whose source is in the log already is passed over."""
        if leaves:
            self.was_used = True
            sqlite.put_leaves(self._connection, leaves)

    def newest(self) -> int:
        """Number of the newest entry; 0 when there is none."""
        return self._connection.execute(_NEWEST).scalar_one()

    def waiting(self) -> int:
        """How many entries are durable but not yet in the tree."""
        last = self._connection.execute(_NEWEST_IN_TREE).scalar_one()
        query = select(func.count()).select_from(audit_inbox).where(audit_inbox.c.id > last)
        return self._connection.execute(query).scalar_one()


class LogPages:
    """Entries of the log, page by page."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, id: int) -> StoredLeaf | None:
        """The entry of that inbox number."""
        row = self._connection.execute(_ALL.where(audit_inbox.c.id == id)).one_or_none()
        return None if row is None else _leaf(row)

    def get(self, id: int) -> StoredLeaf:
        """The entry of that inbox number.

        Raises:
            NotFoundError: there is none.
        """
        if (leaf := self.find(id)) is None:
            raise NotFoundError(N_("log entry {id}: does not exist"), id=id)
        return leaf

    def at(self, index: int) -> StoredLeaf:
        """The entry at that place of the tree.

        Raises:
            NotFoundError: the tree is not that large.
        """
        row = self._connection.execute(_IN_TREE.where(audit_entries.c.position == index)).one_or_none()
        if row is None:
            raise NotFoundError(N_("log entry at {index}: does not exist"), index=index)
        return _leaf(row)

    def after(self, id: int, limit: int, wanted: LogFilter = EVERYTHING) -> tuple[StoredLeaf, ...]:
        """Entries with numbers above `id`, oldest first: what an event stream has to replay."""
        if wanted == EVERYTHING:
            query = _ALL.where(audit_inbox.c.id > id).order_by(audit_inbox.c.id).limit(limit)
            return tuple(_leaf(row) for row in self._connection.execute(query))
        query = _filtered(wanted).where(audit_entries.c.inbox > id).order_by(audit_entries.c.inbox).limit(limit)
        found = [_leaf(row) for row in self._connection.execute(query)]
        last = max(id, self._connection.execute(_NEWEST_IN_TREE).scalar_one())
        found += islice(self._behind_tree(wanted, last), limit - len(found))
        return tuple(found)

    def page(self, limit: int, wanted: LogFilter = EVERYTHING, before: int | None = None) -> tuple[StoredLeaf, ...]:
        """Entries newest first.

        Args:
            limit: how many at most.
            wanted: which entries.
            before: number of the last row of the page before.
        """
        if wanted == EVERYTHING:
            query = _ALL if before is None else _ALL.where(audit_inbox.c.id < before)
            rows = self._connection.execute(query.order_by(audit_inbox.c.id.desc()).limit(limit))
            return tuple(_leaf(row) for row in rows)
        found = list(islice(self._newest_behind_tree(wanted, before), limit))
        query = _filtered(wanted) if before is None else _filtered(wanted).where(audit_entries.c.inbox < before)
        query = query.order_by(audit_entries.c.inbox.desc()).limit(limit - len(found))
        found += [_leaf(row) for row in self._connection.execute(query)]
        return tuple(found)

    def in_tree(self, wanted: LogFilter) -> Iterator[StoredLeaf]:
        """Every wanted entry of the tree, in order, a few in memory at a time."""
        query = _filtered(wanted).order_by(audit_entries.c.inbox)
        for row in self._connection.execute(query, execution_options={"yield_per": _CHUNK}):
            yield _leaf(row)

    def find_since(self, instant: datetime) -> int | None:
        """Number of the first entry, in order of time, that occurred at that instant or later."""
        return self._connection.execute(
            select(audit_entries.c.inbox)
            .where(audit_entries.c.occurred >= instant)
            .order_by(audit_entries.c.occurred, audit_entries.c.inbox)
            .limit(1)
        ).scalar_one_or_none()

    def _behind_tree(self, wanted: LogFilter, last: int) -> Iterator[StoredLeaf]:
        """Entries above `last`, none of them in the tree, oldest first."""
        while rows := self._connection.execute(
            _ALL.where(audit_inbox.c.id > last).order_by(audit_inbox.c.id).limit(_CHUNK)
        ).all():
            yield from (_leaf(row) for row in rows if _is_wanted(row.leaf, wanted))
            last = rows[-1].id

    def _newest_behind_tree(self, wanted: LogFilter, before: int | None) -> Iterator[StoredLeaf]:
        """Entries that are not yet in the tree, newest first."""
        last = self._connection.execute(_NEWEST_IN_TREE).scalar_one()
        behind = _ALL.where(audit_inbox.c.id > last).order_by(audit_inbox.c.id.desc()).limit(_CHUNK)
        while rows := self._connection.execute(
            behind if before is None else behind.where(audit_inbox.c.id < before)
        ).all():
            yield from (_leaf(row) for row in rows if _is_wanted(row.leaf, wanted))
            before = rows[-1].id


def _filtered(wanted: LogFilter) -> Select[*tuple[Any, ...]]:
    query = _IN_TREE
    for column, value in (
        (audit_entries.c.run, wanted.run),
        (audit_entries.c.request, wanted.request),
        (audit_entries.c.tag, wanted.tag),
        (audit_entries.c.actor, wanted.actor),
    ):
        if value:
            query = query.where(column == value)
    return query


def _is_wanted(leaf: bytes, wanted: LogFilter) -> bool:
    keys = search_keys(leaf)
    return all(
        not value or value == has
        for value, has in (
            (wanted.run, keys.run),
            (wanted.request, keys.request),
            (wanted.tag, keys.tag),
            (wanted.actor, keys.actor),
        )
    )


def _leaf(row: Row[*tuple[Any, ...]]) -> StoredLeaf:
    return StoredLeaf(row.id, row.position, row.leaf, row.payload, row.salt)
