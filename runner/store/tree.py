"""The Merkle tree as it is stored: what the sequencer adds, and what proofs are made from."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, or_, select, update

from runner.errors import StorageError
from runner.model.log import Checkpoint, LogTile, SignedCheckpoint, TreeGrowth, TreeState
from runner.store import sqlite
from runner.store.tables import audit_checkpoints, audit_inbox, audit_tiles, audit_tree, leases
from runner.words import N_

_ROW: Final = "tree"
"""Name of the one row of `audit_tree`."""


class TreeStore:
    """Tree, tiles and checkpoints."""

    def __init__(self, connection: Connection, origin: str = "") -> None:
        self._connection = connection
        self._origin = origin

    def state(self) -> TreeState | None:
        """Where the sequencer stands; None before its first batch."""
        row = self._connection.execute(select(audit_tree).where(audit_tree.c.name == _ROW)).one_or_none()
        return None if row is None else TreeState(row.size, row.last, row.frontier)

    def take_lease(self, holder: str, now: datetime, until: datetime) -> bool:
        """Become, or stay, the one that sequences, unless another's lease is running.

        Args:
            holder: who wants it; unique to one sequencer.
            now: the present.
            until: how long nobody else may take it.
        """
        free = or_(leases.c.holder == holder, leases.c.until <= now)
        taken = self._connection.execute(
            update(leases).where(leases.c.name == _ROW, free).values(holder=holder, until=until)
        ).rowcount
        if not taken and self._connection.execute(select(leases.c.name).where(leases.c.name == _ROW)).first() is None:
            self._connection.execute(insert(leases).values(name=_ROW, holder=holder, until=until))
            return True
        return bool(taken)

    def drop_lease(self, holder: str, now: datetime) -> None:
        """Let another take the lease at once."""
        self._connection.execute(
            update(leases).where(leases.c.name == _ROW, leases.c.holder == holder).values(until=now)
        )

    def waiting(self, after: int, limit: int) -> list[tuple[int, bytes]]:
        """Inbox number and bytes of the leaves behind `after`, in the order they were committed."""
        query = select(audit_inbox.c.id, audit_inbox.c.leaf).where(audit_inbox.c.id > after)
        rows = self._connection.execute(query.order_by(audit_inbox.c.id).limit(limit))
        return [(row.id, row.leaf) for row in rows]

    def grow(self, growth: TreeGrowth) -> None:
        """Record a batch: entries, tiles, checkpoint and the new state, all in the caller's transaction.

        Raises:
            StorageError: the tree is no longer where the batch begins.
        """
        self._move_on(growth.before, growth.after)
        sqlite.put_entries(self._connection, growth.entries)
        for tile in growth.tiles:
            self._put_tile(tile)
        checkpoint = growth.checkpoint
        self._connection.execute(
            insert(audit_checkpoints).values(
                size=checkpoint.checkpoint.size, root=checkpoint.checkpoint.root, note=checkpoint.note
            )
        )

    def tile(self, level: int, index: int) -> bytes:
        """Hashes of a tile, as many as there are; empty when there is no such tile."""
        query = select(audit_tiles.c.hashes).where(audit_tiles.c.level == level, audit_tiles.c.position == index)
        return self._connection.execute(query).scalar_one_or_none() or b""

    def newest_checkpoint(self) -> SignedCheckpoint | None:
        """The checkpoint of the whole tree; None while the tree is empty."""
        query = select(audit_checkpoints).order_by(audit_checkpoints.c.size.desc()).limit(1)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else self._checkpoint(row)

    def find_checkpoint(self, size: int) -> SignedCheckpoint | None:
        """The checkpoint that was signed at exactly this size."""
        query = select(audit_checkpoints).where(audit_checkpoints.c.size == size)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else self._checkpoint(row)

    def _move_on(self, before: TreeState, after: TreeState) -> None:
        values = {"size": after.size, "last": after.last, "frontier": after.frontier}
        moved = self._connection.execute(
            update(audit_tree)
            .where(audit_tree.c.name == _ROW, audit_tree.c.size == before.size, audit_tree.c.last == before.last)
            .values(**values)
        ).rowcount
        if moved:
            return
        if before.size or self.state() is not None:
            raise StorageError(
                N_("log: another sequencer has gone on beyond entry {size}"),
                hint=N_("only one service may use a state directory"),
                size=before.size,
            )
        self._connection.execute(insert(audit_tree).values(name=_ROW, **values))

    def _put_tile(self, tile: LogTile) -> None:
        mine = (audit_tiles.c.level == tile.level) & (audit_tiles.c.position == tile.index)
        if not self._connection.execute(update(audit_tiles).where(mine).values(hashes=tile.hashes)).rowcount:
            self._connection.execute(
                insert(audit_tiles).values(level=tile.level, position=tile.index, hashes=tile.hashes)
            )

    def _checkpoint(self, row: Row[*tuple[Any, ...]]) -> SignedCheckpoint:
        return SignedCheckpoint(Checkpoint(self._origin, row.size, row.root), row.note)
