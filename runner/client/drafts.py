"""What a person is about to sign, built from what the service shows and shown before the key is used.

Every draft of a change is made from the plan document itself: its digests are recomputed and its runbook is expanded
again here, so what a person reads is what is signed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from runner.errors import RefusedError, VerificationError
from runner.model.document import JsonObject, JsonValue
from runner.model.plan import Plan, PlanDocument, Role
from runner.model.request import Request, StandingTerms
from runner.model.result import Acceptance, Achievement, Findings
from runner.model.review import Verdict
from runner.model.run import AttemptKey, Choice, RunState
from runner.model.runbook import ManualWork, Parameter
from runner.model.statement import StatementKind
from runner.model.time import Seconds
from runner.rules import statements
from runner.rules.plans import open_plan
from runner.rules.standing import CLASS
from runner.wire.api_content import PublicationShown
from runner.wire.api_request import Act, RequestShown
from runner.wire.api_run import RunShown
from runner.wire.documents import from_document
from runner.words import N_

_FREE_IN_CLOSE: Final = ("achieved", "reason", "configuration", "reference", "follow_up")
_FREE_IN_ACCEPTANCE: Final = ("conclusion", "follow_up")
_FREE_IN_REVIEW: Final = ("findings", "conclusion", "permanent_fix")


@dataclass(frozen=True, slots=True)
class Draft:
    """A statement without its signer: kind, subject and exact content."""

    kind: StatementKind
    subject: str
    content: JsonObject


def open_document(document: PlanDocument) -> Plan:
    """The plan of a document, recomputed: digests, source, batches and what is unbound.

    Raises:
        VerificationError: the document is not what its digests say.
        UsageError: it is not of its shape.
    """
    from runner.runbook.loader import parse_runbook

    source = document.runbook_source.encode()
    path = str(document.content.get("runbook", "runbook"))
    return open_plan(document, parse_runbook(source, path), from_document)


def publish(digest: str, runbook: str, version: int, part: str) -> Draft:
    """Publication of content, as its author or countersigner."""
    return Draft(StatementKind.PUBLISH, digest, statements.publish_content(digest, runbook, version, part))


def countersign(shown: PublicationShown) -> Draft:
    """The second signature under proposed content."""
    row = shown.row
    return publish(row.digest, row.runbook_id, row.version, statements.COUNTERSIGNER)


def request(
    plan: Plan,
    reason: str,
    revises: str = "",
    attachments: Mapping[str, str] = MappingProxyType({}),
    trial: Seconds | None = None,
    standing: StandingTerms | None = None,
) -> Draft:
    """A request for a plan.

    Args:
        plan: what is to be done.
        reason: why.
        revises: the rejected request whose number it keeps.
        attachments: documents, by kind.
        trial: how long the change is on trial; None: as its runbook says.
        standing: until when and how often at most, where a standing approval is asked for.
    """
    content = statements.request_content(
        plan.digests,
        plan.runbook.id,
        plan.runbook.version,
        plan.risk if standing is None else CLASS,
        plan.binding.window,
        reason,
        revises,
        attachments,
        plan.runbook.trial if trial is None else trial,
    )
    return Draft(StatementKind.REQUEST, plan.digests.plan, statements.with_standing(content, standing))


def approve(
    wanted: Request, now: datetime, valid_for: timedelta, max_runs: int | None = None, until: datetime | None = None
) -> Draft:
    """An approval, usable within the window, or for `valid_for` when there is none.

    Args:
        wanted: what is approved.
        now: the present.
        valid_for: how long an approval may be used when no window bounds it.
        max_runs: how often; None: once, or as often as a standing approval is asked for.
        until: until when; None: as long as it may be.
    """
    window, standing = wanted.window, wanted.standing
    not_before, not_after = (window.opens, window.closes) if window else (now, now + valid_for)
    if standing is not None:
        not_after = min(not_after, standing.until)
    runs = (standing.max_runs if standing else 1) if max_runs is None else max_runs
    content = statements.approve_content(wanted, not_before, until or not_after, runs)
    return Draft(StatementKind.APPROVE, wanted.number, content)


def reject(wanted: Request, reason: str) -> Draft:
    """A rejection with its reason."""
    return Draft(StatementKind.REJECT, wanted.number, statements.reject_content(wanted, reason))


def withdraw(wanted: Request, reason: str) -> Draft:
    """The requester's withdrawal."""
    return Draft(StatementKind.WITHDRAW, wanted.number, statements.withdraw_content(wanted, reason))


