"""After the result (L13): a business owner verifies it, and at the end of a trial two departments accept it."""

from __future__ import annotations

from dataclasses import replace

from runner.engine.desk.case import Case
from runner.engine.desk.closing import BECAME, entered, entering
from runner.engine.desk.facts import run_facts
from runner.engine.desk.joint import about_run, decided, drop_own, not_asked
from runner.engine.desk.outcomes import run_outcome
from runner.engine.desk.reasons import require_reason
from runner.engine.desk.saying import flag_of, follow_up_of, text_of
from runner.errors import UsageError
from runner.model.document import JsonObject
from runner.model.joint import ActSignature
from runner.model.result import Acceptance, Findings, ResultRecord, Verification
from runner.model.run import RunRecord, RunState
from runner.model.statement import StatementKind
from runner.rules.accepting import after_verifying, is_accepted_by_both, require_trial_over
from runner.rules.statements import accept_content, verify_content
from runner.rules.tags import Tag
from runner.rules.transitions import require_run_transition
from runner.wire.api_request import Outcome
from runner.words import N_

MAX_FINDINGS = 50
"""Findings of one verification."""


def verify(case: Case) -> Outcome:
    """Record what a business owner found; accepted, the run goes on, otherwise people decide.

    Raises:
        RefusedError: the run does not wait for it, or this person may not verify it.
        UsageError: it says too little.
    """
    record = _run_in(case, RunState.AWAITING_BUSINESS, RunState.DISPUTED)
    result = case.transaction.results.get(record.id)
    found = _findings(case)
    case.require_content(record.id, verify_content(record.id, record.plan, result.state, found))
    case.require_policy(run_facts(case.premises, case.transaction, record))
    case.record(Tag.RUN_VERIFIED, about_run(record))
    verification = Verification(case.person.name, case.signed.id, case.now, found)
    result = replace(result, verifications=(*result.verifications, verification))
    state = after_verifying(result) if found.accepted else RunState.DISPUTED
    moved = record
    if state is not record.state:
        moved = _go(case, record, result, state)
    else:
        case.transaction.results.save(result)
    return run_outcome(case, moved, BECAME[state])


def accept(case: Case) -> Outcome:
    """Put a signature under what becomes of a change on trial; with both departments it takes effect.

    Raises:
        RefusedError: it is not on trial, its days are not over, or this person may not accept it.
        UsageError: it says too little, or names no change that follows what is not accepted.
    """
    record = _run_in(case, RunState.ON_TRIAL)
    result = case.transaction.results.get(record.id)
    said = _acceptance(case, record)
    if result.trial_ends is None:
        raise not_asked(case, record)
    content = accept_content(record.id, record.plan, result.trial_ends, said)
    case.require_content(record.id, content)
    if said.accepted:
        require_trial_over(result, case.now)
    drop_own(case, record, content)
    first = case.transaction.acts.find_open(StatementKind.ACCEPT, record.id, content)
    signers = tuple(signature.person for signature in first.signatures) if first else ()
    facts = run_facts(case.premises, case.transaction, record, signers)
    case.require_policy(facts)
    case.record(Tag.ACCEPTANCE_SIGNED, about_run(record))
    signature = ActSignature(case.person.name, case.signed.id, case.now)
    act = case.transaction.acts.sign(StatementKind.ACCEPT, record.id, content, signature)
    if not is_accepted_by_both((each.person for each in act.signatures), facts, case.premises.policy):
        waits = N_("{person} has signed; somebody of the other department must sign the same")
        return run_outcome(case, record, waits, complete=False)
    case.transaction.acts.finish(act.id)
    case.transaction.acts.drop_open_of(record.id)
    result = replace(result, acceptance=said, signatures=act.signatures)
    moved = _go(case, record, result, RunState.CLOSED if said.accepted else RunState.NOT_ACCEPTED)
    told: JsonObject = {
        "by": [each.person for each in act.signatures],
        "late": result.is_overdue(case.now),
        **{name: content[name] for name in ("accepted", "conclusion", "follow_up")},
    }
    case.note(Tag.TRIAL_DECIDED, about_run(record), told)
    return run_outcome(case, moved, BECAME[moved.state])


def _run_in(case: Case, *states: RunState) -> RunRecord:
    record = case.transaction.runs.get(case.statement.subject)
    if record.state not in states:
        raise not_asked(case, record)
    return record


def _go(case: Case, record: RunRecord, result: ResultRecord, state: RunState) -> RunRecord:
    """Bring a run into the state its result leads to."""
    require_run_transition(record.state, state)
    result = entering(result, state, case.now)
    case.transaction.results.save(result)
    moved = replace(decided(case.claim(record)), state=state)
    case.transaction.runs.save(moved)
    case.note(Tag.RUN_MOVED, about_run(record), {"from": record.state.value, "to": state.value})
    entered(case, record, result, state)
    return moved


def _findings(case: Case) -> Findings:
    accepted, verified = flag_of(case, "accepted"), require_reason(text_of(case, "verified"))
    findings = case.statement.content.get("findings")
    if not isinstance(findings, list) or len(findings) > MAX_FINDINGS:
        raise UsageError(N_('statement: "findings" must be a list of at most {limit}'), limit=MAX_FINDINGS)
    if not accepted and not findings:
        raise UsageError(
            N_("what is not accepted needs a finding"), hint=N_("say what is wrong: --finding, once or several times")
        )
    texts = (finding if isinstance(finding, str) else "" for finding in findings)
    return Findings(accepted, verified, tuple(require_reason(text) for text in texts))


def _acceptance(case: Case, record: RunRecord) -> Acceptance:
    accepted, conclusion = flag_of(case, "accepted"), require_reason(text_of(case, "conclusion"))
    follow_up = follow_up_of(case, record)
    if accepted and follow_up:
        raise UsageError(N_("what is accepted is not followed by another change"))
    if not accepted and not follow_up:
        raise UsageError(
            N_("run {run}: what is not accepted is undone or mended by a new change; none is named"),
            hint=N_("request it first, then name it: --follow-up NUMBER"),
            run=record.id,
        )
    return Acceptance(accepted, conclusion, follow_up)
