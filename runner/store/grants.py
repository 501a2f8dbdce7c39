"""Grants: applied for, decided, looked at again; those that took effect are numbered in the order they did."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, func, insert, select, update

from runner.errors import NotFoundError
from runner.model.grant import GRANTS, Grant, GrantKind, GrantRecord, GrantState, concerns, kind_of
from runner.proof.canonical import canonical_bytes
from runner.store.documents import object_from_text
from runner.store.numbering import take_number
from runner.store.pages import newest_first
from runner.store.people_tables import grants
from runner.wire.documents import from_document, to_document
from runner.words import N_

SERIES = "SQ"
"""First part of a grant's number (授权)."""


class GrantStore:
    """Grants."""

    def __init__(self, connection: Connection, zone: ZoneInfo) -> None:
        self._connection = connection
        self._zone = zone

    def add(self, record: GrantRecord) -> GrantRecord:
        """Record an application and give it its number."""
        number = take_number(self._connection, SERIES, record.applied_at, self._zone)
        numbered = replace(record, number=number)
        self._connection.execute(insert(grants).values(**_columns(numbered)))
        return numbered

    def find(self, number: str) -> GrantRecord | None:
        """The grant of that number."""
        row = self._connection.execute(select(grants).where(grants.c.number == number)).one_or_none()
        return None if row is None else _record(row)

    def get(self, number: str) -> GrantRecord:
        """The grant of that number.

        Raises:
            NotFoundError: there is none.
        """
        if (record := self.find(number)) is None:
            raise NotFoundError(N_("grant {number}: does not exist"), number=number)
        return record

    def put(self, record: GrantRecord) -> None:
        """Record how a grant stands now."""
        self._connection.execute(update(grants).where(grants.c.number == record.number).values(**_columns(record)))

    def next_place(self) -> int:
        """The place of the grant that takes effect next."""
        return self.head()[0] + 1

    def head(self) -> tuple[int, str]:
        """Place of the newest grant that took effect, and the statement it did so by; 0 and nothing before any."""
        row = self._connection.execute(
            select(grants.c.entered, grants.c.application, grants.c.approval)
            .where(grants.c.entered.is_not(None))
            .order_by(grants.c.entered.desc())
            .limit(1)
        ).one_or_none()
        return (0, "") if row is None else (row.entered, row.approval or row.application)

    def is_head(self, place: int, statement: str) -> bool:
        """Whether the grant at a place took effect by that statement; nothing stands at place 0."""
        if place == 0:
            return True
        row = self._connection.execute(
            select(grants.c.application, grants.c.approval).where(grants.c.entered == place)
        ).one_or_none()
        return row is not None and (row.approval or row.application) == statement

    def entered(self, after: int = 0) -> Iterator[GrantRecord]:
        """Grants that took effect behind a place, in that order."""
        query = select(grants).where(grants.c.entered > after).order_by(grants.c.entered)
        for row in self._connection.execute(query):
            yield _record(row)

    def newest(self, kind: GrantKind) -> GrantRecord | None:
        """The grant of a kind that took effect last."""
        query = select(grants).where(grants.c.kind == kind, grants.c.entered.is_not(None))
        row = self._connection.execute(query.order_by(grants.c.entered.desc()).limit(1)).one_or_none()
        return None if row is None else _record(row)

    def policy_in_force(self) -> GrantRecord | None:
        """The grant of the policy in force; None: that of the first entries is."""
        query = select(grants).where(grants.c.in_force.is_not(None)).order_by(grants.c.in_force.desc()).limit(1)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else _record(row)

    def policies_to_come(self) -> tuple[GrantRecord, ...]:
        """Policies that were granted and have not come into force, in the order they were granted."""
        waiting = (grants.c.kind == GrantKind.SET_POLICY, grants.c.entered.is_not(None), grants.c.in_force.is_(None))
        return tuple(
            _record(row) for row in self._connection.execute(select(grants).where(*waiting).order_by(grants.c.entered))
        )

    def next_in_force(self) -> int:
        """The place of the policy that comes into force next."""
        return int(self._connection.execute(select(func.coalesce(func.max(grants.c.in_force), 0))).scalar_one()) + 1

    def page(
        self, limit: int, *, states: Collection[GrantState] = (), person: str = "", before: str | None = None
    ) -> tuple[GrantRecord, ...]:
        """Grants, newest first.

        Args:
            limit: how many at most.
            states: only these; empty means all.
            person: only those about this person; empty: about anybody.
            before: number of the last row of the page before.
        """
        conditions = [grants.c.person == person] if person else []
        if before is not None:
            place = select(grants.c.place).where(grants.c.number == before).scalar_subquery()
            conditions.append(grants.c.place < place)
        rows = newest_first(self._connection, grants, grants.c.place, limit, states, *conditions)
        return tuple(_record(row) for row in rows)

    def count(self, state: GrantState) -> int:
        """How many grants stand so."""
        query = select(func.count()).select_from(grants).where(grants.c.state == state)
        return int(self._connection.execute(query).scalar_one())


def _columns(record: GrantRecord) -> dict[str, object]:
    kind = kind_of(record.grant)
    fields: dict[str, object] = {
        "kind": kind,
        "person": concerns(record.grant),
        "terms": canonical_bytes(to_document(record.grant)).decode(),
        "approval": record.approval or None,
        "inspection": record.inspection or None,
    }
    return fields | {name: getattr(record, name) for name in _PLAIN}


_PLAIN = (
    "number",
    "reason",
    "state",
    "applicant",
    "application",
    "applied_at",
    "approver",
    "decided_at",
    "inspector",
    "inspected_at",
    "entered",
    "in_force",
)


def _record(row: Row[*tuple[Any, ...]]) -> GrantRecord:
    grant: Grant = from_document(GRANTS[row.kind], object_from_text(row.terms))
    return GrantRecord(
        grant=grant,
        approval=row.approval or "",
        inspection=row.inspection or "",
        **{name: getattr(row, name) for name in _PLAIN},
    )
