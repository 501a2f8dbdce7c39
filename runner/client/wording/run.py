"""A run in words: whose turn it is, what follows if nobody does anything, how far each step has come, what was done."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from runner.client.wording.change import signatures_told, turn_told
from runner.client.wording.line import Line, Meaning, Part, Told, aligned, cell_width, listed, pad, sections, told
from runner.client.wording.matter import matter_lines
from runner.client.wording.present import Present, clock, said, span
from runner.client.wording.result import result_told
from runner.client.wording.review import review_told
from runner.client.wording.step import in_words
from runner.model.document import JsonObject
from runner.model.run import UNSIGNED, Attempt, AttemptState, HostOutcome, RunState
from runner.model.runbook import Risk
from runner.model.statement import StatementKind
from runner.model.time import Window
from runner.rules.expansion import AFTER_ROLLBACK
from runner.rules.windows import is_marked
from runner.wire.api_request import RequestShown
from runner.wire.api_run import RunRow, RunShown, StepShown, StepState
from runner.wire.spoken import spoken
from runner.words import _

RUN_MEANINGS: Final = {
    RunState.SUCCEEDED: Meaning.GOOD,
    RunState.FAILED: Meaning.BAD,
    RunState.ROLLED_BACK: Meaning.BAD,
    RunState.ROLLING_BACK: Meaning.BAD,
    RunState.ROLLBACK_FAILED: Meaning.ALARM,
    RunState.OUTCOME_UNKNOWN: Meaning.ALARM,
    RunState.AWAITING_DECISION: Meaning.ALARM,
    RunState.ABANDONED: Meaning.BAD,
    RunState.LAPSED: Meaning.FAINT,
    RunState.AWAITING_BUSINESS: Meaning.WAIT,
    RunState.DISPUTED: Meaning.BAD,
    RunState.ON_TRIAL: Meaning.WAIT,
    RunState.NOT_ACCEPTED: Meaning.BAD,
    RunState.CLOSED: Meaning.FAINT,
    RunState.CONFIRMING: Meaning.WAIT,
    RunState.AT_GATE: Meaning.WAIT,
    RunState.AT_SHEET: Meaning.WAIT,
    RunState.PAUSED: Meaning.WAIT,
}
"""What the state of a run means; the others are at work."""
STEP_MEANINGS: Final = {
    StepState.DONE: Meaning.GOOD,
    StepState.MARKED_DONE: Meaning.GOOD,
    StepState.FAILED: Meaning.BAD,
    StepState.UNKNOWN: Meaning.ALARM,
    StepState.PENDING: Meaning.FAINT,
    StepState.NOT_REACHED: Meaning.FAINT,
    StepState.AT_GATE: Meaning.WAIT,
    StepState.AT_SHEET: Meaning.WAIT,
    StepState.ROLLING_BACK: Meaning.BAD,
    StepState.ROLLED_BACK: Meaning.BAD,
}
"""What the state of a step means; the others are at work."""
ATTEMPT_MEANINGS: Final = {
    AttemptState.SUCCEEDED: Meaning.GOOD,
    AttemptState.FAILED: Meaning.BAD,
    AttemptState.UNKNOWN: Meaning.ALARM,
}
UNWELL: Final = (HostOutcome.FAILED, HostOutcome.UNREACHABLE, HostOutcome.STOPPED, HostOutcome.UNKNOWN)
OPEN: Final = (AttemptState.INTENDED, AttemptState.BEGUN)
"""States of an attempt that has not ended."""
_OVER: Final = (StepState.DONE, StepState.MARKED_DONE)


def run_lines(shown: RunShown, present: Present) -> tuple[Line, ...]:
    """State, turn and deadlines; what is the matter; the steps."""
    return (*head_lines(shown, present), Line(), *_steps(shown, present))


def head_lines(shown: RunShown, present: Present) -> tuple[Line, ...]:
    """Which run, its state, whose turn, until when, what follows if nobody acts, and what is the matter."""
    matter = matter_lines(shown, present)
    return (*aligned(_head(shown, present)), *((Line(), *matter) if matter else ()))


def report_lines(shown: RunShown, wanted: RequestShown | None, present: Present) -> tuple[Line, ...]:
    """The run from start to end: request, people, times, steps, outputs, decisions, signatures."""
    run = run_lines(shown, present)
    rest = aligned(sections(_reported(shown), _decided(shown, present), _signed(shown, wanted, present)))
    asked = aligned(_asked(wanted, present)) if wanted is not None else ()
    return (*asked, *run, *((Line(), *rest) if rest else ()))


def _handed_over(shown: RunShown, present: Present) -> Iterator[Told]:
    """Every time one of its people gave way to another."""
    for each in shown.hand_overs:
        text = _("{at}  {taker} took over from {giver}, as {part}, signed by {by}: {reason}").format(
            at=clock(each.at, present) if each.at else "-",
            taker=each.taker,
            giver=each.giver,
            part=spoken(each.part),
            by=each.by,
            reason=each.reason,
        )
        yield told(_("handed over"), text)


def step_name(step: StepShown) -> str:
    """A step as it is called, with its title."""
    name = _("health after the rollback") if step.id == AFTER_ROLLBACK else step.id
    return f"{name}  {in_words(step.title)}" if step.title else name


def attempt_name(role: str, number: int | str) -> str:
    """One try of a step: what it does, and its number."""
    return f"{spoken(role)} {number}"


def batch_name(shown: RunShown, batch: int) -> str:
    """A batch with its hosts, or where the steps that are done once stand."""
    count = len(shown.batches)
    if batch == 0:
        return _("once, before the batches")
    if batch > count:
        return _("once, after the batches")
    hosts = listed(shown.batches[batch - 1])
    return _("batch {batch} of {count}: {hosts}").format(batch=batch, count=count, hosts=hosts)


def numbers_of(shown: RunShown) -> dict[str, int]:
    """Number of each step in its runbook, by id."""
    numbers: dict[str, int] = {}
    for step in shown.steps:
        numbers.setdefault(step.id, len(numbers) + 1)
    return numbers


def time_taken(attempts: tuple[Attempt, ...], now: datetime) -> str:
    """From the first beginning to the last end; while one is at work, also how long it may take."""
    begins = [attempt.began_at or attempt.intended_at for attempt in attempts]
    if not begins:
        return ""
    last = attempts[-1]
    took = span(((last.ended_at or now) - min(begins)).total_seconds())
    if last.state not in OPEN:
        return took
    most = span((last.deadline - (last.began_at or last.intended_at)).total_seconds())
    return _("{took} of {most}").format(took=took, most=most)


def people_of_run(row: RunRow) -> str:
    """Who executes and who confirms; whoever confirms a vendor's run supervises it, a standing approval has nobody."""
    if row.standing:
        return _("started by {executor} under a standing approval; any two who may sign in it").format(
            executor=row.executor
        )
    text = (
        _("executor {executor}, supervisor {confirmer}")
        if row.vendor
        else _("executor {executor}, confirmer {confirmer}")
    )
    return text.format(executor=row.executor, confirmer=row.confirmer or "-")


