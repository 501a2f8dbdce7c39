"""Signed statements as people see them."""

from __future__ import annotations

from runner.model.statement import RecordedStatement
from runner.wire.api_request import StatementShown


def statement_shown(recorded: RecordedStatement) -> StatementShown:
    """A recorded statement with the exact text that was signed."""
    signed = recorded.signed
    statement = signed.statement
    return StatementShown(
        id=signed.id,
        kind=statement.kind,
        person=statement.person,
        key=statement.key,
        subject=statement.subject,
        at=statement.at,
        recorded=recorded.recorded,
        statement=signed.bytes.decode(),
        signature=signed.signature,
    )
