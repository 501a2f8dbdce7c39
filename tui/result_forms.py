"""What is asked of a person about a run that has ended: its result, the business verification, the acceptance."""

from __future__ import annotations

from runner.model.result import Acceptance, Achievement, Configuration, Findings
from runner.model.run import UNSIGNED, RunState
from runner.model.statement import StatementKind
from runner.wire.api_run import RunShown
from runner.wire.spoken import spoken
from runner.words import _
from tui.forms import Answers, Field, Form, Option
from tui.intents import Accept, Close, Verify

_YES, _NO = "yes", "no"


def result_form(shown: RunShown) -> Form | None:
    """What the run waits for now that it has ended; None while it goes on."""
    kind = shown.act.kind if shown.act is not None else None
    if kind is StatementKind.VERIFY:
        return verify_form(shown)
    if kind is StatementKind.ACCEPT:
        return accept_form(shown)
    return close_form(shown)


def close_form(shown: RunShown) -> Form | None:
    """What was achieved, why it did not go as planned, and the configuration record; None while there is no result."""
    row = shown.row
    disputed = row.state is RunState.DISPUTED
    if row.state not in UNSIGNED and not disputed:
        return None
    fields = [
        Field("achieved", _("what was achieved")),
        Field(
            "reason", _("why it did not go as planned"), required=row.state is not RunState.SUCCEEDED or shown.overrun
        ),
        Field(
            "configuration",
            _("configuration record"),
            options=tuple(Option(each.value, spoken(each.value)) for each in Configuration),
        ),
        Field("reference", _("where it was updated"), required=False),
    ]
    if disputed:
        fields.append(Field("follow_up", _("change that undoes or mends it"), required=False))
    title = _("result of run {run}: {state}").format(run=row.id, state=spoken(row.state.value))
    return Form(title, tuple(fields), lambda answers: Close(row.id, _achievement(answers)))


def verify_form(shown: RunShown) -> Form:
    """What a business owner found."""
    run = shown.row.id
    fields = (_accepted(), Field("verified", _("what was verified")), Field("finding", _("finding"), required=False))
    return Form(
        _("business verification of run {run}").format(run=run), fields, lambda given: Verify(run, _found(given))
    )


def accept_form(shown: RunShown) -> Form:
    """What becomes of a change on trial."""
    run = shown.row.id
    fields = (
        _accepted(),
        Field("conclusion", _("how the trial went")),
        Field("follow_up", _("change that undoes or mends it"), required=False),
    )
    return Form(_("acceptance of run {run}").format(run=run), fields, lambda given: Accept(run, _acceptance(given)))


def _accepted() -> Field:
    return Field("accepted", _("accepted"), options=(Option(_YES, _("accepted")), Option(_NO, _("NOT accepted"))))


def _achievement(answers: Answers) -> Achievement:
    return Achievement(
        _text(answers, "achieved"),
        _text(answers, "reason"),
        Configuration(_text(answers, "configuration")),
        _text(answers, "reference"),
        _text(answers, "follow_up"),
    )


def _found(answers: Answers) -> Findings:
    finding = _text(answers, "finding")
    return Findings(answers["accepted"] == _YES, _text(answers, "verified"), (finding,) if finding else ())


def _acceptance(answers: Answers) -> Acceptance:
    return Acceptance(answers["accepted"] == _YES, _text(answers, "conclusion"), _text(answers, "follow_up"))


def _text(answers: Answers, name: str) -> str:
    return answers.get(name, "").strip()
