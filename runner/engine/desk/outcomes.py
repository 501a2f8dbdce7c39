"""What the desk answers: what a statement brought about, and whose turn it is now."""

from __future__ import annotations

from runner.engine.desk.case import Case
from runner.engine.desk.turns import request_acts, run_act
from runner.model.request import Request, RequestState
from runner.model.run import RunRecord
from runner.rules.moves import next_move
from runner.wire.api import Words
from runner.wire.api_request import Act, Outcome


def request_outcome(case: Case, request: Request, message: str) -> Outcome:
    """The outcome of a statement about a request."""
    acts = request_acts(case.premises, case.transaction, request, case.now)
    return Outcome(
        statement=case.signed.id,
        kind=case.statement.kind,
        subject=case.statement.subject,
        state=request.state.value,
        complete=True,
        message=Words(
            message, {"number": request.number, "state": request.state.value, "requester": request.requester}
        ),
        next=acts[0] if request.state in (RequestState.SUBMITTED, RequestState.APPROVED) and acts else None,
        request=request.number,
    )


def run_outcome(case: Case, record: RunRecord, message: str, *, complete: bool = True) -> Outcome:
    """The outcome of a statement about a run."""
    return Outcome(
        statement=case.signed.id,
        kind=case.statement.kind,
        subject=case.statement.subject,
        state=record.state.value,
        complete=complete,
        message=Words(message, {"run": record.id, "state": record.state.value, "person": case.person.name}),
        next=_next(case, record),
        request=record.request,
        run=record.id,
    )


def _next(case: Case, record: RunRecord) -> Act | None:
    expansion = case.open_plan(record.plan).expansion
    move = next_move(expansion, record, case.now, case.premises.policy)
    return run_act(case.premises, case.transaction, record, move, case.now)