def _head(shown: RunShown, present: Present) -> Iterator[Told]:
    row = shown.row
    yield told(None, f"{row.id}  {in_words(row.title)}", Meaning.STRONG)
    place = Part(_("PRODUCTION"), Meaning.ALARM) if row.production else Part(_("not production"))
    yield Told(_("environment"), (place,))
    yield told(_("risk class"), spoken(row.risk.value))
    state = Part(spoken(row.state.value), RUN_MEANINGS.get(row.state, Meaning.STRONG))
    done = sum(step.state in _OVER for step in shown.steps)
    steps = _("steps done: {done} of {all}").format(done=done, all=len(shown.steps))
    yield Told(_("state"), (state, Part(_("; ") + steps)))
    yield from _result(shown)
    yield told(_("people"), people_of_run(row))
    yield from _handed_over(shown, present)
    if row.vendor:
        text = _("somebody of {company} executes; {confirmer} supervises it live and may stop it alone")
        yield told(_("vendor"), text.format(company=row.vendor, confirmer=row.confirmer or "-"), Meaning.WAIT)
    if row.started_at or row.ended_at:
        times = _("began {began}, ended {ended} ({zone})").format(
            began=clock(row.started_at, present) or "-", ended=clock(row.ended_at, present) or "-", zone=present.zone
        )
        yield told(_("times"), times)
    yield from _turn(shown, present)
    if shown.result is not None:
        yield from result_told(shown.result, present)
    if row.window and row.risk is Risk.EMERGENCY:
        yield _marked(row, row.window, present)
    elif row.window and not row.ended_at:
        yield told(
            _("window"),
            _("until {closes}; latest rollback decision {by}").format(
                closes=clock(row.window.closes, present), by=clock(shown.rollback_decision_by, present) or "-"
            ),
            Meaning.BAD if shown.overrun else Meaning.PLAIN,
        )
    if shown.review is not None:
        yield from review_told(shown.review, present)
    yield told(_("otherwise"), said(shown.otherwise, present))


def _marked(row: RunRow, window: Window, present: Present) -> Told:
    """The window of an emergency, which does not bound it."""
    extent = _("{opens} to {closes} ({zone})").format(
        opens=clock(window.opens, present), closes=clock(window.closes, present), zone=present.zone
    )
    if not is_marked(window, row.risk, row.started_at or present.now):
        return told(_("window"), extent)
    return told(_("window"), _("{window}; outside the window: allowed, marked").format(window=extent), Meaning.WAIT)


