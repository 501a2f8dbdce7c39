"""Standing approvals: asking for one, a run under it, taking it back, and its end with one of its two people.

The signed request and its approval are the two statements of every run (L1). A run under them begins at once with the
statement of whoever starts it, uses the approval once more in the same transaction (L4), and has the approval's end for
the end of its window: after it nothing new begins (L8).
"""

from __future__ import annotations

from typing import Final

from runner.engine.desk.case import Case
from runner.engine.desk.facts import request_facts
from runner.engine.desk.outcomes import request_outcome, run_outcome
from runner.engine.desk.reasons import require_reason
from runner.engine.desk.requesting import move
from runner.errors import RefusedError
from runner.model.grant import GrantKind, GrantRecord, concerns, kind_of
from runner.model.log import About
from runner.model.plan import Plan
from runner.model.request import Request, RequestState
from runner.model.run import RunKind, RunRecord, RunState
from runner.model.time import Window, to_rfc3339
from runner.rules.statements import revoke_content
from runner.rules.tags import Tag
from runner.wire.api_request import Outcome
from runner.words import N_

_OPEN: Final = (RequestState.SUBMITTED, RequestState.APPROVED)
_ENDING: Final = frozenset({GrantKind.SUSPEND, GrantKind.LEAVE})


def begin(case: Case, request: Request, plan: Plan) -> Outcome:
    """Begin a run at once: whatever could stand in its way has been looked at by the caller.

    Raises:
        RefusedError: the approval is used up or over, or another run holds a host.
    """
    about = About(
        request=request.number, run=case.transaction.runs.next_id(request.number, case.now), plan=request.plan
    )
    case.record(Tag.RUN_START_SIGNED, about, {"standing": True})
    approvals = case.transaction.approvals.consume(request.number, request.plan, case.now, case.premises.policy_digest)
    ends = min(approval.not_after for approval in approvals)
    record = RunRecord(
        id=about.run,
        kind=RunKind.CHANGE,
        request=request.number,
        plan=request.plan,
        state=RunState.CONFIRMING,
        epoch=0,
        executor=case.person.name,
        confirmer="",
        created_at=case.now,
        window=Window(case.now, ends),
        standing=True,
    )
    case.transaction.runs.add(record)
    case.note(Tag.RUN_CREATED, about, {"kind": record.kind.value, "state": record.state.value})
    left = min(approval.max_runs - approval.used for approval in approvals)
    case.note(Tag.STANDING_USED, about, {"left": left, "until": to_rfc3339(ends)})
    case.premises.runs.begin_run(case.transaction, case.claim(record), plan, case.now)
    if not left:
        move(case, request, RequestState.USED)
    case.wake_after(record.id)
    return run_outcome(
        case, case.transaction.runs.get(record.id), N_("run {run} has begun under its standing approval")
    )


def revoke(case: Case) -> Outcome:
    """Take a standing approval back, at once; a run in progress goes on.

    Raises:
        RefusedError: there is none, it is over, or this person may not.
    """
    request = case.transaction.requests.get(case.statement.subject)
    if request.standing is None or request.state not in _OPEN:
        raise RefusedError(
            N_("change {number}: is {state}, there is no standing approval to revoke"),
            rule="state:not-standing",
            hint=N_("see what stands: twokey change list --standing"),
            number=request.number,
            state=request.state.value,
        )
    value = case.statement.content.get("reason")
    reason = require_reason(value if isinstance(value, str) else "")
    case.require_content(request.number, revoke_content(request, reason))
    case.require_policy(request_facts(case.premises, case.transaction, request))
    case.record(Tag.REQUEST_REVOKED, About(request=request.number, plan=request.plan))
    revoked = move(case, request, RequestState.REVOKED)
    return request_outcome(case, revoked, N_("the standing approval of change {number} is revoked"))


def lapse_with(case: Case, record: GrantRecord) -> None:
    """End every standing approval of whoever a grant suspends or sees off, in the same transaction."""
    name = concerns(record.grant)
    if kind_of(record.grant) not in _ENDING or not name:
        return
    for request in case.transaction.requests.standing(_OPEN):
        approvers = {
            approval.approver
            for approval in case.transaction.approvals.of(request.number)
            if approval.plan == request.plan
        }
        if name == request.requester or name in approvers:
            about = About(request=request.number, plan=request.plan)
            case.note(Tag.STANDING_LAPSED, about, {"person": name, "grant": record.number})
            move(case, request, RequestState.REVOKED, why="standing:lapsed")
