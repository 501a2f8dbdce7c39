"""What comes by itself with time: requests that nobody can start any more, after-reviews overdue, trials over.

A request is over once its window has closed, or every approval of it is; an emergency once nobody has started it for as
long as an approval would be good.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from runner.engine.desk.approving import approval_span
from runner.engine.desk.facts import request_facts
from runner.engine.desk.premises import Premises
from runner.engine.journal import service_entry
from runner.engine.notifier import Notice
from runner.model.document import JsonObject
from runner.model.log import About, Entry
from runner.model.request import Request, RequestState
from runner.model.result import ResultRecord
from runner.model.review import ReviewRecord
from runner.model.run import RunState
from runner.model.runbook import Risk
from runner.model.time import to_rfc3339
from runner.rules.approvals import counting
from runner.rules.tags import Tag
from runner.rules.transitions import require_request_transition
from runner.store.store import Transaction
from runner.wire.api import MAX_PAGE

_OPEN = (RequestState.SUBMITTED, RequestState.APPROVED)


def expire_requests(premises: Premises) -> int:
    """Record the expiry of every request whose time is over; how many there were."""
    now = premises.clock.now()
    with premises.store.reading() as transaction:
        if not any(True for _ in _overdue(premises, transaction, now)):
            return 0
    with premises.store.writing() as transaction:
        overdue = {request.number: request for request in _overdue(premises, transaction, now)}
        for request in overdue.values():
            require_request_transition(request.state, RequestState.EXPIRED)
            transaction.requests.set_state(request.number, request.state, RequestState.EXPIRED)
        entries = [_entry(request, now) for request in overdue.values()]
        transaction.inbox.put(premises.leaves.make_all(entries))
    return len(overdue)


def escalate_reviews(premises: Premises) -> int:
    """Record and tell, once for each, that after-reviews are overdue; how many there were."""
    now = premises.clock.now()
    with premises.store.reading() as transaction:
        if all(record.escalated_at for record in transaction.reviews.overdue(now)):
            return 0
    with premises.store.writing() as transaction:
        overdue = [record for record in transaction.reviews.overdue(now) if record.escalated_at is None]
        for record in overdue:
            transaction.reviews.save(replace(record, escalated_at=now))
        transaction.inbox.put(premises.leaves.make_all([_escalation(record, now) for record in overdue]))
    for record in overdue:
        premises.runs.tell(Notice(record.run, Risk.EMERGENCY, record.state_at(now), now, loud=True))
    return len(overdue)


def tell_trials(premises: Premises) -> int:
    """Record and tell, once for each, that the days of trials are over; how many there were."""
    now = premises.clock.now()
    with premises.store.reading() as transaction:
        if all(record.told_at for record in transaction.results.over(now)):
            return 0
    notices: list[Notice] = []
    with premises.store.writing() as transaction:
        over = [record for record in transaction.results.over(now) if record.told_at is None]
        for record in over:
            transaction.results.save(replace(record, told_at=now))
            risk = transaction.requests.get(record.request).risk
            notices.append(Notice(record.run, risk, RunState.ON_TRIAL, now))
        transaction.inbox.put(premises.leaves.make_all([_trial_over(record, now) for record in over]))
    for notice in notices:
        premises.runs.tell(notice)
    return len(notices)


def emergency_expires(premises: Premises, transaction: Transaction, request: Request) -> datetime:
    """When an emergency that nobody has started is no longer there to be started."""
    facts = request_facts(premises, transaction, request)
    return request.at + timedelta(seconds=approval_span(premises.policy, facts))


def _overdue(premises: Premises, transaction: Transaction, now: datetime) -> Iterator[Request]:
    for request in transaction.requests.overdue(_OPEN, now):
        if request.risk is not Risk.EMERGENCY:
            yield request
    for request in transaction.requests.page(MAX_PAGE, states=(RequestState.APPROVED,)):
        if request.risk is Risk.EMERGENCY:
            if emergency_expires(premises, transaction, request) <= now and not _is_in_progress(transaction, request):
                yield request
            continue
        approvals = counting(transaction.approvals.of(request.number), request.plan, premises.policy_digest)
        if approvals and any(approval.not_after <= now for approval in approvals):
            yield request


def _escalation(record: ReviewRecord, now: datetime) -> Entry:
    about = About(request=record.request, run=record.run)
    return service_entry(Tag.REVIEW_OVERDUE, about, now, {"unit": record.unit, "due": to_rfc3339(record.due)})


def _trial_over(record: ResultRecord, now: datetime) -> Entry:
    about = About(request=record.request, run=record.run)
    since = to_rfc3339(record.trial_ends) if record.trial_ends else ""
    return service_entry(Tag.TRIAL_OVER, about, now, {"since": since})


def _is_in_progress(transaction: Transaction, request: Request) -> bool:
    return any(run.state is RunState.CONFIRMING for run in transaction.runs.page(1, request=request.number))


def _entry(request: Request, now: datetime) -> Entry:
    about = About(request=request.number, plan=request.plan)
    moved: JsonObject = {"from": request.state.value, "to": RequestState.EXPIRED.value, "revision": request.revision}
    return service_entry(Tag.REQUEST_MOVED, about, now, moved)
