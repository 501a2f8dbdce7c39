"""Attempts, keyed by (run, batch, step, role, number), and the shims that carry them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, insert, select, update

from runner.errors import NotFoundError
from runner.model.holding import Shim
from runner.model.plan import Role
from runner.model.run import Attempt, AttemptKey, AttemptState, HostOutcome
from runner.store.documents import names_from_text, names_to_text, words_from_text, words_to_text
from runner.store.fencing import require_epoch
from runner.store.tables import attempts, shims
from runner.words import N_

UNENDED = (AttemptState.INTENDED, AttemptState.BEGUN)
"""States of an attempt whose end is not recorded."""


class AttemptStore:
    """Attempts; every write names the epoch of the run it belongs to."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, attempt: Attempt, epoch: int, *, shim: str | None = None) -> None:
        """Record the intent of an attempt, before it begins (L5).

        Args:
            attempt: the attempt as intended.
            epoch: epoch of its run.
            shim: shim that will carry it, when it is known already.

        Raises:
            FencedError: the run was claimed by somebody else.
        """
        require_epoch(self._connection, attempt.key.run, epoch)
        key = attempt.key
        self._connection.execute(
            insert(attempts).values(
                run=key.run,
                batch=key.batch,
                step=key.step,
                role=key.role,
                number=key.number,
                mutating=attempt.mutating,
                hosts=names_to_text(attempt.hosts),
                intended_at=attempt.intended_at,
                deadline=attempt.deadline,
                shim=shim,
                **_changing(attempt),
            )
        )

    def save(self, attempt: Attempt, epoch: int) -> None:
        """Record how far an attempt has come.

        Raises:
            FencedError: the run was claimed by somebody else.
            NotFoundError: it was never intended.
        """
        require_epoch(self._connection, attempt.key.run, epoch)
        changed = self._connection.execute(
            update(attempts).where(_is(attempt.key)).values(**_changing(attempt))
        ).rowcount
        if not changed:
            raise _missing(attempt.key)

    def set_imported(self, key: AttemptKey, event: int) -> None:
        """Raise the number of the newest spool event recorded in the log; never lowers it, so it needs no epoch."""
        self._connection.execute(update(attempts).where(_is(key), attempts.c.imported < event).values(imported=event))

    def find(self, key: AttemptKey) -> Attempt | None:
        """The attempt of that key."""
        row = self._connection.execute(select(attempts).where(_is(key))).one_or_none()
        return None if row is None else _attempt(row)

    def get(self, key: AttemptKey) -> Attempt:
        """The attempt of that key.

        Raises:
            NotFoundError: it was never intended.
        """
        if (attempt := self.find(key)) is None:
            raise _missing(key)
        return attempt

    def of(self, run: str) -> tuple[Attempt, ...]:
        """Every attempt of a run, in the order they were intended."""
        rows = self._connection.execute(select(attempts).where(attempts.c.run == run).order_by(attempts.c.id))
        return tuple(_attempt(row) for row in rows)

    def unended(self) -> tuple[Attempt, ...]:
        """Every attempt of any run whose end is not recorded, oldest first."""
        rows = self._connection.execute(select(attempts).where(attempts.c.state.in_(UNENDED)).order_by(attempts.c.id))
        return tuple(_attempt(row) for row in rows)

    def next_number(self, run: str, batch: int, step: str, role: Role) -> int:
        """The number the next attempt of a slot gets."""
        highest = self._connection.execute(
            select(func.max(attempts.c.number)).where(
                attempts.c.run == run, attempts.c.batch == batch, attempts.c.step == step, attempts.c.role == role
            )
        ).scalar_one()
        return (highest or 0) + 1