def _turn(shown: RunShown, present: Present) -> Iterator[Told]:
    if shown.act is not None:
        yield from turn_told(shown.act, present)
    if shown.hand_over is not None:
        yield from turn_told(shown.hand_over, present)
    if shown.asked is not None:
        yield told(_("choices"), " | ".join(choice.value for choice in shown.asked.choices))


def closed_with(shown: RunShown) -> JsonObject:
    """What the signers of a run's result stated: its state, what was achieved, and why; empty while none is signed."""
    closing = [statement for statement in shown.statements if statement.kind is StatementKind.CLOSE]
    contents = [json.loads(statement.statement)["content"] for statement in closing]
    ended = [content for content in contents if content.get("state") != RunState.DISPUTED.value]
    return dict(ended[-1]) if ended else {}


def _result(shown: RunShown) -> Iterator[Told]:
    """What a closed run has come to, as both stated it."""
    stated = closed_with(shown)
    if shown.row.state in UNSIGNED or not stated:
        return
    state = str(stated.get("state", ""))
    meaning = Meaning.GOOD if state == RunState.SUCCEEDED.value else Meaning.BAD
    yield told(_("result"), spoken(state) if state else "-", meaning)
    if achieved := stated.get("achieved"):
        yield told(_("achieved"), str(achieved))
    if reason := stated.get("reason"):
        yield told(_("because"), str(reason))


def _steps(shown: RunShown, present: Present) -> Iterator[Line]:
    """Every step of every batch and what was tried for it, states in one column."""
    numbers, several = numbers_of(shown), len(shown.batches) > 1
    attempts = [attempt for step in shown.steps for attempt in step.attempts]
    states = [*(step.state.value for step in shown.steps), *(attempt.state.value for attempt in attempts)]
    width = max((cell_width(spoken(state)) for state in states), default=0) + 2
    tries = [(_tried(attempt), time_taken((attempt,), present.now)) for attempt in attempts]
    widths = [max((cell_width(cells[place]) for cells in tries), default=0) + 2 for place in (0, 1)]
    batch = -1
    for step in shown.steps:
        if several and step.batch != batch:
            yield Line((Part(batch_name(shown, step.batch), Meaning.STRONG),), 2)
        batch = step.batch
        state = Part(pad(spoken(step.state.value), width), STEP_MEANINGS.get(step.state, Meaning.STRONG))
        name = Part(f"{numbers[step.id]}. {step_name(step)}", Meaning.STRONG)
        yield Line((state, name), width + 3)
        for attempt in step.attempts:
            cells = (_tried(attempt), time_taken((attempt,), present.now))
            tried = "".join(pad(cell, most) for cell, most in zip(cells, widths, strict=True))
            yield from _attempt(attempt, width, tried)


def _tried(attempt: Attempt) -> str:
    return attempt_name(attempt.key.role.value, attempt.key.number)


def _attempt(attempt: Attempt, width: int, tried: str) -> Iterator[Line]:
    """One try: its state, what was tried for how long, on which hosts or with what those that are not well."""
    state = Part(pad(spoken(attempt.state.value), width + 3), ATTEMPT_MEANINGS.get(attempt.state, Meaning.PLAIN))
    unwell = [f"{host} {spoken(found.value)}" for host, found in attempt.outcomes.items() if found in UNWELL]
    yield Line((state, Part(tried + listed(unwell or attempt.hosts))), width + 5)
    if attempt.reason:
        because = _("because: {reason}").format(reason=attempt.reason)
        yield Line((Part(" " * (width + 3)), Part(because, Meaning.BAD)), width + 5)


def _asked(wanted: RequestShown, present: Present) -> Iterator[Told]:
    request = wanted.request
    yield told(_("change"), request.number, Meaning.STRONG)
    yield told(_("reason"), request.reason)
    yield told(
        _("requested by"),
        _("{person}, {at}").format(person=request.requester, at=clock(request.at, present)),
    )
    yield told(None, "")


def _reported(shown: RunShown) -> Iterator[Told]:
    for step in shown.steps:
        for name, value in step.outputs.items():
            yield told(_("reported"), f"{step.id}.{name} = {value}")
        for name, value in (step.sheet or {}).items():
            yield told(_("recorded"), f"{step.id}.{name} = {value}")


def _decided(shown: RunShown, present: Present) -> Iterator[Told]:
    for decision in shown.decisions:
        text = _("{question}: {choice}").format(
            question=spoken(decision.question.value), choice=spoken(decision.choice.value)
        )
        yield told(_("decided"), f"{clock(decision.at, present)}  {text}")


def _signed(shown: RunShown, wanted: RequestShown | None, present: Present) -> Iterator[Told]:
    statements = {each.id: each for each in (*(wanted.statements if wanted else ()), *shown.statements)}
    yield from signatures_told(statements.values(), present)
