"""What a statement about a grant says, from application to inspection; see `runner.rules.statements`."""

from __future__ import annotations

from runner.model.document import JsonObject
from runner.model.grant import GrantKind, GrantRecord, kind_of


def apply_content(kind: GrantKind, terms: JsonObject, reason: str) -> JsonObject:
    """What an applicant signs.

    Args:
        kind: what is applied for.
        terms: the grant as a document.
        reason: why, in their words.
    """
    return {"grant": kind.value, "terms": terms, "reason": reason}


def grant_content(record: GrantRecord, terms: JsonObject) -> JsonObject:
    """What an approver signs: the grant in full, and whose signed application it answers."""
    return {
        "number": record.number,
        "grant": _kind_of(record),
        "terms": terms,
        "applicant": record.applicant,
        "application": record.application,
    }


def inspect_content(record: GrantRecord, terms: JsonObject) -> JsonObject:
    """What somebody signs who has compared what was granted with what was approved."""
    return {**grant_content(record, terms), "approver": record.approver, "approval": record.approval}


def end_content(record: GrantRecord, terms: JsonObject, reason: str) -> JsonObject:
    """What somebody signs who turns an application down, or takes it back."""
    return {**grant_content(record, terms), "reason": reason}


def _kind_of(record: GrantRecord) -> str:
    return kind_of(record.grant).value
