"""Signed statements, kept with the exact bytes that were signed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select
from sqlalchemy.exc import IntegrityError

from runner.errors import NotFoundError, SignatureError
from runner.model.statement import RecordedStatement, SignedStatement, Statement
from runner.proof.statement import parse_statement
from runner.store.tables import statements
from runner.store.uses import note_use
from runner.wire.documents import from_document
from runner.words import N_


class StatementStore:
    """Signed statements; each nonce is good for one of them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, signed: SignedStatement, recorded: datetime) -> None:
        """Record a verified statement.

        Raises:
            SignatureError: its nonce was used before, so it is a repetition.
        """
        statement = signed.statement
        try:
            self._connection.execute(
                insert(statements).values(
                    id=signed.id,
                    kind=statement.kind,
                    person=statement.person,
                    subject=statement.subject,
                    nonce=statement.nonce,
                    recorded=recorded,
                    bytes=signed.bytes,
                    signature=signed.signature,
                )
            )
        except IntegrityError as error:
            raise SignatureError(
                N_("statement of {person}: its nonce was used before"),
                hint=N_("sign again; every statement is good for one use"),
                rule="L4:nonce-used",
                person=statement.person,
                nonce=statement.nonce,
            ) from error
        note_use(self._connection, statement.person, recorded)

    def earliest(self) -> datetime | None:
        """When the first statement was recorded; None while there is none."""
        query = select(statements.c.recorded).order_by(statements.c.place).limit(1)
        recorded: datetime | None = self._connection.execute(query).scalar_one_or_none()
        return recorded

    def find(self, id: str) -> RecordedStatement | None:
        """The statement of that id."""
        row = self._connection.execute(select(statements).where(statements.c.id == id)).one_or_none()
        return None if row is None else _recorded(row)

    def get(self, id: str) -> RecordedStatement:
        """The statement of that id.

        Raises:
            NotFoundError: it was not recorded here.
        """
        if (statement := self.find(id)) is None:
            raise no_statement(id)
        return statement

    def has_nonce(self, nonce: str) -> bool:
        """Whether a statement with that nonce was recorded."""
        query = select(statements.c.place).where(statements.c.nonce == nonce)
        return self._connection.execute(query).first() is not None

    def of(self, subject: str) -> tuple[RecordedStatement, ...]:
        """Every statement about a subject, in the order they were recorded."""
        rows = self._connection.execute(
            select(statements).where(statements.c.subject == subject).order_by(statements.c.place)
        )
        return tuple(_recorded(row) for row in rows)

    def all(self) -> Iterator[RecordedStatement]:
        """Every statement in the order they were recorded, a few in memory at a time."""
        query = select(statements).order_by(statements.c.place).execution_options(yield_per=100)
        for row in self._connection.execute(query):
            yield _recorded(row)


def no_statement(id: str) -> NotFoundError:
    """There is no statement of that id."""
    return NotFoundError(N_("statement {id}: does not exist"), id=id)


def _recorded(row: Row[*tuple[Any, ...]]) -> RecordedStatement:
    statement = from_document(Statement, parse_statement(row.bytes))
    return RecordedStatement(SignedStatement(row.id, statement, row.bytes, row.signature), row.recorded)