def revoke(wanted: Request, reason: str) -> Draft:
    """The end of a standing approval."""
    return Draft(StatementKind.REVOKE, wanted.number, statements.revoke_content(wanted, reason))


def check(plan: Plan) -> Draft:
    """A run of the plan in check mode."""
    content = statements.check_content(plan.digests, plan.runbook.id, plan.runbook.version)
    return Draft(StatementKind.CHECK, plan.digests.plan, content)


def start(wanted: Request) -> Draft:
    """The executor's signature."""
    return Draft(StatementKind.START, wanted.number, statements.start_content(wanted))


def confirm(shown: RunShown, wanted: Request) -> Draft:
    """The confirmer's signature under one particular start."""
    begun = next((entry for entry in shown.statements if entry.kind is StatementKind.START), None)
    if begun is None:
        raise _not_asked(shown, StatementKind.CONFIRM)
    content = statements.confirm_content(wanted, shown.row.id, begun.id, begun.person)
    return Draft(StatementKind.CONFIRM, shown.row.id, content)


def gate(shown: RunShown) -> Draft:
    """Passing the gate the run stands at."""
    _require_asked(shown, StatementKind.GATE)
    batch, step = _current(shown, StatementKind.GATE)
    hosts = next(entry.hosts for entry in shown.steps if (entry.batch, entry.id) == (batch, step))
    content = statements.gate_content(shown.row.id, shown.plan, batch, step, hosts)
    return _joint(shown, Draft(StatementKind.GATE, shown.row.id, content), free=())


def sheet(shown: RunShown, readings: Mapping[str, JsonValue]) -> Draft:
    """The sheet of the manual step the run waits with; the second person signs what the first recorded."""
    _require_asked(shown, StatementKind.SHEET)
    batch, step = _current(shown, StatementKind.SHEET)
    role = Role(shown.act.role) if shown.act and shown.act.role else Role.DO
    content = statements.sheet_content(shown.row.id, shown.plan, batch, step, readings, role)
    return _joint(shown, Draft(StatementKind.SHEET, shown.row.id, content), free=("readings", "role"))


def sheet_record(shown: RunShown, plan: Plan) -> tuple[Parameter, ...]:
    """What is to be recorded on the sheet a run waits with; undoing by hand records nothing.

    Raises:
        RefusedError: it waits with no sheet.
    """
    _require_asked(shown, StatementKind.SHEET)
    _, name = _current(shown, StatementKind.SHEET)
    work = next((step.work for step in plan.runbook.steps if step.id == name), None)
    undoing = shown.act is not None and shown.act.role == Role.ROLLBACK
    return work.record if isinstance(work, ManualWork) and not undoing else ()


def decide(shown: RunShown, choice: Choice, reason: str) -> Draft:
    """A decision about the question the run waits with."""
    asked = shown.asked
    if asked is None:
        raise _not_asked(shown, StatementKind.DECIDE)
    if choice not in asked.choices:
        raise RefusedError(
            N_("run {run}: {choice} is not offered here; possible: {choices}"),
            rule="run:choice-not-offered",
            run=shown.row.id,
            choice=choice.value,
            choices=", ".join(asked.choices),
        )
    _require_same_choice(shown, choice)
    at = AttemptKey(shown.row.id, asked.batch, asked.step, asked.role, asked.number)
    draft = Draft(StatementKind.DECIDE, shown.row.id, statements.decide_content(at, asked.question, choice, reason))
    return _joint(shown, draft, free=("reason",))


def _require_same_choice(shown: RunShown, choice: Choice) -> None:
    act = shown.act
    first = act.content.get("choice") if act and act.content is not None else None
    if act is not None and first is not None and first != choice.value:
        raise RefusedError(
            N_("run {run}: {person} has signed {first}, not {choice}; both must choose the same"),
            rule="run:another-choice",
            hint=N_("agree on one; the first signature lapses by itself"),
            run=shown.row.id,
            person=", ".join(act.signed),
            first=str(first),
            choice=choice.value,
        )


def close(shown: RunShown, said: Achievement) -> Draft:
    """The result of a run that has ended, or the close of what the business did not accept."""
    content = statements.close_content(shown.row.id, shown.plan, shown.row.state, said)
    return _joint(shown, Draft(StatementKind.CLOSE, shown.row.id, content), free=_FREE_IN_CLOSE)


def verify(shown: RunShown, found: Findings) -> Draft:
    """What a business owner found.

    Raises:
        RefusedError: the run does not wait for it.
    """
    result = shown.result
    if result is None or shown.row.state not in (RunState.AWAITING_BUSINESS, RunState.DISPUTED):
        raise _not_asked(shown, StatementKind.VERIFY)
    content = statements.verify_content(shown.row.id, shown.plan, result.state, found)
    return Draft(StatementKind.VERIFY, shown.row.id, content)


