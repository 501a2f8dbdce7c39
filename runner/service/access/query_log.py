"""Queries of protected data on record (L9), before anything of them is answered.

Who has signed in is named with each query; several that come together are written together. Whoever has not, where
policy lets everybody read, is counted by where they come from.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from anyio.to_thread import run_sync

from runner.engine.desk.premises import Premises
from runner.engine.journal import service_entry
from runner.errors import StorageError
from runner.model.access import Session
from runner.model.document import JsonObject
from runner.model.log import About, ActorKind, Entry, Leaf
from runner.model.time import to_rfc3339
from runner.rules.looking import is_same_query
from runner.rules.tags import Tag

_log = logging.getLogger(__name__)

COUNTED_FOR: Final = 600.0
"""Seconds whose queries of one peer that has not signed in are written as one number."""
_MOST: Final = 10_000
"""Views remembered; a view that was forgotten is recorded once more."""
_MOST_PEERS: Final = 1_000

Filters = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for; never what is answered."""

    path: str
    filters: Filters
    rows: int
    """How many rows, or objects, the answer shows."""
    plan: str = ""
    """Digest of the plan that was made for it."""


@dataclass(slots=True)
class _Batch:
    leaves: list[Leaf]
    written: asyncio.Task[None] | None = None


@dataclass(slots=True)
class _Count:
    since: datetime
    number: int = 0


_View = tuple[str, str, tuple[tuple[str, tuple[str, ...]], ...]]


@dataclass(slots=True)
class _Counted:
    """How often peers that have not signed in have read."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    by_peer: dict[str, _Count] = field(default_factory=dict)
    timer: threading.Timer | None = None


class QueryLog:
    """Writes down who asks what."""

    def __init__(self, premises: Premises, counted_for: float = COUNTED_FOR) -> None:
        self._premises = premises
        self._counted_for = counted_for
        self._views: OrderedDict[_View, datetime] = OrderedDict()
        self._next: _Batch | None = None
        self._turn = asyncio.Lock()
        self._counted = _Counted()

    def is_known(self, session: Session, query: Query) -> bool:
        """Whether a look belongs to a query that is on record."""
        recorded = self._views.get(_view(session, query))
        return recorded is not None and is_same_query(recorded, self._premises.policy.sessions, self._now())

    async def record(self, session: Session, query: Query) -> None:
        """Write a query down; done when it is durable.

        Raises:
            StorageError: it cannot be recorded; nothing is to be answered then.
        """
        now = self._now()
        await self._put(self._premises.leaves.make(_entry(session, query, now)))
        view = _view(session, query)
        self._views[view] = now
        self._views.move_to_end(view)
        if len(self._views) > _MOST:
            self._views.popitem(last=False)

    def count(self, peer: str) -> None:
        """Count a query of somebody who has not signed in; written as one number in the end."""
        counted = self._counted
        with counted.lock:
            known = peer if peer in counted.by_peer or len(counted.by_peer) < _MOST_PEERS else "-"
            counted.by_peer.setdefault(known, _Count(self._now())).number += 1
            if counted.timer is None:
                counted.timer = threading.Timer(self._counted_for, self.flush)
                counted.timer.daemon = True
                counted.timer.start()

    def flush(self) -> None:
        """Write what was counted."""
        counted = self._counted
        with counted.lock:
            found, counted.by_peer = counted.by_peer, {}
            if counted.timer is not None:
                counted.timer.cancel()
                counted.timer = None
        if not found:
            return
        now = self._now()
        try:
            self._write([self._premises.leaves.make(_counting(peer, count, now)) for peer, count in found.items()])
        except StorageError as error:
            _log.error("how often was read without signing in could not be recorded: %s", error)

    async def _put(self, leaf: Leaf) -> None:
        """Add a leaf to the next batch, and wait until that is written."""
        batch = self._next
        if batch is None:
            batch = self._next = _Batch([])
            batch.written = asyncio.create_task(self._write_batch(batch), name="query log")
        batch.leaves.append(leaf)
        if batch.written is not None:
            await asyncio.shield(batch.written)

    async def _write_batch(self, batch: _Batch) -> None:
        async with self._turn:
            self._next = None
            await run_sync(self._write, batch.leaves)

    def _write(self, leaves: list[Leaf]) -> None:
        with self._premises.store.writing() as transaction:
            transaction.inbox.put(leaves)

    def _now(self) -> datetime:
        return self._premises.clock.now()


def _view(session: Session, query: Query) -> _View:
    return session.id, query.path, tuple(sorted(query.filters.items()))


def _entry(session: Session, query: Query, now: datetime) -> Entry:
    filters: JsonObject = {
        name: values[0] if len(values) == 1 else list(values) for name, values in query.filters.items()
    }
    payload: JsonObject = {"path": query.path, "query": filters, "rows": query.rows, "session": session.id}
    about = About(run=_only(query.filters, "run"), request=_only(query.filters, "request"), plan=query.plan)
    return Entry(Tag.LOG_QUERIED, now, ActorKind.PERSON, session.person, about, payload)


def _only(filters: Filters, name: str) -> str:
    return next(iter(filters.get(name, ())), "")


def _counting(peer: str, count: _Count, now: datetime) -> Entry:
    payload: JsonObject = {
        "peer": peer,
        "count": count.number,
        "since": to_rfc3339(count.since),
        "until": to_rfc3339(now),
    }
    return service_entry(Tag.QUERIES_COUNTED, About(), now, payload)
