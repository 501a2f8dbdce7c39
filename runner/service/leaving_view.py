"""What ends and what stays open when somebody leaves, as people see it before they sign and afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from runner.engine.desk.facts import grant_facts
from runner.engine.desk.premises import Premises
from runner.engine.desk.turns import review_act
from runner.model.grant import GrantRecord, GrantState, Leave
from runner.model.request import Request, RequestState
from runner.model.run import UNSIGNED, RunKind, RunRecord, RunState
from runner.model.statement import StatementKind
from runner.rules.leaving import Matters, leaving
from runner.rules.oversight import Remark
from runner.rules.policy import who_may
from runner.store.store import Transaction
from runner.wire.api import MAX_PAGE, Words
from runner.wire.api_people import LeavingShown


def leaving_shown(
    premises: Premises, transaction: Transaction, person: str, at: datetime | None = None
) -> LeavingShown:
    """What would end and stay open if somebody left.

    Args:
        premises: the service.
        transaction: where to read.
        person: who.
        at: when they left; None: they have not yet.

    Raises:
        UsageError: there is nobody of that name.
    """
    register = premises.register.of(transaction)
    matters = _matters(premises, transaction, person)
    found = leaving(register, person, matters, premises.clock.now() if at is None else at)
    return LeavingShown(person, _words(found.ends), _words(found.stays))


def leaving_of(premises: Premises, transaction: Transaction, record: GrantRecord) -> LeavingShown | None:
    """What a grant brings about by which somebody leaves; None for any other, or one that never takes effect."""
    if not isinstance(record.grant, Leave) or record.state in (GrantState.REJECTED, GrantState.WITHDRAWN):
        return None
    decided = record.decided_at if record.entered is not None else None
    return leaving_shown(premises, transaction, record.grant.person, decided)


def _matters(premises: Premises, transaction: Transaction, name: str) -> Matters:
    requests = [each for each in _requests(transaction) if each.requester == name]
    granted = _grants(transaction, GrantState.GRANTED)
    applied = _grants(transaction, GrantState.APPLIED)
    return Matters(
        sessions=len(transaction.sessions.open_of(name)),
        requested=tuple(each.number for each in requests if each.state is RequestState.SUBMITTED),
        approved=tuple(each.number for each in requests if each.state is RequestState.APPROVED),
        runs=tuple(each.id for each in _open_runs(transaction) if name in (each.executor, each.confirmer)),
        reviews=tuple(
            each.run for each in transaction.reviews.owed() if name in review_act(premises, transaction, each).people
        ),
        inspections=tuple(each.number for each in granted if _may_inspect(premises, transaction, each, name)),
        applications=tuple(each.number for each in applied if each.applicant == name),
    )


def _requests(transaction: Transaction) -> Iterator[Request]:
    before: str | None = None
    while page := transaction.requests.page(MAX_PAGE, states=_OPEN, before=before):
        yield from page
        before = page[-1].number


def _grants(transaction: Transaction, state: GrantState) -> Iterator[GrantRecord]:
    before: str | None = None
    while page := transaction.grants.page(MAX_PAGE, states=(state,), before=before):
        yield from page
        before = page[-1].number


def _open_runs(transaction: Transaction) -> Iterator[RunRecord]:
    """Runs that have not ended, or whose result is not signed."""
    before: str | None = None
    while page := transaction.runs.page(MAX_PAGE, states=_NOT_CLOSED, before=before):
        for record in page:
            if record.ended_at is None or (record.state in UNSIGNED and record.kind is RunKind.CHANGE):
                yield record
        before = page[-1].id


_OPEN: Final = (RequestState.SUBMITTED, RequestState.APPROVED)
_NOT_CLOSED: Final = tuple(state for state in RunState if state is not RunState.CLOSED)


def _may_inspect(premises: Premises, transaction: Transaction, record: GrantRecord, name: str) -> bool:
    return name in who_may(StatementKind.INSPECT, grant_facts(premises, transaction, record), premises.policy)


def _words(remarks: Iterable[Remark]) -> tuple[Words, ...]:
    return tuple(
        Words(each.message, {name: fact for name, fact in each.facts.items() if not isinstance(fact, float)})
        for each in remarks
    )
