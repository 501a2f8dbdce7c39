"""Writing log entries of the engine, in the transaction of the change they record."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from runner.model.document import JsonObject
from runner.model.log import About, ActorKind, Entry, Leaf
from runner.model.run import AttemptKey, RunRecord
from runner.rules.tags import Tag

_ACTOR = "twokey"


class Leaves(Protocol):
    """Makes entries into their final form."""

    def make_all(self, entries: Iterable[Entry]) -> list[Leaf]:
        """The leaves of entries recorded together.

        Raises:
            UsageError: something in an entry has no canonical form.
        """
        ...


def service_entry(tag: Tag, about: About, at: datetime, payload: JsonObject | None = None) -> Entry:
    """Something the service did."""
    return Entry(tag.value, at, ActorKind.SERVICE, _ACTOR, about, payload)


def about_run(record: RunRecord) -> About:
    """What an entry about a run as a whole is about."""
    return About(request=record.request, run=record.id, plan=record.plan)


def about_attempt(key: AttemptKey, request: str, *, event: int | None = None, host: str = "") -> About:
    """What an entry about an attempt, or one of its events, is about."""
    return About(
        request=request,
        run=key.run,
        batch=key.batch,
        step=key.step,
        role=key.role.value,
        attempt=key.number,
        event=event,
        host=host,
    )
