"""What is signed about grants: applications, approvals, inspections, and their ends."""

from __future__ import annotations

from runner.client.drafts import Draft
from runner.model.grant import GRANTS, Grant, GrantRecord, kind_of
from runner.model.statement import StatementKind
from runner.rules.grant_statements import apply_content, end_content, grant_content, inspect_content
from runner.wire.api_people import GrantRow
from runner.wire.documents import from_document, to_document


def apply(grant: Grant, reason: str, origin: str) -> Draft:
    """An application for a grant."""
    return Draft(StatementKind.APPLY, origin, apply_content(kind_of(grant), to_document(grant), reason))


def grant(record: GrantRecord) -> Draft:
    """The approval of a grant."""
    return Draft(StatementKind.GRANT, record.number, grant_content(record, to_document(record.grant)))


def inspect(record: GrantRecord) -> Draft:
    """That what came of a grant is what was approved."""
    return Draft(StatementKind.INSPECT, record.number, inspect_content(record, to_document(record.grant)))


def deny(record: GrantRecord, reason: str) -> Draft:
    """An application turned down."""
    return Draft(StatementKind.DENY, record.number, end_content(record, to_document(record.grant), reason))


def retract(record: GrantRecord, reason: str) -> Draft:
    """One's own application taken back."""
    content = end_content(record, to_document(record.grant), reason)
    return Draft(StatementKind.RETRACT, record.number, content)


def grant_record(row: GrantRow) -> GrantRecord:
    """A grant as the service shows it.

    Raises:
        UsageError: its terms are not of its kind.
    """
    granted: Grant = from_document(GRANTS[row.grant], row.terms)
    return GrantRecord(
        number=row.number,
        grant=granted,
        reason=row.reason,
        state=row.state,
        applicant=row.applicant,
        application=row.application,
        applied_at=row.applied_at,
        approver=row.approver,
        approval=row.approval,
    )
