"""What is asked of a person before something can be signed, as values; the answers become an intent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from runner.client.wording.matter import CONSEQUENCES
from runner.errors import UsageError
from runner.model.document import JsonValue
from runner.model.run import UNSIGNED, Choice, RunState
from runner.model.runbook import ManualWork, Parameter, ValueType
from runner.model.statement import StatementKind
from runner.rules.parameters import read_value, shown_value
from runner.wire.api_request import Act
from runner.wire.api_run import RunShown
from runner.wire.spoken import spoken
from runner.words import N_, _, current_language
from tui.backend import PlanShown
from tui.intents import Abort, Decide, HandOver, Intent, Pause, Reject, Revoke, SignSheet, Withdraw
from tui.text import label

Answers = Mapping[str, str]

_OVER: Final = UNSIGNED | {RunState.DISPUTED}
"""States in which its two people sign what became of a run."""


@dataclass(frozen=True, slots=True)
class Option:
    """One of the answers a choice offers."""

    value: str
    label: str
    """In the current language."""


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that is asked."""

    name: str
    label: str
    """In the current language."""
    required: bool = True
    secret: bool = False
    options: tuple[Option, ...] = ()
    """Answers to choose from; empty for free text."""
    given: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """Questions, and what becomes of the answers."""

    title: str
    """In the current language."""
    fields: tuple[Field, ...]
    make: Callable[[Answers], Intent]
    """Raises UsageError for an answer that cannot be used."""


def require_answers(form: Form, answers: Answers) -> None:
    """Refuse to go on while something required is missing.

    Raises:
        UsageError: naming the first field.
    """
    for field in form.fields:
        if field.required and not answers.get(field.name, "").strip():
            raise UsageError(N_("{field}: an answer is needed"), field=field.label)


def reject_form(number: str) -> Form:
    """Rejecting needs a reason."""
    title = _("reject change {number}").format(number=number)
    return Form(title, (reason_field(),), lambda answers: Reject(number, answers["reason"].strip()))


def withdraw_form(number: str) -> Form:
    """Withdrawing needs a reason."""
    title = _("withdraw change {number}").format(number=number)
    return Form(title, (reason_field(),), lambda answers: Withdraw(number, answers["reason"].strip()))


def revoke_form(number: str) -> Form:
    """Ending a standing approval needs a reason."""
    title = _("end the standing approval of change {number} at once").format(number=number)
    return Form(title, (reason_field(),), lambda answers: Revoke(number, answers["reason"].strip()))


def pause_form(run: str) -> Form:
    """Pausing needs a reason."""
    title = _("pause run {run} before its next step").format(run=run)
    return Form(title, (reason_field(),), lambda answers: Pause(run, answers["reason"].strip()))


def abort_form(run: str) -> Form:
    """Stopping needs a reason."""
    title = _("stop run {run} at the next task border").format(run=run)
    return Form(title, (reason_field(),), lambda answers: Abort(run, answers["reason"].strip()))


def hand_over_form(shown: RunShown, person: str) -> Form | None:
    """Who takes the run over, from whom, and why; None while the run is not parked.

    Args:
        shown: the run.
        person: whose key is at hand; whoever is one of the two gives their own part.
    """
    row = shown.row
    if not row.confirmer or (shown.act is None and row.state not in _OVER) or row.state is RunState.CONFIRMING:
        return None
    parts = (Option(row.executor, row.executor), Option(row.confirmer, row.confirmer))
    fields = (
        Field("taker", _("who takes it over (account)")),
        Field("giver", _("whose part it is"), options=parts, given=person if person == row.confirmer else row.executor),
        reason_field(),
    )
    title = _("hand run {run} over; both sign").format(run=row.id)
    return Form(
        title,
        fields,
        lambda answers: HandOver(row.id, answers["giver"], answers["taker"].strip(), answers["reason"].strip()),
    )


def decide_form(shown: RunShown, only: Choice | None = None) -> Form | None:
    """The choices a waiting run offers, with what follows from each; None when it offers none (or not `only`)."""
    asked = shown.asked
    if asked is None or (only is not None and only not in asked.choices):
        return None
    run = shown.row.id
    if only is not None:
        title = _("run {run}: {choice}").format(run=run, choice=spoken(only.value))
        return Form(title, (reason_field(),), lambda answers: Decide(run, only, answers["reason"].strip()))
    options = tuple(
        Option(choice.value, label(spoken(choice.value)) + _(CONSEQUENCES[choice])) for choice in asked.choices
    )
    fields = (Field("choice", _("choice"), options=options), reason_field())
    return Form(
        _("decide about run {run}").format(run=run),
        fields,
        lambda answers: Decide(run, Choice(answers["choice"]), answers["reason"].strip()),
    )


def sheet_form(shown: RunShown, planned: PlanShown) -> Form | None:
    """The readings a manual step asks for; None while the run waits with no sheet."""
    act = shown.act
    if act is None or act.kind is not StatementKind.SHEET:
        return None
    run = shown.row.id
    record = _readings_of(planned, act)
    fields = tuple(_reading(parameter) for parameter in record)
    title = _("sheet of step {step}, run {run}").format(step=act.step, run=run)
    return Form(title, fields, lambda answers: SignSheet(run, _values(record, answers)))


def _readings_of(planned: PlanShown, act: Act) -> tuple[Parameter, ...]:
    """What is recorded of the step; nothing of its undoing."""
    step = next((step for step in planned.plan.runbook.steps if step.id == act.step), None)
    if step is None or not isinstance(step.work, ManualWork) or act.role == "rollback":
        return ()
    return step.work.record


def _values(record: tuple[Parameter, ...], answers: Answers) -> dict[str, JsonValue]:
    return {parameter.name: read_value(parameter, answers[parameter.name].strip()) for parameter in record}


def _reading(parameter: Parameter) -> Field:
    ask = parameter.ask.in_language(current_language()) if parameter.ask else parameter.name
    if parameter.type is ValueType.CHOICE:
        offered = tuple(Option(choice, choice) for choice in parameter.choices)
    elif parameter.type is ValueType.BOOLEAN:
        offered = (Option("true", _("yes")), Option("false", _("no")))
    else:
        offered = ()
    label = f"{ask} ({spoken(parameter.type.value)})"
    given = "" if parameter.default is None else shown_value(parameter, parameter.default)
    return Field(parameter.name, label, options=offered, given=given)


def reason_field() -> Field:
    """Why, in the person's words."""
    return Field("reason", _("reason"))
