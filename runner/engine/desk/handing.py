"""Handing a parked run over: who gives signs, who takes signs the same words, and from then on the run is theirs."""

from __future__ import annotations

from dataclasses import replace

from runner.engine.desk.case import Case
from runner.engine.desk.facts import run_facts
from runner.engine.desk.joint import about_run, drop_act, drop_lapsed
from runner.engine.desk.outcomes import run_outcome
from runner.engine.desk.reasons import require_reason
from runner.engine.desk.turns import hand_over_act, lapses
from runner.errors import RefusedError, UsageError
from runner.model.document import JsonObject
from runner.model.joint import ActSignature
from runner.model.run import UNSIGNED, HandOver, Part, RunKind, RunRecord, RunState
from runner.model.statement import StatementKind
from runner.rules.history import open_attempts
from runner.rules.move import WaitPeople
from runner.rules.moves import next_move
from runner.rules.statements import hand_over_content
from runner.rules.tags import Tag
from runner.wire.api_request import Outcome
from runner.words import N_


def hand_over(case: Case) -> Outcome:
    """Put a signature under a hand-over; with the taker's it takes effect, and what the giver had signed alone lapses.

    Raises:
        RefusedError: the run is not parked, or law and policy forbid it to giver or taker.
        SignatureError: the giver is not, or no longer, one of the run's two people.
        UsageError: it names no part, no taker, or no reason.
    """
    record = case.transaction.runs.get(case.statement.subject)
    _require_parked(case, record)
    wanted = _wanted(case, record)
    content = hand_over_content(record.id, record.plan, wanted)
    case.require_content(record.id, content)
    drop_lapsed(case, record)
    acts = case.transaction.acts
    first = acts.find_open(StatementKind.HAND_OVER, record.id, content)
    signers = tuple(signature.person for signature in first.signatures) if first else ()
    facts = replace(run_facts(case.premises, case.transaction, record, signers), hand_over=wanted)
    case.require_policy(facts)
    stands_in = not signers and case.person.name != wanted.giver
    case.record(Tag.RUN_HAND_OVER_SIGNED, about_run(record), {"stands_in": stands_in})
    signature = ActSignature(case.person.name, case.signed.id, case.now)
    act = acts.sign(StatementKind.HAND_OVER, record.id, content, signature, lapses(case.premises, case.now))
    if not signers:
        message = N_("{person} has signed; whoever takes it over must sign too")
        outcome = run_outcome(case, record, message, complete=False)
        return replace(outcome, next=hand_over_act(case.premises, case.transaction, record, case.now))
    acts.finish(act.id)
    return _pass_on(case, record, replace(wanted, by=signers[0], at=case.now))


def _pass_on(case: Case, record: RunRecord, done: HandOver) -> Outcome:
    for other in case.transaction.acts.open_of(record.id):
        if other.kind is not StatementKind.REVIEW:
            drop_act(case, record, other)
    claimed = case.claim(record)
    passed = replace(claimed, hand_overs=(*claimed.hand_overs, done))
    passed = (
        replace(passed, executor=done.taker) if done.part is Part.EXECUTOR else replace(passed, confirmer=done.taker)
    )
    case.transaction.runs.save(passed)
    told: JsonObject = {
        "part": done.part.value,
        "giver": done.giver,
        "taker": done.taker,
        "by": done.by,
        "reason": done.reason,
    }
    case.note(Tag.RUN_HANDED_OVER, about_run(record), told)
    case.wake_after(record.id)
    return run_outcome(case, passed, N_("run {run} is handed over to {person}"))


def _wanted(case: Case, record: RunRecord) -> HandOver:
    """What the statement asks for; its giver is whoever has the part now."""
    content = case.statement.content
    part = next((each for each in Part if each.value == content.get("part")), None)
    taker, reason = content.get("taker"), content.get("reason")
    if part is None or not isinstance(taker, str) or not taker:
        raise UsageError(N_('statement: "part" must be executor or confirmer, and "taker" a person'))
    giver = record.executor if part is Part.EXECUTOR else record.confirmer
    return HandOver(part, giver, taker, reason=require_reason(reason if isinstance(reason, str) else ""))


def _require_parked(case: Case, record: RunRecord) -> None:
    if record.state in UNSIGNED | {RunState.DISPUTED} and record.kind is RunKind.CHANGE:
        return
    expansion = case.open_plan(record.plan).expansion
    move = next_move(expansion, record, case.now, case.premises.policy)
    waits = isinstance(move, WaitPeople) and record.state is not RunState.CONFIRMING
    if waits and next(open_attempts(record), None) is None:
        return
    raise RefusedError(
        N_("run {run}: is {state}; it is handed over only while it waits for its people"),
        rule="state:not-parked",
        hint=N_("pause it first: twokey pause {run}"),
        run=record.id,
        state=record.state.value,
    )
