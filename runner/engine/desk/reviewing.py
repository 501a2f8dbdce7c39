"""After-reviews of emergencies (L12): owed as soon as a run begins, signed by two others once it has ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from runner.engine.desk.case import Case
from runner.engine.desk.facts import run_facts
from runner.engine.desk.joint import about_run, drop_own
from runner.engine.desk.outcomes import run_outcome
from runner.engine.desk.reasons import require_reason
from runner.engine.desk.turns import review_act
from runner.errors import NotFoundError, RefusedError, UsageError
from runner.model.document import JsonObject
from runner.model.joint import ActSignature, JointAct
from runner.model.request import Request
from runner.model.review import ReviewRecord, Verdict
from runner.model.run import RunRecord
from runner.model.runbook import Risk
from runner.model.statement import StatementKind
from runner.model.time import to_rfc3339
from runner.rules.reviewing import Panel, panel_of
from runner.rules.ruling import Facts
from runner.rules.statements import review_content
from runner.rules.tags import Tag
from runner.rules.windows import is_marked
from runner.wire.api_request import Outcome
from runner.words import N_

MAX_FINDINGS = 50
"""Findings of one review."""


def begin_emergency(case: Case, request: Request, record: RunRecord, facts: Facts) -> None:
    """Put on record what follows from the beginning of an emergency: its mark, and the review that is owed."""
    if request.risk is not Risk.EMERGENCY:
        return
    about, window = about_run(record), request.window
    if window is not None and is_marked(window, request.risk, case.now):
        marked: JsonObject = {"opens": to_rfc3339(window.opens), "closes": to_rfc3339(window.closes)}
        case.note(Tag.RUN_OUTSIDE_WINDOW, about, marked)
    owed = ReviewRecord(
        run=record.id,
        request=request.number,
        unit=facts.unit,
        requester=request.requester,
        executor=record.executor,
        confirmer=record.confirmer,
        since=case.now,
        due=case.now + timedelta(seconds=case.premises.policy.emergency.review_within),
    )
    case.transaction.reviews.add(owed)
    case.note(Tag.REVIEW_OWED, about, {"unit": owed.unit, "due": to_rfc3339(owed.due)})


def review(case: Case) -> Outcome:
    """Put a signature under the after-review of an emergency; with enough of them it is done.

    Raises:
        RefusedError: none is owed, its run has not ended, or this person does not review it.
        UsageError: the conclusion is missing.
        NotFoundError: the permanent fix names no request.
    """
    record, owed = _owed(case)
    verdict = _verdict(case, record)
    content = review_content(record.id, record.plan, verdict)
    case.require_content(record.id, content)
    drop_own(case, record, content)
    first = case.transaction.acts.find_open(StatementKind.REVIEW, record.id, content)
    signers = tuple(signature.person for signature in first.signatures) if first else ()
    facts = run_facts(case.premises, case.transaction, record, signers)
    case.require_policy(facts)
    case.record(Tag.REVIEW_SIGNED, about_run(record))
    signature = ActSignature(case.person.name, case.signed.id, case.now)
    act = case.transaction.acts.sign(StatementKind.REVIEW, record.id, content, signature)
    panel = panel_of(facts, case.premises.policy)
    if not panel.is_complete(tuple(each.person for each in act.signatures)):
        return _outcome(case, record, owed, N_("{person} has signed; another reviewer must sign the same"))
    done = _finish(case, record, replace(owed, verdict=verdict), act, panel)
    message = N_("the after-review of run {run} is done")
    if done.deviation:
        message = N_("the after-review of run {run} is done, by people who took part: recorded as a deviation")
    return _outcome(case, record, done, message)


def _owed(case: Case) -> tuple[RunRecord, ReviewRecord]:
    record = case.transaction.runs.get(case.statement.subject)
    owed = case.transaction.reviews.find(record.id)
    if owed is None or owed.done_at is not None:
        raise RefusedError(
            N_("run {run}: no after-review is owed") if owed is None else N_("run {run}: its after-review is done"),
            rule="state:no-review-owed",
            run=record.id,
        )
    if record.ended_at is None:
        raise RefusedError(
            N_("run {run}: is {state}; it is reviewed once it has ended"),
            rule="state:run-goes-on",
            run=record.id,
            state=record.state.value,
        )
    return record, owed


def _verdict(case: Case, record: RunRecord) -> Verdict:
    content = case.statement.content
    findings, conclusion = content.get("findings"), content.get("conclusion")
    if not isinstance(findings, list) or len(findings) > MAX_FINDINGS:
        raise UsageError(N_('statement: "findings" must be a list of at most {limit}'), limit=MAX_FINDINGS)
    fix = content.get("permanent_fix")
    number = fix if isinstance(fix, str) else ""
    if number and (number == record.request or case.transaction.requests.find(number) is None):
        raise NotFoundError(
            N_("permanent fix {number}: there is no such other request"),
            hint=N_("`twokey change list` shows them all"),
            number=number[:40],
        )
    texts = (finding if isinstance(finding, str) else "" for finding in findings)
    return Verdict(
        tuple(require_reason(text) for text in texts),
        require_reason(conclusion if isinstance(conclusion, str) else ""),
        number,
    )


def _finish(case: Case, record: RunRecord, owed: ReviewRecord, act: JointAct, panel: Panel) -> ReviewRecord:
    case.transaction.acts.finish(act.id)
    for other in case.transaction.acts.open_of(record.id):
        if other.kind is StatementKind.REVIEW:
            case.transaction.acts.drop(other.id)
    done = replace(owed, done_at=case.now, signatures=act.signatures, deviation=panel.deviation)
    case.transaction.reviews.save(done)
    told: JsonObject = {
        "reviewers": [signature.person for signature in done.signatures],
        "deviation": done.deviation,
        "late": case.now >= done.due,
        **{name: act.content[name] for name in ("findings", "conclusion", "permanent_fix")},
    }
    case.note(Tag.REVIEW_DONE, about_run(record), told)
    return done


def _outcome(case: Case, record: RunRecord, owed: ReviewRecord, message: str) -> Outcome:
    outcome = run_outcome(case, record, message, complete=owed.done_at is not None)
    return replace(outcome, next=review_act(case.premises, case.transaction, owed) if owed.done_at is None else None)
