"""The result of a run, signed by its executor and confirmer (L13), and what the run goes on to."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from runner.engine.desk.case import Case
from runner.engine.desk.facts import run_facts
from runner.engine.desk.joint import Joint, about_run, decided, not_asked, sign
from runner.engine.desk.reasons import optional_reason, require_reason
from runner.engine.desk.saying import follow_up_of, text_of
from runner.engine.notifier import Notice
from runner.errors import UsageError
from runner.model.result import Achievement, Configuration, ResultRecord
from runner.model.run import UNSIGNED, RunKind, RunRecord, RunState
from runner.model.runbook import Risk
from runner.model.time import to_rfc3339
from runner.rules.accepting import after_signing, business_verifies, trial_end
from runner.rules.statements import close_content
from runner.rules.tags import Tag
from runner.rules.terms import terms_of
from runner.rules.transitions import require_run_transition
from runner.rules.windows import overrun
from runner.wire.api_request import Outcome
from runner.words import N_

BECAME: Final = {
    RunState.CLOSED: N_("run {run} is closed"),
    RunState.AWAITING_BUSINESS: N_("run {run}: its result is signed by both; a business owner verifies it"),
    RunState.DISPUTED: N_("run {run}: the business does not accept its result; people decide what becomes of it"),
    RunState.ON_TRIAL: N_("run {run} is on trial; information and using department accept it afterwards"),
    RunState.NOT_ACCEPTED: N_("run {run} is over: not accepted"),
}
"""What has happened to a run, by the state it is in now."""
OVER: Final = frozenset({RunState.CLOSED, RunState.NOT_ACCEPTED})
"""States in which nothing more is owed."""


def close(case: Case) -> Outcome:
    """Sign the result of a run that has ended, or close what the business did not accept.

    Raises:
        RefusedError: the run waits for no such signature, or this person may not give it.
        UsageError: it says too little.
    """
    record = case.transaction.runs.get(case.statement.subject)
    if record.state not in UNSIGNED | {RunState.DISPUTED} or record.kind is not RunKind.CHANGE:
        raise not_asked(case, record)
    said = _achievement(case, record)
    result = _dispute(case, record, said) if record.state is RunState.DISPUTED else _result(case, record, said)
    state = RunState.NOT_ACCEPTED if result.dispute else after_signing(result)
    require_run_transition(record.state, state)
    result = entering(result, state, case.now)

    def effect(run: RunRecord) -> RunRecord:
        (case.transaction.results.save if result.dispute else case.transaction.results.add)(result)
        return replace(decided(run), state=state)

    outcome = sign(
        case,
        record,
        Joint(
            content=close_content(record.id, record.plan, record.state, said),
            about=about_run(record),
            signed=Tag.RUN_RESULT_SIGNED,
            done=Tag.RUN_MOVED,
            effect=effect,
            details={
                "from": record.state.value,
                "to": state.value,
                **{
                    name: value
                    for name, value in case.statement.content.items()
                    if name not in ("run", "plan", "state")
                },
            },
            message=BECAME[state],
        ),
    )
    if outcome.complete:
        entered(case, record, result, state)
        _release(case, record)
    return outcome


def entering(result: ResultRecord, state: RunState, now: datetime) -> ResultRecord:
    """A result as its run comes into a state: with its trial begun, or with nothing more owed."""
    if state in OVER:
        return replace(result, done_at=now)
    return replace(result, trial_ends=trial_end(result, now)) if state is RunState.ON_TRIAL else result


def entered(case: Case, record: RunRecord, result: ResultRecord, state: RunState) -> None:
    """Put on record that a trial has begun, and tell people outside of what now waits for them."""
    if state is RunState.ON_TRIAL and result.trial_ends is not None:
        case.note(Tag.TRIAL_BEGUN, about_run(record), {"until": to_rfc3339(result.trial_ends)})
    if state not in OVER:
        risk = case.transaction.requests.get(record.request).risk
        notice = Notice(record.id, risk, state, case.now)
        case.transaction.after_commit(lambda: case.premises.runs.tell(notice))


def _result(case: Case, record: RunRecord, said: Achievement) -> ResultRecord:
    """The result of a run that has ended, with what its class, its runbook and its request ask for afterwards."""
    facts = run_facts(case.premises, case.transaction, record)
    terms = terms_of(case.premises.policy, facts.risk, facts.environment, facts.unit)
    return ResultRecord(
        run=record.id,
        request=record.request,
        state=record.state,
        achievement=said,
        signed_at=case.now,
        business=business_verifies(case.open_plan(record.plan).plan.runbook, terms, record),
        trial=case.transaction.requests.get(record.request).trial,
    )


def _dispute(case: Case, record: RunRecord, said: Achievement) -> ResultRecord:
    return replace(case.transaction.results.get(record.id), dispute=said)


def _achievement(case: Case, record: RunRecord) -> Achievement:
    reason = optional_reason(text_of(case, "reason"))
    _require_explained(case, record, reason)
    return Achievement(
        achieved=require_reason(text_of(case, "achieved")),
        reason=reason,
        configuration=_configuration(case),
        reference=_reference(case),
        follow_up=follow_up_of(case, record) if record.state is RunState.DISPUTED else "",
    )


def _configuration(case: Case) -> Configuration:
    given = text_of(case, "configuration")
    try:
        return Configuration(given)
    except ValueError as error:
        raise UsageError(
            N_('statement: "configuration" must be one of {choices} (got "{got}")'),
            hint=N_("say whether the configuration record was updated: --configuration"),
            choices=", ".join(Configuration),
            got=given[:40],
        ) from error


def _reference(case: Case) -> str:
    reference = optional_reason(text_of(case, "reference"))
    if text_of(case, "configuration") == Configuration.UPDATED and not reference:
        raise UsageError(
            N_("the configuration record was updated: say where"),
            hint=N_("add --reference, such as the number of its entry"),
        )
    return reference


def _require_explained(case: Case, record: RunRecord, reason: str) -> None:
    """A run that did not go as planned is closed with the reason why; no window was planned for an emergency."""
    risk = case.transaction.requests.get(record.request).risk
    late = overrun(record, case.now) if record.ended_at and risk is not Risk.EMERGENCY else 0
    if reason or (record.state is RunState.SUCCEEDED and not late):
        return
    raise UsageError(
        N_("run {run}: it ended {state}, {late} seconds after its window; say why it did not go as planned")
        if late
        else N_("run {run}: it ended {state}; say why it did not go as planned"),
        hint=N_("add --reason"),
        run=record.id,
        state=record.state.value,
        late=late,
    )


def _release(case: Case, record: RunRecord) -> None:
    """Let the run's hosts go: its trial holds none."""
    if case.transaction.locks.of(record.id):
        case.transaction.locks.release(record.id)
        case.note(Tag.LOCKS_RELEASED, about_run(record))