def accept(shown: RunShown, said: Acceptance, person: str) -> Draft:
    """What becomes of a change on trial; who comes after another signs what that one wrote.

    Args:
        shown: the run on trial.
        said: what the person says of it.
        person: who signs; what they alone have signed before does not bind them.

    Raises:
        RefusedError: the run is not on trial.
    """
    act = acceptance_to_sign(shown, person)
    ends = shown.result.trial_ends if shown.result is not None else None
    if ends is None:
        raise _not_asked(shown, StatementKind.ACCEPT)
    content = statements.accept_content(shown.row.id, shown.plan, ends, said)
    return _same(shown, act, Draft(StatementKind.ACCEPT, shown.row.id, content), free=_FREE_IN_ACCEPTANCE)


def acceptance_to_sign(shown: RunShown, person: str) -> Act | None:
    """What another has signed of a change on trial; None when this person is the first.

    Raises:
        RefusedError: the run is not on trial.
    """
    _require_asked(shown, StatementKind.ACCEPT)
    act = shown.act
    return act if act is not None and act.signed and act.signed != (person,) else None


def review(shown: RunShown, verdict: Verdict, person: str) -> Draft:
    """The after-review of an emergency; who comes after another signs what that one wrote.

    Args:
        shown: the emergency's run.
        verdict: what the person found.
        person: who signs; what they alone have signed before does not bind them.

    Raises:
        RefusedError: the run owes none.
    """
    act = review_to_sign(shown, person)
    content = statements.review_content(shown.row.id, shown.plan, verdict)
    return _same(shown, act, Draft(StatementKind.REVIEW, shown.row.id, content), free=_FREE_IN_REVIEW)


def review_to_sign(shown: RunShown, person: str) -> Act | None:
    """What another reviewer has signed; None when this person is the first.

    Raises:
        RefusedError: the run owes no review.
    """
    act = shown.review.act if shown.review is not None else None
    if act is None:
        raise _not_asked(shown, StatementKind.REVIEW)
    return act if act.signed and act.signed != (person,) else None


def pause(run: str, reason: str) -> Draft:
    """A wish to pause before the next step."""
    return Draft(StatementKind.PAUSE, run, statements.pause_content(run, reason))


def abort(run: str, reason: str) -> Draft:
    """A wish to stop at the next task border."""
    return Draft(StatementKind.ABORT, run, statements.abort_content(run, reason))


def require_same_plan(shown: RequestShown, plan: Plan) -> None:
    """Refuse a plan document that is not the one the request names.

    Raises:
        VerificationError: the plan digest differs.
    """
    if shown.request.plan != plan.digests.plan or shown.digests != plan.digests:
        raise VerificationError(
            N_("request {number}: plan digest mismatch (got {got}, expected {expected})"),
            number=shown.request.number,
            got=plan.digests.plan,
            expected=shown.request.plan,
        )


def _joint(shown: RunShown, own: Draft, free: tuple[str, ...]) -> Draft:
    """The second signer's draft is the first one's content; all but the free fields must be what is built here."""
    return _same(shown, shown.act, own, free)


def _same(shown: RunShown, act: Act | None, own: Draft, free: tuple[str, ...]) -> Draft:
    if act is None or act.kind is not own.kind or act.content is None:
        return own
    first = act.content
    for name in own.content.keys() | first.keys():
        if name not in free and own.content.get(name) != first.get(name):
            raise VerificationError(
                N_('run {run}: what the first person signed differs in "{field}" from what the run shows'),
                run=shown.row.id,
                field=name,
            )
    return Draft(own.kind, own.subject, first)


def _require_asked(shown: RunShown, kind: StatementKind) -> None:
    if shown.act is None or shown.act.kind is not kind:
        raise _not_asked(shown, kind)


def _current(shown: RunShown, kind: StatementKind) -> tuple[int, str]:
    act = shown.act
    if act is not None and act.batch is not None and act.step:
        return act.batch, act.step
    if shown.current is None:
        raise _not_asked(shown, kind)
    return shown.current


def _not_asked(shown: RunShown, kind: StatementKind) -> RefusedError:
    return RefusedError(
        N_("run {run}: it is {state} and does not wait for this signature ({kind})"),
        rule="run:not-asked",
        hint=N_("see what it waits for: twokey run show {run}"),
        run=shown.row.id,
        state=shown.row.state.value,
        kind=kind.value,
    )
