"""Requests as people see them, and everything that waits for somebody's signature."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from runner.engine.desk.approving import approval_span
from runner.engine.desk.expiry import emergency_expires
from runner.engine.desk.facts import request_facts
from runner.engine.desk.premises import Premises
from runner.engine.desk.readiness import hindrances, refused_changes
from runner.engine.desk.requesting import attachments_of
from runner.engine.desk.turns import grant_acts, hand_over_act, publication_act, request_acts, run_act
from runner.engine.plans import OpenPlan
from runner.errors import RefusedError
from runner.model.grant import GrantState
from runner.model.request import PublicationState, Request, RequestState
from runner.model.run import RunState
from runner.model.runbook import Risk
from runner.model.statement import RecordedStatement, StatementKind
from runner.model.time import to_rfc3339
from runner.rules.moves import next_move
from runner.service.policy_view import approval_marks
from runner.service.review_view import marks_of, review_acts, review_shown
from runner.service.standing_view import run_of_request
from runner.service.statement_view import statement_shown
from runner.store.store import Transaction
from runner.wire.api import MAX_PAGE, Words
from runner.wire.api_request import Act, RequestShown, Revision, Waiting
from runner.words import N_

_OVER = frozenset({RunState.LAPSED, RunState.CLOSED, RunState.NOT_ACCEPTED})
_OPEN_RUNS = frozenset(set(RunState) - _OVER)
_OPEN_REQUESTS = (RequestState.SUBMITTED, RequestState.APPROVED)


def request_shown(premises: Premises, transaction: Transaction, number: str, now: datetime) -> RequestShown:
    """A request with all an approver or executor needs.

    Raises:
        NotFoundError: there is no such request.
    """
    request = transaction.requests.get(number)
    opened = premises.plans.get(request.plan, transaction.plans)
    requested = tuple(_requested(transaction, request))
    statements = (*requested, *transaction.statements.of(number))
    runs = transaction.runs.page(MAX_PAGE, request=number)
    return RequestShown(
        request=request,
        digests=opened.plan.digests,
        statements=tuple(statement_shown(statement) for statement in statements),
        approvals=tuple(transaction.approvals.of(number)),
        runs=tuple(run_of_request(record) for record in runs),
        acts=request_acts(premises, transaction, request, now),
        hindrances=tuple(_words(refusal) for refusal in _hindrances(premises, transaction, request, opened, now)),
        otherwise=_otherwise(premises, transaction, request),
        approval_valid_for=approval_span(premises.policy, request_facts(premises, transaction, request)),
        attachments=attachments_of(requested[-1].signed.statement) if requested else {},
        revisions=tuple(
            Revision(before.revision, before.plan, before.state, before.at)
            for before in transaction.requests.revisions(number)
        ),
        marks=(
            *marks_of(premises, transaction, request, now),
            *approval_marks(premises, transaction, request),
        ),
        reviews=tuple(
            review_shown(premises, transaction, record, now) for record in transaction.reviews.of_request(number)
        ),
        risk_rules=tuple(Words(each.message, dict(each.facts)) for each in opened.plan.risk_rules),
    )


def waiting(premises: Premises, transaction: Transaction, person: str, now: datetime) -> Waiting:
    """Everything that waits for a signature, most urgent first; with `person`, only for theirs."""
    acts = [*_run_acts(premises, transaction, now), *_request_acts(premises, transaction, now)]
    acts += [*_publication_acts(premises, transaction), *_grant_acts(premises, transaction)]
    acts += review_acts(premises, transaction)
    wanted = [act for act in acts if not person or person in act.people]
    return Waiting(tuple(sorted(wanted, key=lambda act: _urgency(act, now))))


def _urgency(act: Act, now: datetime) -> tuple[bool, bool, str]:
    """What ends first comes first; an after-review or an acceptance that is not overdue keeps nobody waiting."""
    has_time = act.kind in (StatementKind.REVIEW, StatementKind.ACCEPT) and act.until is not None and now < act.until
    return has_time, act.until is None, to_rfc3339(act.until) if act.until else ""


def _run_acts(premises: Premises, transaction: Transaction, now: datetime) -> Iterator[Act]:
    for record in transaction.runs.in_states(_OPEN_RUNS):
        opened = premises.plans.get(record.plan, transaction.plans)
        move = next_move(opened.expansion, record, now, premises.policy)
        if act := run_act(premises, transaction, record, move, now):
            yield act
        if act := hand_over_act(premises, transaction, record, now):
            yield act


def _request_acts(premises: Premises, transaction: Transaction, now: datetime) -> Iterator[Act]:
    """The first act of each open request; a start only once nothing stands in its way."""
    for request in transaction.requests.page(MAX_PAGE, states=_OPEN_REQUESTS):
        acts = request_acts(premises, transaction, request, now)
        if not acts:
            continue
        if request.state is RequestState.APPROVED:
            opened = premises.plans.get(request.plan, transaction.plans)
            if any(True for _ in hindrances(premises, transaction, request, opened.plan, now)):
                continue
        yield acts[0]


def _publication_acts(premises: Premises, transaction: Transaction) -> Iterator[Act]:
    for publication in transaction.publications.page(MAX_PAGE, states=(PublicationState.PROPOSED,)):
        if act := publication_act(premises, transaction, publication):
            yield act


def _grant_acts(premises: Premises, transaction: Transaction) -> Iterator[Act]:
    """The first act of each grant that is not closed."""
    for record in transaction.grants.page(MAX_PAGE, states=(GrantState.APPLIED, GrantState.GRANTED)):
        yield from grant_acts(premises, transaction, record)[:1]


def _hindrances(
    premises: Premises, transaction: Transaction, request: Request, opened: OpenPlan, now: datetime
) -> Iterator[RefusedError]:
    yield from hindrances(premises, transaction, request, opened.plan, now)
    if request.state is RequestState.APPROVED:
        yield from refused_changes(premises, premises.planner.changes_of(opened.plan))


def _words(refusal: RefusedError) -> Words:
    return Words(
        refusal.message, {name: value for name, value in refusal.facts.items() if not isinstance(value, float)}
    )


def _requested(transaction: Transaction, request: Request) -> Iterator[RecordedStatement]:
    """The signed request itself; its subject is the plan, and it was recorded with the request."""
    for statement in transaction.statements.of(request.plan):
        signed = statement.signed.statement
        if signed.kind is StatementKind.REQUEST and (signed.person, statement.recorded) == (
            request.requester,
            request.at,
        ):
            yield statement


def _otherwise(premises: Premises, transaction: Transaction, request: Request) -> Words:
    if request.state not in _OPEN_REQUESTS:
        return Words(N_("nothing: the change is {state}"), {"state": request.state.value})
    if request.risk is Risk.EMERGENCY:
        until = emergency_expires(premises, transaction, request)
        return Words(N_("it expires at {until} if nobody starts it"), {"until": to_rfc3339(until)})
    if request.standing is not None:
        return Words(N_("it expires at {until}"), {"until": to_rfc3339(request.standing.until)})
    if request.window is None:
        return Words(N_("nothing: it waits"))
    return Words(N_("it expires when its window closes at {closes}"), {"closes": to_rfc3339(request.window.closes)})
