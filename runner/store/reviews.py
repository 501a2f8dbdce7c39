"""After-reviews of emergencies: owed when a run begins, escalated when overdue, done when enough have signed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, insert, select, update

from runner.errors import RefusedError
from runner.model.joint import ActSignature
from runner.model.review import ReviewRecord, ReviewState, Verdict
from runner.store.documents import value_from_text, value_to_text
from runner.store.tables import reviews
from runner.words import N_


@dataclass(frozen=True, slots=True)
class _Signatures:
    signatures: tuple[ActSignature, ...] = ()


class ReviewStore:
    """After-reviews, one for each emergency run."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, record: ReviewRecord) -> None:
        """Record that a review is owed."""
        self._connection.execute(
            insert(reviews).values(
                state=ReviewState.OPEN,
                **{name: getattr(record, name) for name in _PLAIN},
                **_changing(record),
            )
        )

    def find(self, run: str) -> ReviewRecord | None:
        """The review of a run; None where none is owed."""
        row = self._connection.execute(select(reviews).where(reviews.c.run == run)).one_or_none()
        return None if row is None else _record(row)

    def of_request(self, request: str) -> tuple[ReviewRecord, ...]:
        """Reviews of a request's runs, oldest first."""
        return self._where(reviews.c.request == request)

    def owed(self) -> tuple[ReviewRecord, ...]:
        """Every review that is not done, the first to be due first."""
        return self._where(_IS_OPEN)

    def overdue(self, now: datetime) -> tuple[ReviewRecord, ...]:
        """Reviews of all units that are not done and whose time is over."""
        return self._where(_IS_OPEN, reviews.c.due <= now)

    def overdue_of(self, unit: str, now: datetime) -> tuple[ReviewRecord, ...]:
        """Reviews of a unit that are not done and whose time is over."""
        return self._where(reviews.c.unit == unit, _IS_OPEN, reviews.c.due <= now)

    def save(self, record: ReviewRecord) -> None:
        """Record how a review that was not done stands now.

        Raises:
            RefusedError: it is done already.
        """
        changed = self._connection.execute(
            update(reviews)
            .where(reviews.c.run == record.run, _IS_OPEN)
            .values(state=ReviewState.OPEN if record.done_at is None else ReviewState.DONE, **_changing(record))
        ).rowcount
        if not changed:
            raise RefusedError(
                N_("run {run}: its after-review is done already"), rule="state:changed-meanwhile", run=record.run
            )

    def _where(self, *conditions: ColumnElement[bool]) -> tuple[ReviewRecord, ...]:
        rows = self._connection.execute(select(reviews).where(*conditions).order_by(reviews.c.due, reviews.c.place))
        return tuple(_record(row) for row in rows)


_IS_OPEN: Final = reviews.c.state == ReviewState.OPEN
_PLAIN: Final = ("run", "request", "unit", "requester", "executor", "confirmer", "since", "due")


def _changing(record: ReviewRecord) -> dict[str, object]:
    return {
        "escalated_at": record.escalated_at,
        "done_at": record.done_at,
        "verdict": value_to_text(record.verdict) if record.verdict else "",
        "signatures": value_to_text(_Signatures(record.signatures)),
        "deviation": record.deviation,
    }


def _record(row: Row[*tuple[Any, ...]]) -> ReviewRecord:
    return ReviewRecord(
        **{name: getattr(row, name) for name in (*_PLAIN, "escalated_at", "done_at", "deviation")},
        verdict=value_from_text(Verdict, row.verdict) if row.verdict else None,
        signatures=value_from_text(_Signatures, row.signatures).signatures,
    )
