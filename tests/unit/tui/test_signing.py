"""From what is waited for to what is asked, and what the two-person dialog says at each moment."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runner.errors import RefusedError, UnreachableError, UsageError
from runner.model.document import JsonObject
from runner.model.grant import Appoint, Grant, SetPolicy, Suspend
from runner.model.result import Acceptance, Achievement, Configuration
from runner.model.run import Choice, RunState
from runner.model.runbook import ManualWork, Parameter, ValueType
from runner.model.statement import StatementKind
from runner.model.text import Text
from runner.wire.api import Words
from runner.wire.api_request import Act, Outcome
from tests.demo_change import NIGHT, RUN, SHEET, DemoChange
from tui import intents
from tui.backend import PlanShown
from tui.demo.stage import READY
from tui.demo.story import Ending
from tui.forms import (
    Form,
    abort_form,
    decide_form,
    pause_form,
    reject_form,
    require_answers,
    revoke_form,
    sheet_form,
    withdraw_form,
)
from tui.result_forms import close_form
from tui.sign_text import KeyNames, Phase, Signing, awaits_another, signing_lines, what_now
from tui.text import Present

PRESENT = Present(NIGHT, "Asia/Shanghai")
KEYS = KeyNames("F8", "F7")


def act(kind: StatementKind, content: JsonObject | None = None) -> Act:
    return Act(kind, RUN, Words("x"), ("duty-b",), content=content, run=RUN)


@pytest.mark.parametrize(
    "kind, intent",
    [
        (StatementKind.APPROVE, intents.Approve(RUN)),
        (StatementKind.START, intents.Start(RUN)),
        (StatementKind.CONFIRM, intents.Confirm(RUN)),
        (StatementKind.GATE, intents.PassGate(RUN)),
        (StatementKind.GRANT, intents.ApproveGrant(RUN)),
        (StatementKind.INSPECT, intents.InspectGrant(RUN)),
    ],
)
def test_some_signatures_need_no_question(kind: StatementKind, intent: intents.Intent) -> None:
    assert intents.intent_of(act(kind)) == intent
    assert intents.kind_of(intent) is kind
    assert intents.subject_of(intent) == RUN


@pytest.mark.parametrize(
    "kind, content, intent",
    [
        (StatementKind.SHEET, {"readings": {"a": 1}}, intents.SignSheet(RUN, {"a": 1})),
        (
            StatementKind.DECIDE,
            {"choice": "roll_back", "reason": "r"},
            intents.Decide(RUN, Choice.ROLL_BACK, "r"),
        ),
        (
            StatementKind.CLOSE,
            {"achieved": "a", "reason": "", "configuration": "updated", "reference": "CI-7"},
            intents.Close(RUN, Achievement("a", "", Configuration.UPDATED, "CI-7")),
        ),
        (
            StatementKind.ACCEPT,
            {"accepted": False, "conclusion": "it leaks", "follow_up": "BG-2026-0154"},
            intents.Accept(RUN, Acceptance(accepted=False, conclusion="it leaks", follow_up="BG-2026-0154")),
        ),
    ],
)
def test_the_second_person_is_asked_nothing(kind: StatementKind, content: JsonObject, intent: intents.Intent) -> None:
    assert intents.intent_of(act(kind)) is None
    assert intents.intent_of(act(kind, content)) == intent


def test_other_signatures_are_not_given_here() -> None:
    assert intents.intent_of(act(StatementKind.PUBLISH, {})) is None


@pytest.mark.parametrize(
    "form, intent",
    [
        (reject_form(READY), intents.Reject(READY, "why")),
        (withdraw_form(READY), intents.Withdraw(READY, "why")),
        (revoke_form(READY), intents.Revoke(READY, "why")),
        (pause_form(RUN), intents.Pause(RUN, "why")),
        (abort_form(RUN), intents.Abort(RUN, "why")),
    ],
)
def test_reasons_are_asked_and_needed(form: Form, intent: intents.Intent) -> None:
    assert form.make({"reason": " why "}) == intent
    with pytest.raises(UsageError, match="an answer is needed"):
        require_answers(form, {"reason": "  "})


def test_a_decision_offers_what_the_run_offers() -> None:
    shown = DemoChange(Ending.ASKS).at(RunState.OUTCOME_UNKNOWN)
    form = decide_form(shown)
    assert form is not None
    choice, _reason = form.fields
    assert [option.value for option in choice.options] == ["mark_done", "repeat", "roll_back", "abandon"]
    assert choice.options[2].label == "roll back: what was done is undone, newest first"
    assert form.make({"choice": "repeat", "reason": "r"}) == intents.Decide(RUN, Choice.REPEAT, "r")


def test_a_choice_that_is_not_offered_has_no_form() -> None:
    shown = DemoChange(Ending.ASKS).at(RunState.OUTCOME_UNKNOWN)
    assert decide_form(shown, Choice.CONTINUE) is None
    form = decide_form(shown, Choice.ROLL_BACK)
    assert form is not None
    assert form.make({"reason": "r"}) == intents.Decide(RUN, Choice.ROLL_BACK, "r")
    assert decide_form(DemoChange().begun()) is None


def test_a_result_that_was_not_planned_needs_its_reason() -> None:
    shown = DemoChange().at(RunState.ROLLED_BACK)
    form = close_form(shown)
    assert form is not None
    with pytest.raises(UsageError):
        require_answers(form, {"achieved": "nothing", "configuration": "no_change"})
    good = close_form(DemoChange(Ending.SUCCEEDS).at(RunState.SUCCEEDED))
    assert good is not None
    with pytest.raises(UsageError):
        require_answers(good, {"achieved": "all of it"})
    given = {"achieved": "all of it", "configuration": "updated", "reference": "CI-7"}
    require_answers(good, given)
    assert good.make(given) == intents.Close(RUN, Achievement("all of it", "", Configuration.UPDATED, "CI-7"))
    assert close_form(DemoChange().begun()) is None


def plan_of(demo: DemoChange) -> PlanShown:
    return demo.backend.plan(demo.backend.change(READY).request.plan)


def test_a_sheet_asks_for_its_readings_and_checks_them() -> None:
    demo = DemoChange()
    form = sheet_form(demo.at(RunState.AT_SHEET), plan_of(demo))
    assert form is not None
    assert [field.label for field in form.fields] == ["Number of the announcement (string)"]
    assert form.make({"announcement": "GG-12"}) == SHEET
    with pytest.raises(UsageError, match="announcement"):
        form.make({"announcement": "twelve"})
    assert sheet_form(DemoChange().begun(), plan_of(demo)) is None


def test_readings_are_typed_and_have_defaults() -> None:
    demo = DemoChange()
    shown = demo.at(RunState.AT_SHEET)
    record = (
        Parameter("valve", ValueType.CHOICE, choices=("open", "shut")),
        Parameter("safe", ValueType.BOOLEAN),
        Parameter("bar", ValueType.INTEGER, default=3),
    )
    planned = plan_of(demo)
    steps = tuple(
        replace(step, work=ManualWork(Text("x", "x"), record)) if step.id == "announce" else step
        for step in planned.plan.runbook.steps
    )
    other = replace(planned, plan=replace(planned.plan, runbook=replace(planned.plan.runbook, steps=steps)))
    form = sheet_form(shown, other)
    assert form is not None
    valve, safe, bar = form.fields
    assert [option.value for option in valve.options] == ["open", "shut"]
    assert [option.value for option in safe.options] == ["true", "false"]
    assert bar.given == "3"
    made = form.make({"valve": "shut", "safe": "true", "bar": "4"})
    assert made == intents.SignSheet(RUN, {"valve": "shut", "safe": True, "bar": 4})


def test_undoing_by_hand_records_nothing() -> None:
    demo = DemoChange()
    shown = demo.at(RunState.AT_SHEET)
    assert shown.act is not None
    form = sheet_form(replace(shown, act=replace(shown.act, role="rollback")), plan_of(demo))
    assert form is not None
    assert form.fields == ()
    assert form.make({}) == intents.SignSheet(RUN, {})


def said(demo: DemoChange, signing: Signing) -> list[str]:
    return [line.text for line in signing_lines(signing, demo.backend.open(), PRESENT)]


def test_the_text_is_shown_in_words_and_field_by_field_before_it_is_signed() -> None:
    demo = DemoChange()
    intent = intents.Start(READY)
    prepared = demo.backend.prepare(intent, demo.executor)
    found = said(demo, Signing(intent, Phase.READY, prepared))
    assert found[0] == f"start of change {READY}: executor, then confirmer"
    assert found[1] == " PRODUCTION customer-systems "
    assert any(line.startswith("you sign as duty-a, key SHA256:") for line in found)
    assert any(line.startswith(f"duty-a starts change {READY}, plan ") for line in found)
    assert "2 hosts: core-db-1, core-db-2" in found
    assert any(line.startswith("  plan: ") and str(prepared.content["plan"])[7:] in line for line in found)


def test_readings_stand_above_the_small_print() -> None:
    demo = DemoChange()
    demo.at(RunState.AT_SHEET)
    prepared = demo.backend.prepare(SHEET, demo.executor)
    found = said(demo, Signing(SHEET, Phase.READY, prepared))
    assert found.index("  announcement = GG-12") < found.index("exactly this is signed:")


def test_who_still_has_to_sign_and_how_long_that_is_possible() -> None:
    demo = DemoChange()
    outcome = demo.started()
    assert awaits_another(outcome)
    signing = Signing(intents.Start(READY), Phase.WAITING, outcome=outcome)
    found = said(demo, signing)
    assert f"still to sign: duty-b (run {RUN}: confirm its start by duty-a)" in found
    assert "valid until 00:36:00, 5:00 left" in found
    assert signing.awaited == outcome.next


def test_a_half_of_a_first_password_is_shown_to_its_signer_with_what_to_do() -> None:
    demo = DemoChange()
    outcome = Outcome(
        "s", StatementKind.APPLY, "SQ-2026-0007", "applied", complete=False, message=Words("applied"), half="abcd"
    )
    signing = Signing(intents.ApproveGrant("SQ-2026-0007"), Phase.DONE, outcome=outcome)
    assert "your half of the first password: abcd" in said(demo, signing)
    assert "noted your half" in what_now(signing, KEYS)[0].text
    assert "abcd" not in repr(outcome)


def test_an_act_of_one_person_awaits_nobody() -> None:
    demo = DemoChange()
    demo.at(RunState.AT_SHEET)
    assert not awaits_another(replace(demo_outcome(demo), kind=StatementKind.APPROVE, complete=True))
    assert not awaits_another(demo.sign(intents.Pause(RUN, "wait"), demo.executor))


def demo_outcome(demo: DemoChange) -> Outcome:
    return demo.sign(SHEET, demo.executor)


def test_both_people_read_what_they_sign_in_the_same_order() -> None:
    demo = DemoChange()
    demo.at(RunState.AT_GATE)
    shown = []
    for key in (demo.executor, demo.confirmer):
        prepared = demo.backend.prepare(intents.PassGate(RUN), key)
        content = dict(reversed(prepared.content.items())) if key is demo.executor else prepared.content
        found = said(demo, Signing(intents.PassGate(RUN), Phase.READY, replace(prepared, content=content)))
        shown.append(found[found.index("exactly this is signed:") :])
    assert shown[0] == shown[1]
    assert shown[0][1] == f"  run: {RUN}"


def test_a_refusal_says_rule_and_next_step() -> None:
    demo = DemoChange()
    error = RefusedError("{person} may not", rule="L2:x", hint="ask {who}", person="duty-a", who="duty-b")
    found = said(demo, Signing(intents.Confirm(RUN), Phase.REFUSED, error=error))
    assert found[-4:] == [
        "REFUSED: it took no effect; the refusal is in the log",
        "duty-a may not",
        "rule: L2:x",
        "next: ask duty-b",
    ]
    lost = said(demo, Signing(intents.Confirm(RUN), Phase.REFUSED, error=UnreachableError("no answer")))
    assert lost[-2:] == ["NOT SIGNED", "no answer"]


@pytest.mark.parametrize(
    "phase, told",
    [
        (Phase.READY, "F8 signs. Enter never does."),
        (Phase.WAITING, "with their own key (F7)"),
        (Phase.REFUSED, "F7 signs with another key"),
        (Phase.SIGNING, "signing…"),
    ],
)
def test_the_next_key_is_always_named(phase: Phase, told: str) -> None:
    (line,) = what_now(Signing(intents.Start(READY), phase), KEYS)
    assert told in line.text


def test_nothing_can_be_pressed_while_it_is_prepared() -> None:
    signing = Signing(intents.Start(READY))
    assert what_now(signing, KEYS) == ()
    assert said(DemoChange(), signing)[-1] == "plan and log are being checked…"


def grant_signing(grant: Grant) -> list[str]:
    demo = DemoChange()
    intent = intents.Apply(grant, "needed")
    prepared = demo.backend.prepare(intent, demo.executor)
    signing = Signing(intent, Phase.READY, prepared)
    return [line.text for line in signing_lines(signing, demo.backend.open(), PRESENT)]


def test_a_grant_is_signed_in_words_and_then_field_by_field() -> None:
    shown = grant_signing(Appoint("li.na", "network", document="RS-7"))
    assert shown[:2] == ["application for a grant about li.na", " PRODUCTION customer-systems "]
    assert "duty-a applies for a grant, appoint li.na network: needed" in shown
    assert "it takes effect when another person approves it" in shown
    assert "post:     network" in shown
    assert "    stand_in: false" in shown
    assert "    environments: -" in shown
    assert not [line for line in shown if "hosts" in line]


def test_a_grant_that_takes_effect_at_once_says_so() -> None:
    assert "it takes effect at once; another person must inspect it afterwards" in grant_signing(Suspend("li.na", "x"))


def test_a_text_of_several_lines_is_signed_line_by_line() -> None:
    shown = grant_signing(SetPolicy("sha256:" + "a" * 64, "name: new\nhold: 1h\n"))
    place = shown.index("    text:")
    assert shown[place + 1 : place + 3] == ["      name: new", "      hold: 1h"]