class ShimStore:
    """Shims, and which attempts each carries."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, shim: Shim) -> None:
        """Record a shim that was started."""
        self._connection.execute(
            insert(shims).values(
                id=shim.id,
                run=shim.run,
                folder=shim.folder,
                pid=shim.pid,
                start_time=shim.start_time,
                boot_id=shim.boot_id,
                started_at=shim.started_at,
                ended_at=shim.ended_at,
            )
        )

    def end(self, id: str, at: datetime) -> None:
        """Record that a shim has ended; the first time counts."""
        self._connection.execute(update(shims).where(shims.c.id == id, shims.c.ended_at.is_(None)).values(ended_at=at))

    def carry(self, id: str, key: AttemptKey) -> None:
        """Record which shim carries an attempt."""
        self._connection.execute(update(attempts).where(_is(key)).values(shim=id))

    def find(self, id: str) -> Shim | None:
        """The shim of that id."""
        row = self._connection.execute(select(shims).where(shims.c.id == id)).one_or_none()
        return None if row is None else _shim(row)

    def find_of(self, key: AttemptKey) -> Shim | None:
        """The shim that carries an attempt."""
        row = self._connection.execute(
            select(shims).join(attempts, attempts.c.shim == shims.c.id).where(_is(key))
        ).one_or_none()
        return None if row is None else _shim(row)

    def of(self, run: str) -> tuple[Shim, ...]:
        """Every shim of a run, oldest first."""
        rows = self._connection.execute(
            select(shims).where(shims.c.run == run).order_by(shims.c.started_at, shims.c.id)
        )
        return tuple(_shim(row) for row in rows)

    def unended(self) -> tuple[Shim, ...]:
        """Every shim whose end is not recorded."""
        rows = self._connection.execute(
            select(shims).where(shims.c.ended_at.is_(None)).order_by(shims.c.started_at, shims.c.id)
        )
        return tuple(_shim(row) for row in rows)

    def attempts_of(self, id: str) -> tuple[AttemptKey, ...]:
        """The attempts a shim carries, in the order they were intended."""
        rows = self._connection.execute(select(attempts).where(attempts.c.shim == id).order_by(attempts.c.id))
        return tuple(_key(row) for row in rows)


def _is(key: AttemptKey) -> ColumnElement[bool]:
    return and_(
        attempts.c.run == key.run,
        attempts.c.batch == key.batch,
        attempts.c.step == key.step,
        attempts.c.role == key.role,
        attempts.c.number == key.number,
    )


def _changing(attempt: Attempt) -> dict[str, object]:
    """The columns that change while an attempt goes on."""
    return {
        "state": attempt.state,
        "began_at": attempt.began_at,
        "ended_at": attempt.ended_at,
        "outcomes": words_to_text(attempt.outcomes),
        "settled": words_to_text(attempt.settled),
        "reason": attempt.reason,
        "imported": attempt.imported,
    }


def _attempt(row: Row[*tuple[Any, ...]]) -> Attempt:
    outcomes: Mapping[str, str] = words_from_text(row.outcomes)
    return Attempt(
        key=_key(row),
        state=row.state,
        mutating=row.mutating,
        hosts=names_from_text(row.hosts),
        intended_at=row.intended_at,
        deadline=row.deadline,
        began_at=row.began_at,
        ended_at=row.ended_at,
        outcomes={host: HostOutcome(outcome) for host, outcome in outcomes.items()},
        settled=words_from_text(row.settled),
        reason=row.reason,
        imported=row.imported,
    )


def _key(row: Row[*tuple[Any, ...]]) -> AttemptKey:
    return AttemptKey(row.run, row.batch, row.step, row.role, row.number)


def _shim(row: Row[*tuple[Any, ...]]) -> Shim:
    return Shim(
        id=row.id,
        run=row.run,
        folder=row.folder,
        pid=row.pid,
        start_time=row.start_time,
        boot_id=row.boot_id,
        started_at=row.started_at,
        ended_at=row.ended_at,
    )


def _missing(key: AttemptKey) -> NotFoundError:
    return NotFoundError(N_("attempt {attempt}: does not exist"), attempt=str(key))
