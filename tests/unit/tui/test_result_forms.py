from __future__ import annotations

from dataclasses import replace

import pytest

from runner.errors import UsageError
from runner.model.document import JsonObject
from runner.model.result import Acceptance, Achievement, Configuration, Findings
from runner.model.run import RunState
from runner.model.statement import StatementKind
from runner.wire.api import Words
from runner.wire.api_request import Act
from runner.wire.api_run import RunShown
from tests.demo_change import RUN, DemoChange
from tui.demo.story import Ending
from tui.forms import Form, require_answers
from tui.intents import Accept, Close, Verify, intent_of, kind_of
from tui.result_forms import result_form


def in_state(state: RunState, kind: StatementKind) -> RunShown:
    shown = DemoChange(Ending.SUCCEEDS).at(RunState.SUCCEEDED)
    act = Act(kind, RUN, Words("sign"), ("duty-a",), run=RUN)
    return replace(shown, row=replace(shown.row, state=state), act=act)


def form_of(state: RunState, kind: StatementKind) -> Form:
    form = result_form(in_state(state, kind))
    assert form is not None
    return form


def test_the_business_says_what_it_verified_and_whether_it_accepts() -> None:
    form = form_of(RunState.AWAITING_BUSINESS, StatementKind.VERIFY)
    with pytest.raises(UsageError):
        require_answers(form, {"verified": "a transfer"})
    made = form.make({"accepted": "no", "verified": "a transfer", "finding": "interest is wrong"})
    assert made == Verify(RUN, Findings(accepted=False, verified="a transfer", findings=("interest is wrong",)))
    assert kind_of(made) is StatementKind.VERIFY


def test_a_trial_is_accepted_or_followed_by_another_change() -> None:
    form = form_of(RunState.ON_TRIAL, StatementKind.ACCEPT)
    made = form.make({"accepted": "yes", "conclusion": "quiet"})
    assert made == Accept(RUN, Acceptance(accepted=True, conclusion="quiet"))
    failed = form.make({"accepted": "no", "conclusion": "it leaks", "follow_up": "BG-2026-0009"})
    assert failed == Accept(RUN, Acceptance(accepted=False, conclusion="it leaks", follow_up="BG-2026-0009"))


def test_what_is_disputed_is_closed_with_its_reason_and_what_follows() -> None:
    form = form_of(RunState.DISPUTED, StatementKind.CLOSE)
    given = {"achieved": "nothing", "configuration": "no_change"}
    with pytest.raises(UsageError):
        require_answers(form, given)
    made = form.make({**given, "reason": "wrong formula", "follow_up": "BG-2026-0009"})
    said = Achievement("nothing", "wrong formula", Configuration.NO_CHANGE, "", "BG-2026-0009")
    assert made == Close(RUN, said)


def test_the_other_department_is_asked_nothing() -> None:
    content: JsonObject = {"accepted": True, "conclusion": "quiet", "follow_up": ""}
    act = Act(StatementKind.ACCEPT, RUN, Words("sign"), ("duty-b",), run=RUN, signed=("duty-a",), content=content)
    assert intent_of(act) == Accept(RUN, Acceptance(accepted=True, conclusion="quiet"))
    assert intent_of(replace(act, content=None)) is None


def test_a_run_that_goes_on_asks_for_none_of_it() -> None:
    assert result_form(DemoChange().begun()) is None
