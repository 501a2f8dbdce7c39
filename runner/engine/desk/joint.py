"""Joint acts: gates, sheets, decisions and results take effect once executor and confirmer have signed the same words.

What may be signed is what the run waits for at this moment (`runner.rules.moves`); the second signature must be under
exactly the first one's content, and comes before the first one lapses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from runner.engine.desk.case import Case
from runner.engine.desk.facts import run_facts
from runner.engine.desk.outcomes import run_outcome
from runner.engine.desk.turns import is_lapsed, lapses
from runner.engine.plans import OpenPlan
from runner.errors import RefusedError
from runner.model.document import JsonObject
from runner.model.joint import ActSignature, JointAct
from runner.model.log import About
from runner.model.run import RunRecord, RunState
from runner.model.time import to_rfc3339
from runner.rules.move import WaitPeople
from runner.rules.moves import next_move
from runner.rules.tags import Tag
from runner.wire.api_request import Outcome
from runner.words import N_

Effect = Callable[[RunRecord], RunRecord]
"""The run as it is once both have signed."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A run that waits for its two people, and its plan."""

    record: RunRecord
    opened: OpenPlan
    move: WaitPeople


@dataclass(frozen=True, slots=True)
class Joint:
    """A joint act as its kind defines it."""

    content: JsonObject
    """What each person must have signed."""
    about: About
    signed: Tag
    done: Tag
    effect: Effect
    details: JsonObject
    """Payload of the entry that it is done."""
    message: str
    """What has happened, once both have signed (message id)."""


def waiting_run(case: Case, *states: RunState) -> Waiting:
    """The run a statement is about, which must wait for its people (in one of these states, if any are named).

    Raises:
        RefusedError: it does not wait for this.
        NotFoundError: there is no such run.
    """
    record = case.transaction.runs.get(case.statement.subject)
    opened = case.open_plan(record.plan)
    move = next_move(opened.expansion, record, case.now, case.premises.policy)
    if not isinstance(move, WaitPeople) or record.state is RunState.CONFIRMING or (states and move.state not in states):
        raise not_asked(case, record)
    return Waiting(record, opened, move)


def not_asked(case: Case, record: RunRecord) -> RefusedError:
    """The refusal of a signature the run does not wait for."""
    return RefusedError(
        N_("run {run}: is {state} and does not wait for this signature ({kind})"),
        rule="state:not-asked",
        hint=N_("see what it waits for: twokey run show {run}"),
        run=record.id,
        state=record.state.value,
        kind=case.statement.kind.value,
    )


def sign(case: Case, record: RunRecord, joint: Joint) -> Outcome:
    """Put the signature under the act; with the second one it takes effect.

    Raises:
        RefusedError: the person is not of this run, or has signed already.
        SignatureError: the content is not what is waited for.
    """
    case.require_content(record.id, joint.content)
    drop_lapsed(case, record)
    kind = case.statement.kind
    first = case.transaction.acts.find_open(kind, record.id, joint.content)
    signers = tuple(signature.person for signature in first.signatures) if first else ()
    used = case.terminals_of(signature.statement for signature in first.signatures) if first else frozenset[str]()
    case.require_policy(run_facts(case.premises, case.transaction, record, signers), used)
    case.record(joint.signed, joint.about)
    signature = ActSignature(case.person.name, case.signed.id, case.now)
    act = case.transaction.acts.sign(kind, record.id, joint.content, signature, lapses(case.premises, case.now))
    if not _is_whole(record, {signed.person for signed in act.signatures}):
        return run_outcome(case, record, N_("{person} has signed; the other person must sign too"), complete=False)
    case.transaction.acts.finish(act.id)
    case.transaction.acts.drop_open_of(record.id)
    changed = joint.effect(case.claim(record))
    case.transaction.runs.save(changed)
    by: JsonObject = {"signed": [each.person for each in act.signatures]} if record.standing else {}
    case.note(joint.done, joint.about, {**joint.details, **by})
    case.wake_after(record.id)
    return run_outcome(case, changed, joint.message)


def about_run(record: RunRecord, batch: int | None = None, step: str = "", role: str = "") -> About:
    """What an entry about a run, or a place in it, is about."""
    return About(request=record.request, run=record.id, plan=record.plan, batch=batch, step=step, role=role)


def decided(record: RunRecord) -> RunRecord:
    """The run with nothing it waits for."""
    return replace(record, question=None, waiting_at=None, waiting_since=None)


def drop_own(case: Case, record: RunRecord, content: JsonObject) -> None:
    """Whoever signs other words takes back what they alone have signed of the same kind before."""
    for act in case.transaction.acts.open_of(record.id):
        if act.kind is not case.statement.kind or act.content == content:
            continue
        if [each.person for each in act.signatures] == [case.person.name]:
            case.transaction.acts.drop(act.id)
            dropped: JsonObject = {"kind": act.kind.value, "signed": [case.person.name], "until": None}
            case.note(Tag.ACT_DROPPED, about_run(record), dropped)


def _is_whole(record: RunRecord, signers: set[str]) -> bool:
    """Whether both people of the run have signed; under a standing approval, whichever two came first."""
    if record.standing:
        return len(signers) > 1
    return {record.executor, record.confirmer} <= signers


def drop_lapsed(case: Case, record: RunRecord) -> None:
    """Drop every joint act of a run whose first signature has lapsed, on record."""
    for act in case.transaction.acts.open_of(record.id):
        if is_lapsed(act, case.now):
            drop_act(case, record, act)


def drop_act(case: Case, record: RunRecord, act: JointAct) -> None:
    """Drop a joint act that waits for its second signature, on record."""
    case.transaction.acts.drop(act.id)
    signers: JsonObject = {
        "kind": act.kind.value,
        "signed": [signature.person for signature in act.signatures],
        "until": to_rfc3339(act.until) if act.until else None,
    }
    case.note(Tag.ACT_DROPPED, about_run(record), signers)
