"""Standing approvals as people see them: until when, how much is left, what ran under them, what ends soon."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from runner.engine.desk.premises import Premises
from runner.model.request import Request, RequestState, StandingTerms
from runner.model.run import RunRecord
from runner.rules.standing import what_is_left
from runner.service.sight import Sight
from runner.store.store import Transaction
from runner.wire.api_request import RunOfRequest, StandingList, StandingRow

_STANDS: Final = (RequestState.SUBMITTED, RequestState.APPROVED)
_RUNS: Final = 5
"""Runs shown of each."""


def standing_list(
    premises: Premises, transaction: Transaction, sight: Sight, now: datetime, *, everything: bool
) -> StandingList:
    """Those that are seen and stand or wait for their approval; with `everything`, those that are over too."""
    requests = transaction.requests.standing(() if everything else _STANDS)
    rows = (
        _row(premises, transaction, request, request.standing, now)
        for request in requests
        if request.standing is not None and sight.request(request)
    )
    return StandingList(tuple(rows))


def run_of_request(record: RunRecord) -> RunOfRequest:
    """A run in the list of its request."""
    return RunOfRequest(record.id, record.state, record.executor, record.confirmer, record.created_at, record.ended_at)


def _row(
    premises: Premises, transaction: Transaction, request: Request, terms: StandingTerms, now: datetime
) -> StandingRow:
    approvals = tuple(each for each in transaction.approvals.of(request.number) if each.plan == request.plan)
    until, left = what_is_left(terms, approvals)
    stands = request.state is RequestState.APPROVED
    warned = now + timedelta(seconds=premises.policy.standing.warn_before) >= until
    return StandingRow(
        request=request,
        approvals=approvals,
        until=until,
        left=left,
        runs=tuple(run_of_request(record) for record in transaction.runs.page(_RUNS, request=request.number)),
        soon=stands and (warned or left <= 1),
    )
