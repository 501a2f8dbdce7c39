"""Whose turn it is: the signatures that publications, requests and runs wait for."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from runner.engine.desk.facts import grant_facts, publication_facts, request_facts, run_facts, site_facts
from runner.engine.desk.premises import Premises
from runner.errors import VerificationError
from runner.model.grant import GrantRecord, GrantState, concerns, kind_of
from runner.model.joint import JointAct
from runner.model.request import Publication, PublicationState, Request, RequestState
from runner.model.result import ResultRecord
from runner.model.review import ReviewRecord
from runner.model.run import UNSIGNED, HandOver, Part, RunKind, RunRecord, RunState
from runner.model.runbook import Risk
from runner.model.statement import RecordedStatement, StatementKind
from runner.rules.move import Move, WaitPeople
from runner.rules.policy import who_may
from runner.rules.reviewing import facts_of
from runner.rules.windows import binding_window
from runner.store.store import Transaction
from runner.wire.api import Words
from runner.wire.api_request import Act
from runner.words import N_

_AFTERWARDS = {
    RunState.AWAITING_BUSINESS: StatementKind.VERIFY,
    RunState.DISPUTED: StatementKind.CLOSE,
    RunState.ON_TRIAL: StatementKind.ACCEPT,
}
"""What a run waits for whose result is signed."""

_TITLES = {
    StatementKind.APPROVE: N_("change {number}: approve it"),
    StatementKind.REJECT: N_("change {number}: reject it"),
    StatementKind.WITHDRAW: N_("change {number}: take it back"),
    StatementKind.REVOKE: N_("change {number}: revoke its standing approval"),
    StatementKind.START: N_("change {number}: start it as executor"),
    StatementKind.CONFIRM: N_("run {run}: confirm its start by {executor}"),
    StatementKind.GATE: N_("run {run}: let it go on to step {step}"),
    StatementKind.SHEET: N_("run {run}: sign the sheet of step {step}"),
    StatementKind.DECIDE: N_("run {run}: decide how it goes on"),
    StatementKind.CLOSE: N_("run {run}: sign its result"),
    StatementKind.VERIFY: N_("run {run}: verify its result for the business"),
    StatementKind.ACCEPT: N_("run {run} is on trial: accept it once its days are over"),
    StatementKind.REVIEW: N_("run {run}: sign its after-review"),
    StatementKind.HAND_OVER: N_("run {run}: take it over from {giver}, as {part}"),
    StatementKind.GRANT: N_("grant {number}, {grant} {person}: approve it"),
    StatementKind.DENY: N_("grant {number}, {grant} {person}: turn it down"),
    StatementKind.RETRACT: N_("grant {number}, {grant} {person}: take it back"),
    StatementKind.INSPECT: N_("grant {number}, {grant} {person}: inspect what came of it"),
}


_STANDING_TITLES = {
    StatementKind.APPROVE: N_("change {number}: give it a standing approval"),
    StatementKind.START: N_("change {number}: start a run under its standing approval"),
}


def publication_act(premises: Premises, transaction: Transaction, publication: Publication) -> Act | None:
    """The countersignature that proposed content waits for."""
    if publication.state is not PublicationState.PROPOSED:
        return None
    facts = publication_facts(premises, transaction, publication)
    return Act(
        kind=StatementKind.PUBLISH,
        subject=publication.digest,
        title=Words(
            N_("runbook {runbook} version {version}: countersign its content"),
            {"runbook": publication.runbook_id, "version": publication.version},
        ),
        people=who_may(StatementKind.PUBLISH, facts, premises.policy),
        signed=(publication.author,),
        since=publication.at,
    )


def request_acts(premises: Premises, transaction: Transaction, request: Request, now: datetime) -> tuple[Act, ...]:
    """What may be signed about a request now; the first is what it waits for."""
    kinds: tuple[StatementKind, ...] = ()
    standing = request.standing
    window = binding_window(request.window, request.risk)
    if request.state is RequestState.APPROVED and request.risk is Risk.EMERGENCY:
        kinds = (StatementKind.START, StatementKind.WITHDRAW)
    elif request.state is RequestState.SUBMITTED and not (window and window.closes <= now):
        kinds = (StatementKind.APPROVE, StatementKind.REJECT, StatementKind.WITHDRAW)
    elif request.state is RequestState.APPROVED and standing is not None:
        kinds = (StatementKind.START, StatementKind.REVOKE)
    elif request.state is RequestState.APPROVED:
        kinds = (StatementKind.START, StatementKind.REJECT, StatementKind.WITHDRAW)
    facts = request_facts(premises, transaction, request)
    return tuple(
        Act(
            kind=kind,
            subject=request.number,
            title=Words(
                _STANDING_TITLES.get(kind, _TITLES[kind]) if standing else _TITLES[kind], {"number": request.number}
            ),
            people=who_may(kind, facts, premises.policy),
            signed=facts.approvers,
            until=window.closes if window else standing.until if standing else None,
            since=request.at,
            request=request.number,
        )
        for kind in kinds
    )


def grant_acts(premises: Premises, transaction: Transaction, record: GrantRecord) -> tuple[Act, ...]:
    """What may be signed about a grant now; the first is what it waits for."""
    kinds = {
        GrantState.APPLIED: (StatementKind.GRANT, StatementKind.DENY, StatementKind.RETRACT),
        GrantState.GRANTED: (StatementKind.INSPECT,),
    }.get(record.state, ())
    facts = grant_facts(premises, transaction, record)
    title: dict[str, str | int | None] = {
        "number": record.number,
        "grant": kind_of(record.grant).value,
        "person": concerns(record.grant) or "-",
    }
    return tuple(
        Act(
            kind=kind,
            subject=record.number,
            title=Words(_TITLES[kind], title),
            people=who_may(kind, facts, premises.policy),
            signed=(record.applicant,) if record.state is GrantState.APPLIED else (),
            since=record.decided_at or record.applied_at,
        )
        for kind in kinds
    )


def run_act(premises: Premises, transaction: Transaction, record: RunRecord, move: Move, now: datetime) -> Act | None:
    """The signature a run waits for; `move` is what it does next."""
    if record.state is RunState.CONFIRMING and isinstance(move, WaitPeople):
        facts = run_facts(premises, transaction, record)
        people = who_may(StatementKind.CONFIRM, facts, premises.policy)
        return _act(record, StatementKind.CONFIRM, people, signed=(record.executor,), until=move.until)
    kind = kind_waited_for(record, move)
    if kind is None:
        return None
    result = transaction.results.find(record.id) if kind is StatementKind.ACCEPT else None
    open_acts = [act for act in transaction.acts.open_of(record.id) if act.kind is kind and not is_lapsed(act, now)]
    newest = open_acts[-1] if open_acts else None
    signed = tuple(signature.person for signature in newest.signatures) if newest else ()
    facts = run_facts(premises, transaction, record, signed)
    waiting = move if isinstance(move, WaitPeople) else None
    until = newest.until if newest else waiting.until if waiting else None
    act = _act(record, kind, who_may(kind, facts, premises.policy), newest, waiting, signed, until)
    return act if result is None else _of_trial(act, result, now)


def _of_trial(act: Act, result: ResultRecord, now: datetime) -> Act:
    """The acceptance of a trial, with the end of its days."""
    if not result.is_overdue(now):
        return replace(act, until=result.trial_ends)
    late = Words(N_("run {run}: its trial is over, its acceptance is overdue"), {"run": result.run})
    return replace(act, title=late, until=result.trial_ends)


def review_act(premises: Premises, transaction: Transaction, owed: ReviewRecord) -> Act:
    """The signature that an after-review waits for."""
    newest = open_review_act(transaction, owed.run)
    signed = tuple(signature.person for signature in newest.signatures) if newest else ()
    record = transaction.runs.get(owed.run)
    facts = replace(
        facts_of(owed, site_facts(premises, transaction)),
        executor=record.executor,
        confirmer=record.confirmer,
        hand_overs=record.hand_overs,
        signed=signed,
    )
    return Act(
        kind=StatementKind.REVIEW,
        subject=owed.run,
        title=Words(_TITLES[StatementKind.REVIEW], {"run": owed.run}),
        people=who_may(StatementKind.REVIEW, facts, premises.policy),
        signed=signed,
        until=owed.due,
        since=owed.since,
        content=newest.content if newest else None,
        request=owed.request,
        run=owed.run,
    )


def hand_over_act(premises: Premises, transaction: Transaction, record: RunRecord, now: datetime) -> Act | None:
    """The taker's signature that a hand-over waits for."""
    offers = [act for act in transaction.acts.open_of(record.id) if act.kind is StatementKind.HAND_OVER]
    newest = next((act for act in reversed(offers) if not is_lapsed(act, now)), None)
    if newest is None:
        return None
    part, giver, taker = (str(newest.content.get(name)) for name in ("part", "giver", "taker"))
    signed = tuple(signature.person for signature in newest.signatures)
    offered = HandOver(Part(part), giver, taker)
    facts = replace(run_facts(premises, transaction, record, signed), hand_over=offered)
    return Act(
        kind=StatementKind.HAND_OVER,
        subject=record.id,
        title=Words(_TITLES[StatementKind.HAND_OVER], {"run": record.id, "giver": giver, "part": part}),
        people=who_may(StatementKind.HAND_OVER, facts, premises.policy),
        signed=signed,
        until=newest.until,
        since=newest.opened_at,
        content=newest.content,
        request=record.request,
        run=record.id,
    )


