"""Runs as people see them, put together from what is recorded and what the rules say comes next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from runner.engine.desk.premises import Premises
from runner.engine.desk.turns import hand_over_act, run_act, start_of
from runner.engine.plans import OpenPlan
from runner.model.people import Person
from runner.model.request import Request
from runner.model.run import RunKind, RunRecord, RunState
from runner.model.runbook import Risk
from runner.model.statement import RecordedStatement, StatementKind
from runner.model.text import Text
from runner.model.time import to_rfc3339
from runner.rules.expansion import rollback_estimate
from runner.rules.move import Begin, Fallback, Move, TurnBack, WaitAttempt, WaitPeople, WaitUntil
from runner.rules.moves import next_move
from runner.rules.situation import situate
from runner.rules.windows import overrun
from runner.service.review_view import review_of_run
from runner.service.statement_view import statement_shown
from runner.service.step_view import Outputs, steps_shown
from runner.store.store import Transaction
from runner.wire.api import Words
from runner.wire.api_request import Act
from runner.wire.api_run import Asked, RunRow, RunShown
from runner.words import N_


def run_shown(premises: Premises, transaction: Transaction, run: str, now: datetime) -> RunShown:
    """Everything a live view shows of a run besides its output.

    Raises:
        NotFoundError: there is no such run.
    """
    newest = transaction.inbox.newest()
    record = transaction.runs.get(run)
    opened = premises.plans.get(record.plan, transaction.plans)
    move = next_move(opened.expansion, record, now, premises.policy)
    situation = situate(opened.expansion, record, now, premises.policy)
    act = run_act(premises, transaction, record, move, now)
    names = {host.identity: host.name for host in opened.plan.binding.hosts}
    return RunShown(
        row=run_rows(premises, transaction, (record,))[0],
        plan=record.plan,
        content=opened.plan.digests.content,
        batches=opened.expansion.batches,
        steps=steps_shown(situation, _outputs(transaction, record)),
        current=_current(record, move),
        act=act,
        asked=_asked(record, move),
        rollback_decision_by=situation.latest_rollback_decision,
        rollback_estimate=rollback_estimate(opened.plan.runbook, len(opened.expansion.batches)),
        overrun=opened.plan.risk is not Risk.EMERGENCY and bool(overrun(record, now)),
        otherwise=_unless_signed(act, otherwise(record, move)),
        wish=record.wish,
        decisions=record.decisions,
        statements=tuple(statement_shown(statement) for statement in _statements(transaction, record)),
        holding=tuple(names.get(lock.identity, lock.identity) for lock in transaction.locks.of(run)),
        event=newest,
        now=now,
        review=review_of_run(premises, transaction, run, now),
        hand_over=hand_over_act(premises, transaction, record, now),
        hand_overs=record.hand_overs,
        result=transaction.results.find(run),
    )


def run_rows(premises: Premises, transaction: Transaction, records: Iterable[RunRecord]) -> tuple[RunRow, ...]:
    """Runs in a list."""
    listed = tuple(records)
    requests = transaction.requests.find_all(record.request for record in listed if record.request)
    people = premises.register.of(transaction).people
    return tuple(
        replace(
            _listed(premises, transaction, record, requests.get(record.request)),
            vendor=_company(people.get(record.executor)),
        )
        for record in listed
    )


def _company(executor: Person | None) -> str:
    """Whose employee an executor is; empty: of the house."""
    return executor.vendor.company if executor is not None and executor.vendor is not None else ""


def _listed(premises: Premises, transaction: Transaction, record: RunRecord, request: Request | None) -> RunRow:
    if request is not None:
        return _row(record, Text(request.title_en, request.title_zh), request.runbook_id, request.risk, premises)
    opened: OpenPlan = premises.plans.get(record.plan, transaction.plans)
    return _row(record, opened.plan.runbook.title, opened.plan.runbook.id, opened.plan.risk, premises)


def otherwise(record: RunRecord, move: Move) -> Words:  # noqa: PLR0911 - one sentence for each move
    """What happens to a run if nobody presses anything."""
    match move:
        case WaitAttempt(key=key, cancel=cancel):
            deadline = next(attempt.deadline for attempt in record.attempts if attempt.key == key)
            facts: dict[str, str | int | None] = {"step": key.step, "deadline": to_rfc3339(deadline)}
            if cancel:
                return Words(N_("step {step} ends at its next task border, at the latest at {deadline}"), facts)
            return Words(N_("step {step} ends by itself, at the latest at {deadline}; then the run goes on"), facts)
        case WaitPeople(until=until, fallback=fallback) if until is not None:
            return Words(_FALLBACKS[fallback], {"until": to_rfc3339(until)})
        case WaitPeople():
            return Words(N_("nothing: the run waits for its two people, however long it takes"))
        case WaitUntil(instant=instant):
            return Words(N_("the next look is taken at {instant}"), {"instant": to_rfc3339(instant)})
        case Begin() | TurnBack():
            return Words(N_("the run goes on by itself"))
    if record.state in _AFTERWARDS:
        return Words(_AFTERWARDS[record.state])
    if record.state in (RunState.CLOSED, RunState.NOT_ACCEPTED, RunState.LAPSED) or record.kind is RunKind.CHECK:
        return Words(N_("nothing: the run is over"))
    return Words(N_("nothing: the result stays unsigned, and another run of this change cannot start"))


def _unless_signed(act: Act | None, sentence: Words) -> Words:
    """The sentence, or that the first of two signatures lapses, where that comes before."""
    if act is None or act.content is None or act.until is None or not act.signed:
        return sentence
    until, lapses = str(sentence.facts.get("until") or ""), to_rfc3339(act.until)
    if until and until <= lapses:
        return sentence
    said = N_("at {until} the signature of {person} lapses, and the run waits on for both")
    return Words(said, {"until": lapses, "person": ", ".join(act.signed)})


_AFTERWARDS = {
    RunState.AWAITING_BUSINESS: N_("nothing: the run is not done until a business owner has verified its result"),
    RunState.DISPUTED: N_(
        "nothing: the business verifies it again once it is mended, or its two people close it as not accepted"
    ),
    RunState.ON_TRIAL: N_("nothing: it stays on trial until information and using department accept it, or do not"),
}

_FALLBACKS = {
    Fallback.WAIT: N_("the run waits; what may be chosen changes at {until}"),
    Fallback.ASK: N_("at {until} the run stops waiting and asks for a decision"),
    Fallback.ROLL_BACK: N_("at {until} the run rolls back by itself"),
    Fallback.LAPSE: N_("at {until} the executor's signature lapses and nothing begins"),
}


def _row(record: RunRecord, title: Text, runbook: str, risk: Risk, premises: Premises) -> RunRow:
    return RunRow(
        id=record.id,
        kind=record.kind,
        request=record.request,
        title=title,
        runbook_id=runbook,
        state=record.state,
        production=premises.site.production,
        risk=risk,
        executor=record.executor,
        confirmer=record.confirmer,
        created_at=record.created_at,
        started_at=record.started_at,
        ended_at=record.ended_at,
        window=record.window,
        standing=record.standing,
    )


def _current(record: RunRecord, move: Move) -> tuple[int, str] | None:
    match move:
        case Begin(key=at) | WaitAttempt(key=at) | WaitPeople(at=at) if at.step:
            return at.batch, at.step
        case TurnBack(turn=turn):
            return turn.batch, turn.step
        case WaitUntil() if record.attempts:
            return record.attempts[-1].key.batch, record.attempts[-1].key.step
    return None


def _asked(record: RunRecord, move: Move) -> Asked | None:
    if not isinstance(move, WaitPeople) or move.question is None:
        return None
    at = move.at
    reason = next((attempt.reason for attempt in record.attempts if attempt.key == at), "")
    return Asked(move.question, move.choices, at.batch, at.step, at.role, at.number, reason)


def _outputs(transaction: Transaction, record: RunRecord) -> dict[int, Outputs]:
    """Values that steps reported, by batch."""
    batches = {attempt.key.batch for attempt in record.attempts}
    return {batch: transaction.runs.outputs_of(record.id, batch) for batch in batches}


def _statements(transaction: Transaction, record: RunRecord) -> tuple[RecordedStatement, ...]:
    """Every statement about a run, the one that made it first."""
    about = transaction.statements.of(record.id)
    if record.kind is RunKind.CHANGE:
        return (start_of(transaction, record), *about)
    checks = (
        statement
        for statement in transaction.statements.of(record.plan)
        if statement.signed.statement.kind is StatementKind.CHECK and statement.recorded == record.created_at
    )
    return (*checks, *about)
