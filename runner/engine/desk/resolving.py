"""What executor and confirmer sign together while a run goes on: gates, sheets of manual steps, decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from runner.engine.desk.case import Case
from runner.engine.desk.joint import Joint, Waiting, about_run, decided, not_asked, sign, waiting_run
from runner.engine.desk.reasons import require_reason
from runner.errors import NotFoundError, RefusedError, UsageError
from runner.model.document import JsonObject, JsonValue
from runner.model.nearest import nearest
from runner.model.plan import Role
from runner.model.run import Choice, Decision, RunState, Wish
from runner.model.runbook import ManualWork
from runner.rules.expansion import PlannedStep
from runner.rules.parameters import check_value
from runner.rules.situation import sheet_key
from runner.rules.statements import decide_content, gate_content, sheet_content
from runner.rules.tags import Tag
from runner.wire.api_request import Outcome
from runner.words import N_


def gate(case: Case) -> Outcome:
    """Let a run go on past a gate."""
    waiting = waiting_run(case, RunState.AT_GATE)
    record, planned = waiting.record, _planned(waiting)
    place = (planned.batch, planned.step.id)
    return sign(
        case,
        record,
        Joint(
            content=gate_content(record.id, record.plan, *place, planned.hosts),
            about=about_run(record, *place),
            signed=Tag.RUN_GATE_SIGNED,
            done=Tag.RUN_GATE_PASSED,
            effect=lambda run: decided(replace(run, gates=(*run.gates, place))),
            details={"hosts": list(planned.hosts)},
            message=N_("run {run} goes on past the gate"),
        ),
    )


def sheet(case: Case) -> Outcome:
    """Record what was done by hand, and what was read."""
    waiting = waiting_run(case, RunState.AT_SHEET)
    record, planned, role = waiting.record, _planned(waiting), waiting.move.at.role
    place = (planned.batch, planned.step.id)
    readings = _readings(case, planned, role)
    key = sheet_key(planned, role)
    return sign(
        case,
        record,
        Joint(
            content=sheet_content(record.id, record.plan, *place, readings, role),
            about=about_run(record, *place, role.value),
            signed=Tag.RUN_SHEET_SIGNED,
            done=Tag.RUN_SHEET_DONE,
            effect=lambda run: decided(replace(run, sheets={**run.sheets, key: readings})),
            details={"readings": readings},
            message=N_("run {run} goes on: the sheet is signed"),
        ),
    )


def decide(case: Case) -> Outcome:
    """Answer the question a run waits with."""
    waiting = waiting_run(case)
    record, move = waiting.record, waiting.move
    if move.question is None:
        raise not_asked(case, record)
    choice, reason = _choice(case, waiting), require_reason(_text(case, "reason"))
    at = move.at
    decision = Decision(move.question, choice, at.batch, at.step, at.role, at.number, case.now)
    return sign(
        case,
        record,
        Joint(
            content=decide_content(at, move.question, choice, reason),
            about=replace(about_run(record, at.batch, at.step, at.role.value), attempt=at.number or None),
            signed=Tag.RUN_DECISION_SIGNED,
            done=Tag.RUN_DECIDED,
            effect=lambda run: decided(replace(run, decisions=(*run.decisions, decision), wish=Wish())),
            details={"question": move.question.value, "choice": choice.value, "reason": reason},
            message=N_("run {run}: it is decided"),
        ),
    )


def _planned(waiting: Waiting) -> PlannedStep:
    at = waiting.move.at
    steps = waiting.opened.expansion.steps
    return next(each for each in steps if (each.batch, each.step.id) == (at.batch, at.step))


def _readings(case: Case, planned: PlannedStep, role: Role) -> JsonObject:
    """The readings of a sheet, each as its step declares it; undoing by hand records none."""
    given = case.statement.content.get("readings")
    if not isinstance(given, dict):
        raise UsageError(N_('statement: "readings" must be an object'))
    work = planned.step.work
    declared = work.record if isinstance(work, ManualWork) and role is Role.DO else ()
    names = [reading.name for reading in declared]
    _require_names(given, names)
    for reading in declared:
        check_value(reading, given[reading.name])
    return dict(given)


def _require_names(given: Mapping[str, JsonValue], names: list[str]) -> None:
    for name in given:
        if name not in names:
            near = nearest(name, names)
            hint = N_('did you mean "{near}"?') if near else ""
            raise NotFoundError(N_('sheet: no reading "{name}" is asked for'), hint=hint, name=name[:80], near=near)
    missing = [name for name in names if name not in given]
    if missing:
        raise UsageError(N_("sheet: readings are missing: {names}"), names=", ".join(missing))


def _choice(case: Case, waiting: Waiting) -> Choice:
    given = _text(case, "choice")
    choices = waiting.move.choices
    chosen = next((choice for choice in choices if choice.value == given), None)
    if chosen is None:
        raise RefusedError(
            N_("run {run}: {choice} cannot be chosen here, possible are: {choices}"),
            rule="state:not-a-choice",
            run=waiting.record.id,
            choice=given[:40],
            choices=", ".join(choices),
        )
    return chosen


def _text(case: Case, name: str) -> str:
    value = case.statement.content.get(name)
    return value if isinstance(value, str) else ""