def open_review_act(transaction: Transaction, run: str) -> JointAct | None:
    """The newest review of a run that waits for another signature."""
    found = [act for act in transaction.acts.open_of(run) if act.kind is StatementKind.REVIEW]
    return found[-1] if found else None


def kind_waited_for(record: RunRecord, move: Move) -> StatementKind | None:
    """Which joint act a run waits for."""
    if record.state in UNSIGNED and record.kind is RunKind.CHANGE:
        return StatementKind.CLOSE
    if record.state in _AFTERWARDS:
        return _AFTERWARDS[record.state]
    if not isinstance(move, WaitPeople):
        return None
    if move.question is not None:
        return StatementKind.DECIDE
    return {RunState.AT_GATE: StatementKind.GATE, RunState.AT_SHEET: StatementKind.SHEET}.get(move.state)


def is_lapsed(act: JointAct, now: datetime) -> bool:
    """Whether the first signature under a joint act has lapsed."""
    return act.until is not None and act.until <= now


def lapses(premises: Premises, now: datetime) -> datetime:
    """When a first signature given now lapses."""
    return now + timedelta(seconds=premises.policy.start_valid_for)


def start_of(transaction: Transaction, record: RunRecord) -> RecordedStatement:
    """The executor's signed start that made this run: every recorded start of a request made the next of its runs.

    Raises:
        VerificationError: there is none on record.
    """
    of_request = transaction.statements.of(record.request)
    starts = [each for each in of_request if each.signed.statement.kind is StatementKind.START]
    count = record.id.rpartition("/")[2]
    if not count.isdigit() or not 0 < int(count) <= len(starts):
        raise VerificationError(N_("run {run}: no signed start is on record"), run=record.id)
    return starts[int(count) - 1]


def _act(
    record: RunRecord,
    kind: StatementKind,
    people: tuple[str, ...],
    newest: JointAct | None = None,
    waiting: WaitPeople | None = None,
    signed: tuple[str, ...] = (),
    until: datetime | None = None,
) -> Act:
    at = waiting.at if waiting else None
    facts: dict[str, str | int | None] = {
        "run": record.id,
        "executor": record.executor,
        "step": at.step if at else "",
    }
    return Act(
        kind=kind,
        subject=record.id,
        title=Words(_TITLES[kind], facts),
        people=people,
        signed=signed,
        until=until,
        since=newest.opened_at if newest else _since(record),
        content=newest.content if newest else None,
        request=record.request,
        run=record.id,
        batch=at.batch if at and at.step else None,
        step=at.step if at else "",
        role=at.role.value if at and kind is StatementKind.SHEET else "",
    )


def _since(record: RunRecord) -> datetime:
    return record.waiting_since or record.ended_at or record.created_at
