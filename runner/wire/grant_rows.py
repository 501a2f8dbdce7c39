"""Grants as the API lists them, made from their records; the shapes themselves are read without pydantic."""

from __future__ import annotations

from runner.model.grant import GrantRecord, kind_of
from runner.wire.api_people import GrantRow
from runner.wire.documents import to_document


def grant_row(record: GrantRecord) -> GrantRow:
    """A grant as it is listed."""
    return GrantRow(
        number=record.number,
        grant=kind_of(record.grant),
        terms=to_document(record.grant),
        reason=record.reason,
        state=record.state,
        applicant=record.applicant,
        application=record.application,
        applied_at=record.applied_at,
        approver=record.approver,
        approval=record.approval,
        decided_at=record.decided_at,
        inspector=record.inspector,
        inspected_at=record.inspected_at,
    )
