"""A run in words: whose turn it is, what happens if nobody does anything, and how far each step has come."""

from __future__ import annotations

from collections.abc import Iterator

from runner.cli.output import clock, put, span
from runner.cli.session import Session
from runner.cli.signed import words
from runner.model.run import Attempt, HostOutcome, RunState
from runner.wire.api_request import RequestShown
from runner.wire.api_run import RunShown, StepShown, StepState
from runner.wire.spoken import spoken
from runner.words import _, current_language

_MEANINGS = {
    RunState.SUCCEEDED: "good",
    RunState.FAILED: "bad",
    RunState.ROLLED_BACK: "bad",
    RunState.ROLLBACK_FAILED: "bad",
    RunState.OUTCOME_UNKNOWN: "bad",
    RunState.ABANDONED: "bad",
}
_STEP_MEANINGS = {
    StepState.DONE: "good",
    StepState.MARKED_DONE: "good",
    StepState.FAILED: "bad",
    StepState.UNKNOWN: "bad",
    StepState.PENDING: "faint",
    StepState.NOT_REACHED: "faint",
}
_OVER = (StepState.DONE, StepState.MARKED_DONE)
_LOST = (HostOutcome.FAILED, HostOutcome.UNKNOWN, HostOutcome.UNREACHABLE, HostOutcome.STOPPED)


def print_run(here: Session, shown: RunShown) -> None:
    """State, turn, deadlines, steps."""
    for line in head(here, shown):
        put(line, _MEANINGS.get(shown.row.state, ""))
    for step in shown.steps:
        put(step_line(step), _STEP_MEANINGS.get(step.state, ""))
        for line in _attempts(step):
            put(line)


def print_report(here: Session, shown: RunShown, wanted: RequestShown | None) -> None:
    """The run from start to end: request, people, times, steps, outputs, decisions, signatures."""
    if wanted is not None:
        request = wanted.request
        put(
            _("change {number}, requested by {person}: {reason}").format(
                number=request.number, person=request.requester, reason=request.reason
            )
        )
    print_run(here, shown)
    row = shown.row
    began, ended = clock(row.started_at, here.zone) or "-", clock(row.ended_at, here.zone) or "-"
    put(_("began {began}, ended {ended} ({zone})").format(began=began, ended=ended, zone=here.zone))
    put()
    for step in shown.steps:
        for name, value in step.outputs.items():
            put(_("reported: {step}.{name} = {value}").format(step=step.id, name=name, value=value))
    for decision in shown.decisions:
        put(
            _("decided: {at} {question}: {choice}").format(
                at=clock(decision.at, here.zone), question=spoken(decision.question), choice=spoken(decision.choice)
            )
        )
    statements = {each.id: each for each in (*(wanted.statements if wanted else ()), *shown.statements)}
    for statement in statements.values():
        put(
            _("signed: {at} {kind} by {person} ({key})").format(
                at=clock(statement.recorded, here.zone),
                kind=spoken(statement.kind),
                person=statement.person,
                key=statement.key,
            )
        )


def head(here: Session, shown: RunShown) -> Iterator[str]:
    """The first lines: which run, its state, whose turn, until when, and what follows if nobody acts."""
    row = shown.row
    place = _("PRODUCTION") if row.production else _("not production")
    yield f"{row.id}  {row.title.in_language(current_language())}  [" + _(", ").join((place, spoken(row.risk))) + "]"
    people = _("executor {executor}, confirmer {confirmer}").format(
        executor=row.executor, confirmer=row.confirmer or "-"
    )
    yield _("state: {state}; {people}").format(state=spoken(row.state), people=people)
    done = sum(step.state in _OVER for step in shown.steps)
    yield _("steps done: {done} of {all}").format(done=done, all=len(shown.steps))
    if shown.act:
        yield _("turn: {title} ({people})").format(
            title=words(shown.act.title, here.zone), people=_(", ").join(shown.act.people) or _("nobody")
        )
    if shown.asked:
        yield _("question: {question} at {step}: {choices}").format(
            question=spoken(shown.asked.question),
            step=shown.asked.step,
            choices=" | ".join(choice.value for choice in shown.asked.choices),
        )
        if shown.asked.reason:
            yield _("because: {reason}").format(reason=shown.asked.reason)
    if row.window and not row.ended_at:
        yield _("window until {closes}; latest rollback decision {by}").format(
            closes=clock(row.window.closes, here.zone), by=clock(shown.rollback_decision_by, here.zone) or "-"
        )
    yield _("if nobody does anything: {sentence}").format(sentence=words(shown.otherwise, here.zone))


def step_line(step: StepShown) -> str:
    """One step of one batch with its state."""
    title = f"  {step.title.in_language(current_language())}" if step.title else ""
    return f"  [{spoken(step.state)}] {step.batch}/{step.id}{title}"


def _attempts(step: StepShown) -> Iterator[str]:
    for attempt in step.attempts:
        name = f"{spoken(attempt.key.role)}/{attempt.key.number}"
        yield f"      {name}: {spoken(attempt.state)} {_took(attempt)} {_hosts(attempt)}".rstrip()
        if attempt.reason:
            yield _("        because: {reason}").format(reason=attempt.reason)


def _took(attempt: Attempt) -> str:
    if attempt.began_at is None or attempt.ended_at is None:
        return ""
    return span((attempt.ended_at - attempt.began_at).total_seconds())


def _hosts(attempt: Attempt) -> str:
    lost = [f"{host} {spoken(found)}" for host, found in attempt.outcomes.items() if found in _LOST]
    return _(", ").join(lost) if lost else _(", ").join(attempt.hosts)
