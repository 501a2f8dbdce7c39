"""After-reviews of emergencies as people see them, and what is said loudly of an emergency that stops nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from runner.engine.desk.facts import request_facts
from runner.engine.desk.premises import Premises
from runner.engine.desk.turns import review_act
from runner.model.request import Request, RequestState
from runner.model.review import ReviewRecord
from runner.model.runbook import Risk
from runner.model.time import to_rfc3339
from runner.rules.windows import is_marked
from runner.store.store import Transaction
from runner.wire.api import Words
from runner.wire.api_request import Act, ReviewShown
from runner.words import N_


def review_shown(premises: Premises, transaction: Transaction, record: ReviewRecord, now: datetime) -> ReviewShown:
    """An after-review with who may sign it."""
    return ReviewShown(
        run=record.run,
        unit=record.unit,
        since=record.since,
        due=record.due,
        state=record.state_at(now),
        reviewers=tuple(signature.person for signature in record.signatures),
        verdict=record.verdict,
        deviation=record.deviation,
        done_at=record.done_at,
        escalated_at=record.escalated_at,
        act=review_act(premises, transaction, record) if record.done_at is None else None,
    )


def review_of_run(premises: Premises, transaction: Transaction, run: str, now: datetime) -> ReviewShown | None:
    """The after-review of a run, if it owes one."""
    record = transaction.reviews.find(run)
    return None if record is None else review_shown(premises, transaction, record, now)


def review_acts(premises: Premises, transaction: Transaction) -> Iterator[Act]:
    """The after-reviews that can be signed: of runs that have ended."""
    for record in transaction.reviews.owed():
        if transaction.runs.get(record.run).ended_at is not None:
            yield review_act(premises, transaction, record)


def marks_of(premises: Premises, transaction: Transaction, request: Request, now: datetime) -> Iterator[Words]:
    """What is said of an emergency that may be started: that it passes its window, and the debts of its unit."""
    if request.risk is not Risk.EMERGENCY or request.state is not RequestState.APPROVED:
        return
    window = request.window
    if window is not None and is_marked(window, request.risk, now):
        facts: dict[str, str | int | None] = {"opens": to_rfc3339(window.opens), "closes": to_rfc3339(window.closes)}
        yield Words(N_("outside the window ({opens} to {closes}): allowed for an emergency, marked"), facts)
    overdue = request_facts(premises, transaction, request).overdue
    if overdue:
        debts: dict[str, str | int | None] = {
            "count": len(overdue),
            "runs": ", ".join(record.run for record in overdue),
        }
        yield Words(N_("after-reviews overdue in this unit: {count} ({runs}), escalated"), debts)
