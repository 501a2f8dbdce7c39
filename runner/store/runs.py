"""Runs: claimed by one holder at a time, and read back as one record with all that belongs to them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, ScalarSelect, func, insert, select, update

from runner.errors import NotFoundError
from runner.model.document import JsonObject, JsonValue
from runner.model.run import AttemptKey, Decision, HandOver, RunRecord, RunState, Turn, Wish
from runner.model.time import Window
from runner.store.attempts import AttemptStore
from runner.store.documents import document_to_text, object_from_text, value_from_text, value_to_text
from runner.store.fencing import FencedError, require_epoch
from runner.store.numbering import take_number
from runner.store.pages import newest_first
from runner.store.tables import run_outputs, runs
from runner.words import N_

CHECKS = "CHECK"
"""First part of the number of a run that only checks."""


@dataclass(frozen=True, slots=True)
class _Details:
    """Parts of a record that are carried in one column; a later release only adds fields with a default."""

    gates: tuple[tuple[int, str], ...] = ()
    sheets: Mapping[str, JsonObject] = field(default_factory=dict)
    decisions: tuple[Decision, ...] = ()
    wish: Wish = field(default_factory=Wish)
    turns: tuple[Turn, ...] = ()
    waiting_at: AttemptKey | None = None
    hand_overs: tuple[HandOver, ...] = ()
    standing: bool = False


class RunStore:
    """Runs; every write names the epoch it was claimed with, and is refused once somebody else has claimed the run."""

    def __init__(self, connection: Connection, zone: ZoneInfo) -> None:
        self._connection = connection
        self._zone = zone
        self._attempts = AttemptStore(connection)

    def next_id(self, request: str, at: datetime) -> str:
        """The id of the next run of a request (`BG-2026-0153/1`), or of the next check when `request` is empty."""
        if not request:
            return take_number(self._connection, CHECKS, at, self._zone) + "/1"
        count = self._connection.execute(
            select(func.count()).select_from(runs).where(runs.c.request == request)
        ).scalar_one()
        return f"{request}/{count + 1}"

    def add(self, record: RunRecord) -> None:
        """Record a new run; its attempts and outputs come later, by their own methods."""
        self._connection.execute(
            insert(runs).values(
                id=record.id,
                kind=record.kind,
                request=record.request or None,
                plan=record.plan,
                epoch=record.epoch,
                created_at=record.created_at,
                **_changing(record),
            )
        )

    def claim(self, run: str, expected_epoch: int) -> RunRecord | None:
        """Take a run over from whoever held it, if it still is where the caller saw it.

        Returns:
            The record with its new epoch, which every write must now name; None when the epoch has moved on.
        """
        claimed = self._connection.execute(
            update(runs).where(runs.c.id == run, runs.c.epoch == expected_epoch).values(epoch=expected_epoch + 1)
        ).rowcount
        return self.get(run) if claimed else None

    def save(self, record: RunRecord) -> None:
        """Record what has changed in a claimed run.

        Attempts and outputs have their own methods; what a run is about (request, plan) never changes.

        Raises:
            FencedError: the run was claimed by somebody else since `record` was read.
        """
        changed = self._connection.execute(
            update(runs).where(runs.c.id == record.id, runs.c.epoch == record.epoch).values(**_changing(record))
        ).rowcount
        if not changed:
            raise FencedError(record.id, record.epoch)

    def require_epoch(self, run: str, epoch: int) -> None:
        """Refuse to go on for a run that somebody else has claimed.

        Raises:
            FencedError: its epoch is another one.
        """
        require_epoch(self._connection, run, epoch)

    def put_outputs(self, run: str, epoch: int, batch: int, step: str, outputs: Mapping[str, JsonValue]) -> None:
        """Record the outputs of a step on a batch; those of an earlier attempt give way.

        Raises:
            FencedError: the run was claimed by somebody else.
        """
        self.require_epoch(run, epoch)
        mine = (run_outputs.c.run == run) & (run_outputs.c.batch == batch) & (run_outputs.c.step == step)
        text = document_to_text(dict(outputs))
        if not self._connection.execute(update(run_outputs).where(mine).values(document=text)).rowcount:
            self._connection.execute(insert(run_outputs).values(run=run, batch=batch, step=step, document=text))

    def outputs_of(self, run: str, batch: int) -> dict[str, JsonObject]:
        """Outputs by step that a step of that batch may use: those of the batch, and of steps done once before."""
        rows = self._connection.execute(
            select(run_outputs)
            .where(run_outputs.c.run == run, run_outputs.c.batch.in_({0, batch}))
            .order_by(run_outputs.c.batch, run_outputs.c.step)
        )
        return {row.step: object_from_text(row.document) for row in rows}

    def find(self, run: str) -> RunRecord | None:
        """The run of that id."""
        row = self._connection.execute(select(runs).where(runs.c.id == run)).one_or_none()
        return None if row is None else self._record(row)

    def get(self, run: str) -> RunRecord:
        """The run of that id.

        Raises:
            NotFoundError: there is none.
        """
        if (record := self.find(run)) is None:
            raise no_run(run)
        return record

    def page(
        self,
        limit: int,
        *,
        states: Collection[RunState] = (),
        request: str | None = None,
        executors: Collection[str] | None = None,
        before: str | None = None,
    ) -> tuple[RunRecord, ...]:
        """Runs newest first, without their attempts and outputs.

        Args:
            limit: how many at most.
            states: only these; empty means all.
            request: only runs of this request.
            executors: only runs that one of them executes.
            before: id of the last row of the page before.
        """
        conditions = [] if request is None else [runs.c.request == request]
        if executors is not None:
            conditions.append(runs.c.executor.in_(executors))
        if before is not None:
            conditions.append(runs.c.place < _place(before))
        rows = newest_first(self._connection, runs, runs.c.place, limit, states, *conditions)
        return tuple(_record(row) for row in rows)

    def in_states(self, states: Collection[RunState]) -> tuple[RunRecord, ...]:
        """Every run in one of these states, complete, oldest first."""
        rows = self._connection.execute(select(runs).where(runs.c.state.in_(states)).order_by(runs.c.place))
        return tuple(self._record(row) for row in rows.all())

    def count(self, states: Collection[RunState]) -> int:
        """How many runs are in one of these states."""
        query = select(func.count()).select_from(runs).where(runs.c.state.in_(states))
        return self._connection.execute(query).scalar_one()

    def _record(self, row: Row[*tuple[Any, ...]]) -> RunRecord:
        attempts = self._attempts.of(row.id)
        batch = attempts[-1].key.batch if attempts else 0
        return replace(_record(row), attempts=attempts, outputs=self.outputs_of(row.id, batch))


def no_run(run: str) -> NotFoundError:
    """There is no run of that id."""
    return NotFoundError(N_("run {run}: does not exist"), hint=N_("`twokey run list` shows them all"), run=run)


def _changing(record: RunRecord) -> dict[str, object]:
    """The columns that change while a run goes on."""
    details = _Details(
        gates=record.gates,
        sheets=record.sheets,
        decisions=record.decisions,
        wish=record.wish,
        turns=record.turns,
        waiting_at=record.waiting_at,
        hand_overs=record.hand_overs,
        standing=record.standing,
    )
    return {
        "state": record.state,
        "executor": record.executor,
        "confirmer": record.confirmer,
        "started_at": record.started_at,
        "ended_at": record.ended_at,
        "window_opens": record.window.opens if record.window else None,
        "window_closes": record.window.closes if record.window else None,
        "waiting_since": record.waiting_since,
        "question": record.question,
        "details": value_to_text(details),
    }


def _record(row: Row[*tuple[Any, ...]]) -> RunRecord:
    details = value_from_text(_Details, row.details)
    return RunRecord(
        id=row.id,
        kind=row.kind,
        request=row.request or "",
        plan=row.plan,
        state=row.state,
        epoch=row.epoch,
        executor=row.executor,
        confirmer=row.confirmer,
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        window=Window(row.window_opens, row.window_closes) if row.window_opens else None,
        gates=details.gates,
        sheets=details.sheets,
        decisions=details.decisions,
        wish=details.wish,
        turns=details.turns,
        waiting_since=row.waiting_since,
        question=row.question,
        waiting_at=details.waiting_at,
        hand_overs=details.hand_overs,
        standing=details.standing,
    )


def _place(run: str) -> ScalarSelect[int]:
    return select(runs.c.place).where(runs.c.id == run).scalar_subquery()
