"""Starting a run: the executor signs, another person confirms within minutes, and only then anything begins (L1).

At both signatures everything is looked at again: state, window, approvals, content, inventory and tools. A run in check
mode changes nothing and needs one signature over published content.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from runner.engine.desk import standing
from runner.engine.desk.case import Case
from runner.engine.desk.facts import plan_facts, request_facts, run_facts
from runner.engine.desk.outcomes import run_outcome
from runner.engine.desk.readiness import hindrances, require_same_binding
from runner.engine.desk.requesting import move, require_no_laxer_terms, require_published
from runner.engine.desk.reviewing import begin_emergency
from runner.engine.desk.turns import start_of
from runner.errors import RefusedError
from runner.model.document import JsonObject
from runner.model.log import About
from runner.model.plan import Plan
from runner.model.request import Request, RequestState
from runner.model.run import RunKind, RunRecord, RunState
from runner.model.runbook import Risk
from runner.model.time import to_rfc3339
from runner.rules.statements import check_content, confirm_content, start_content
from runner.rules.tags import Tag
from runner.rules.windows import is_marked
from runner.wire.api_request import Outcome
from runner.words import N_


def start(case: Case) -> Outcome:
    """Record the executor's signature as a run that waits for its confirmer, or begins under a standing approval.

    Raises:
        RefusedError: not approved, outside window or approval, a run of it goes on, the plan is no longer what was
            approved, or law and policy forbid it to this person.
    """
    request = case.transaction.requests.get(case.statement.subject)
    case.require_content(request.number, start_content(request))
    facts = request_facts(case.premises, case.transaction, request)
    case.require_policy(facts)
    plan = case.open_plan(request.plan).plan
    _require_ready(case, request, plan)
    if request.standing is not None:
        return standing.begin(case, request, plan)
    record = RunRecord(
        id=case.transaction.runs.next_id(request.number, case.now),
        kind=RunKind.CHANGE,
        request=request.number,
        plan=request.plan,
        state=RunState.CONFIRMING,
        epoch=0,
        executor=case.person.name,
        confirmer="",
        created_at=case.now,
        window=request.window,
    )
    about = About(request=request.number, run=record.id, plan=request.plan)
    case.record(Tag.RUN_START_SIGNED, about, _marks(case, request))
    case.transaction.runs.add(record)
    case.note(Tag.RUN_CREATED, about, {"kind": record.kind.value, "state": record.state.value})
    case.transaction.after_commit(lambda: case.premises.runs.warm(record.id))
    case.wake_after(record.id)
    return run_outcome(case, record, N_("run {run} waits for its confirmer"))


def confirm(case: Case) -> Outcome:
    """Use the approvals, take the hosts and let the run begin.

    Raises:
        RefusedError: as for `start`, or the executor's signature has lapsed, or another run holds a host.
    """
    record = case.transaction.runs.get(case.statement.subject)
    request = case.transaction.requests.get(record.request)
    signed = start_of(case.transaction, record)
    case.require_content(record.id, confirm_content(request, record.id, signed.signed.id, record.executor))
    _require_confirming(case, record)
    facts = run_facts(case.premises, case.transaction, record)
    case.require_policy(facts, case.terminals_of([signed.signed.id]))
    plan = case.open_plan(request.plan).plan
    _require_ready(case, request, plan, but=record.id)
    about = About(request=request.number, run=record.id, plan=record.plan)
    case.record(Tag.RUN_CONFIRM_SIGNED, about, _marks(case, request))
    is_used_up = _use_once_more(case, request)
    confirmed = replace(case.claim(record), confirmer=case.person.name)
    case.premises.runs.begin_run(case.transaction, confirmed, plan, case.now)
    begin_emergency(case, request, confirmed, facts)
    if is_used_up:
        move(case, request, RequestState.USED)
    case.wake_after(record.id)
    return run_outcome(case, case.transaction.runs.get(record.id), N_("run {run} has begun"))


def check(case: Case) -> Outcome:
    """Run a plan over published content in check mode."""
    plan = case.open_plan(case.statement.subject).plan
    digest = plan.digests.plan
    case.require_content(digest, check_content(plan.digests, plan.runbook.id, plan.runbook.version))
    publication = case.transaction.publications.get(plan.digests.content)
    require_published(plan.digests.content, publication.state)
    case.require_policy(plan_facts(case.premises, case.transaction, plan))
    require_same_binding(case, plan)
    record = RunRecord(
        id=case.transaction.runs.next_id("", case.now),
        kind=RunKind.CHECK,
        request="",
        plan=digest,
        state=RunState.CONFIRMING,
        epoch=0,
        executor=case.person.name,
        confirmer="",
        created_at=case.now,
        window=None,
    )
    about = About(run=record.id, plan=digest, content=plan.digests.content)
    case.record(Tag.CHECK_STARTED, about)
    case.transaction.runs.add(record)
    case.note(Tag.RUN_CREATED, about, {"kind": record.kind.value, "state": record.state.value})
    case.premises.runs.begin_run(case.transaction, case.claim(record), plan, case.now)
    case.wake_after(record.id)
    return run_outcome(case, case.transaction.runs.get(record.id), N_("run {run} checks the plan and changes nothing"))


def _use_once_more(case: Case, request: Request) -> bool:
    """Use the approvals for one more run (L4); whether that was the last. An emergency, which has none, is run once."""
    if request.risk is Risk.EMERGENCY:
        return True
    approvals = case.transaction.approvals.consume(request.number, request.plan, case.now, case.premises.policy_digest)
    return all(approval.used >= approval.max_runs for approval in approvals)


def _marks(case: Case, request: Request) -> JsonObject | None:
    """What the entry of a start says beside the statement: that it lies outside the window."""
    return {"outside_window": True} if is_marked(request.window, request.risk, case.now) else None


def _require_ready(case: Case, request: Request, plan: Plan, but: str = "") -> None:
    """Refuse a start for the first reason that stands in its way.

    Args:
        case: the statement at hand.
        request: what is to be started.
        plan: its plan.
        but: the run that is being confirmed, which is not in its own way.
    """
    for refusal in hindrances(case.premises, case.transaction, request, plan, case.now, but):
        raise refusal
    require_no_laxer_terms(case, plan, request_facts(case.premises, case.transaction, request))
    require_same_binding(case, plan)


def _require_confirming(case: Case, record: RunRecord) -> None:
    lapses = record.created_at + timedelta(seconds=case.premises.policy.start_valid_for)
    if record.state is RunState.LAPSED or (record.state is RunState.CONFIRMING and case.now >= lapses):
        raise RefusedError(
            N_("run {run}: the executor's signature was good until {until}"),
            rule="L2:start-lapsed",
            hint=N_("the executor signs the start again"),
            run=record.id,
            until=to_rfc3339(lapses),
        )
    if record.state is not RunState.CONFIRMING:
        raise RefusedError(
            N_("run {run}: is {state}, it does not wait for a confirmer"),
            rule="state:not-confirming",
            run=record.id,
            state=record.state.value,
        )
