"""Requests that nobody can start any more: their window has closed, or every approval of theirs is over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from runner.engine.desk.premises import Premises
from runner.engine.journal import service_entry
from runner.model.document import JsonObject
from runner.model.log import About, Entry
from runner.model.request import Request, RequestState
from runner.rules.tags import Tag
from runner.rules.transitions import require_request_transition
from runner.store.store import Transaction
from runner.wire.api import MAX_PAGE

_OPEN = (RequestState.SUBMITTED, RequestState.APPROVED)


def expire_requests(premises: Premises) -> int:
    """Record the expiry of every request whose time is over; how many there were."""
    now = premises.clock.now()
    with premises.store.reading() as transaction:
        if not any(True for _ in _overdue(transaction, now)):
            return 0
    with premises.store.writing() as transaction:
        overdue = {request.number: request for request in _overdue(transaction, now)}
        for request in overdue.values():
            require_request_transition(request.state, RequestState.EXPIRED)
            transaction.requests.set_state(request.number, request.state, RequestState.EXPIRED)
        entries = [_entry(request, now) for request in overdue.values()]
        transaction.inbox.put(premises.leaves.make_all(entries))
    return len(overdue)


def _overdue(transaction: Transaction, now: datetime) -> Iterator[Request]:
    yield from transaction.requests.overdue(_OPEN, now)
    for request in transaction.requests.page(MAX_PAGE, states=(RequestState.APPROVED,)):
        approvals = [each for each in transaction.approvals.of(request.number) if each.plan == request.plan]
        if approvals and any(approval.not_after <= now for approval in approvals):
            yield request


def _entry(request: Request, now: datetime) -> Entry:
    about = About(request=request.number, plan=request.plan)
    moved: JsonObject = {"from": request.state.value, "to": RequestState.EXPIRED.value, "revision": request.revision}
    return service_entry(Tag.REQUEST_MOVED, about, now, moved)
