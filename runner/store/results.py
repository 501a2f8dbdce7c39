"""Signed results of runs, and what follows from them: business verification, trial, acceptance."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from runner.errors import NotFoundError, RefusedError
from runner.model.result import ResultRecord
from runner.store.documents import value_from_text, value_to_text
from runner.store.tables import results
from runner.words import N_


class ResultStore:
    """Results, one for each run that both its people have closed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, record: ResultRecord) -> None:
        """Record a result that both have signed."""
        self._connection.execute(insert(results).values(run=record.run, request=record.request, **_changing(record)))

    def find(self, run: str) -> ResultRecord | None:
        """The result of a run; None while it has none."""
        row = self._connection.execute(select(results).where(results.c.run == run)).one_or_none()
        return None if row is None else _record(row)

    def get(self, run: str) -> ResultRecord:
        """The result of a run.

        Raises:
            NotFoundError: both have not signed one.
        """
        if (record := self.find(run)) is None:
            raise NotFoundError(N_("run {run}: no signed result is on record"), run=run)
        return record

    def over(self, now: datetime) -> tuple[ResultRecord, ...]:
        """Results whose trial's days are over and that nobody has accepted, or not accepted; the longest over first."""
        rows = self._connection.execute(
            select(results)
            .where(results.c.done_at.is_(None), results.c.trial_ends <= now)
            .order_by(results.c.trial_ends, results.c.place)
        )
        return tuple(_record(row) for row in rows)

    def save(self, record: ResultRecord) -> None:
        """Record how a result that was not done stands now.

        Raises:
            RefusedError: it is done already.
        """
        changed = self._connection.execute(
            update(results).where(results.c.run == record.run, results.c.done_at.is_(None)).values(**_changing(record))
        ).rowcount
        if not changed:
            raise RefusedError(
                N_("run {run}: what follows from its result is done already"),
                rule="state:changed-meanwhile",
                run=record.run,
            )


def _changing(record: ResultRecord) -> dict[str, object]:
    kept = replace(record, trial_ends=None, told_at=None, done_at=None)
    return {
        "trial_ends": record.trial_ends,
        "told_at": record.told_at,
        "done_at": record.done_at,
        "document": value_to_text(kept),
    }


def _record(row: Row[*tuple[Any, ...]]) -> ResultRecord:
    return replace(
        value_from_text(ResultRecord, row.document),
        trial_ends=row.trial_ends,
        told_at=row.told_at,
        done_at=row.done_at,
    )
