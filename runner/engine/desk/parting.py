"""What ends at once with somebody's right to act: their sessions, and with an account also its password."""

from __future__ import annotations

from runner.engine.desk.case import Case
from runner.model.access import SessionEnd
from runner.model.grant import Grant, Leave, Suspend
from runner.model.log import About
from runner.rules.tags import Tag


def part(case: Case, grant: Grant) -> None:
    """End the sessions of whoever leaves or is suspended, and forget the password of whoever leaves; on record."""
    if not isinstance(grant, Leave | Suspend):
        return
    for session in case.transaction.sessions.open_of(grant.person):
        if case.transaction.sessions.end(session, case.now, SessionEnd.LEFT) is not None:
            details = {"session": session.id, "reason": SessionEnd.LEFT.value, "person": grant.person}
            case.note(Tag.SESSION_EXPIRED, About(), {**details})
    if isinstance(grant, Leave):
        case.transaction.credentials.remove(grant.person)
