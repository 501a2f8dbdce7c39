"""Locks on hosts: taken in one order, all or none, and visible (L7)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from runner.errors import RefusedError
from runner.model.holding import HostLock
from runner.store.tables import host_locks
from runner.words import N_


class LockStore:
    """Hosts held by runs."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def take(self, run: str, identities: Collection[str], at: datetime, *, exclusive: bool) -> None:
        """Hold all these hosts for a run, or none of them; what the run holds already it keeps.

        Args:
            run: who holds them.
            identities: `Host.identity` of each; sorted here.
            at: since when.
            exclusive: whether the run may change them; otherwise it shares them with other readers.

        Raises:
            RefusedError: another run holds one of them in a way that excludes this; names run, host and since when.
        """
        wanted = sorted(set(identities))
        rows = self._connection.execute(
            select(host_locks)
            .where(host_locks.c.identity.in_(wanted))
            .order_by(host_locks.c.identity, host_locks.c.since)
        ).all()
        for row in rows:
            if row.run != run and (exclusive or row.exclusive):
                raise _held(_lock(row))
        held = {row.identity: row.exclusive for row in rows if row.run == run}
        new = [identity for identity in wanted if identity not in held]
        if new:
            self._connection.execute(
                insert(host_locks),
                [{"identity": identity, "run": run, "exclusive": exclusive, "since": at} for identity in new],
            )
        if exclusive and not all(held.values()):
            self._connection.execute(
                update(host_locks)
                .where(host_locks.c.run == run, host_locks.c.identity.in_(list(held)))
                .values(exclusive=True)
            )

    def release(self, run: str, identities: Collection[str] | None = None) -> None:
        """Let go of these hosts, or of all the run holds."""
        mine = delete(host_locks).where(host_locks.c.run == run)
        if identities is not None:
            mine = mine.where(host_locks.c.identity.in_(list(identities)))
        self._connection.execute(mine)

    def of(self, run: str) -> tuple[HostLock, ...]:
        """What a run holds, by identity."""
        rows = self._connection.execute(
            select(host_locks).where(host_locks.c.run == run).order_by(host_locks.c.identity)
        )
        return tuple(_lock(row) for row in rows)

    def all(self) -> tuple[HostLock, ...]:
        """Everything that is held, by identity and time."""
        rows = self._connection.execute(select(host_locks).order_by(host_locks.c.identity, host_locks.c.since))
        return tuple(_lock(row) for row in rows)


def _lock(row: Row[*tuple[Any, ...]]) -> HostLock:
    return HostLock(row.identity, row.run, row.exclusive, row.since)


def _held(lock: HostLock) -> RefusedError:
    return RefusedError(
        N_("host {identity}: run {holder} holds it since {since}"),
        hint=N_("wait until that run is closed"),
        rule="L7:host-held",
        identity=lock.identity,
        holder=lock.run,
        since=lock.since.isoformat(),
        exclusive=int(lock.exclusive),
    )
