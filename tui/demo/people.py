"""Who is in the demonstration's register, and the grants that brought them there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from runner.model.grant import Appoint, Attest, Enrol, Grant, GrantRecord, GrantState, Suspend
from runner.model.people import Register, Vendor
from tui.demo.stage import AUDITOR, NETWORK, PEOPLE, REGISTER


def founded() -> Register:
    """The two people the log's first entries name."""
    return REGISTER


def history(now: datetime) -> tuple[GrantRecord, ...]:
    """Grants that are closed, one that nobody has inspected yet, and one that waits for its approval; oldest first."""
    return tuple(_records(now))


def _records(now: datetime) -> Iterator[GrantRecord]:
    long_ago = now - timedelta(days=40)
    vendor = Vendor("Northern Storage", PEOPLE[0], now + timedelta(days=20), "ZZ-118", ("note",), ("customer_db",))
    closed: tuple[Grant, ...] = (
        Enrol("zhang.wei", "张伟", "audit", ""),
        Enrol("li.na", "李娜", "operations", ""),
        Appoint("zhang.wei", AUDITOR, document="RS-2026-31"),
        Attest("li.na", "training", long_ago, now + timedelta(days=200), "PX-77"),
        Enrol("chen.hao", "陈浩", "", "", vendor),
    )
    for number, grant in enumerate(closed, start=1):
        yield _record(number, grant, long_ago, GrantState.CHECKED)
    suspended = Suspend("chen.hao", "badge lost in the machine room")
    yield _record(len(closed) + 1, suspended, now - timedelta(days=2), GrantState.GRANTED)
    wanted = Appoint("li.na", NETWORK, document="RS-2026-58")
    yield _record(len(closed) + 2, wanted, now - timedelta(days=1), GrantState.APPLIED)


def _record(number: int, grant: Grant, at: datetime, state: GrantState) -> GrantRecord:
    closed, decided = state is GrantState.CHECKED, state is not GrantState.APPLIED
    return GrantRecord(
        number=f"SQ-{at.year}-{number:04}",
        grant=grant,
        reason=grant.reason if isinstance(grant, Suspend) else "new in the department",
        state=state,
        applicant=PEOPLE[0],
        application="0" * 64,
        applied_at=at,
        approver=PEOPLE[1] if closed else "",
        decided_at=at + timedelta(hours=1) if decided else None,
        inspector=PEOPLE[0] if closed else "",
        inspected_at=at + timedelta(days=1) if closed else None,
    )
