"""What people sign is built from what the service shows; a second person signs exactly what the first did."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from runner.client import drafts
from runner.client.drafts import Draft
from runner.errors import RefusedError, VerificationError
from runner.model.plan import Content
from runner.model.request import PublicationState
from runner.model.result import Achievement
from runner.model.run import Choice, RunState
from runner.model.statement import StatementKind
from runner.rules import statements
from runner.wire.api import Words
from runner.wire.api_content import PublicationRow, PublicationShown
from runner.wire.api_request import Act
from runner.wire.api_run import RunShown
from tests import wire_samples as said
from tests.wire_samples import NOON, NUMBER, PLAN, QUESTION, REQUEST, RUN, RUN_SHOWN, WINDOW


def act(kind: StatementKind, first: Draft | None = None, step: str = "upgrade", role: str = "") -> Act:
    return Act(
        kind=kind,
        subject=RUN,
        title=Words("sign"),
        people=("li", "王"),
        signed=("王",) if first else (),
        content=first.content if first else None,
        run=RUN,
        batch=1,
        step=step,
        role=role,
    )


def waiting(state: RunState, kind: StatementKind, **more: object) -> RunShown:
    shown = replace(RUN_SHOWN, row=replace(said.ROW, state=state), act=act(kind))
    return replace(shown, **more)  # type: ignore[arg-type]  # fields of RunShown, as the test wants them


def countersigned(shown: RunShown, draft: Draft) -> RunShown:
    """The same run once the first person has signed the draft."""
    before = shown.act
    assert before is not None
    return replace(shown, act=replace(before, content=draft.content, signed=("王",)))


AT_GATE = waiting(RunState.AT_GATE, StatementKind.GATE)
AT_SHEET = replace(
    waiting(RunState.AT_SHEET, StatementKind.SHEET), act=act(StatementKind.SHEET, step="read", role="do")
)
ASKED = waiting(RunState.AWAITING_DECISION, StatementKind.DECIDE, asked=QUESTION)
ENDED = waiting(RunState.SUCCEEDED, StatementKind.CLOSE)


def test_an_approval_lasts_as_long_as_the_window() -> None:
    draft = drafts.approve(REQUEST, NOON, timedelta(days=7))
    assert draft == Draft(
        StatementKind.APPROVE, NUMBER, statements.approve_content(REQUEST, WINDOW.opens, WINDOW.closes, 1)
    )


def test_an_approval_without_window_lasts_as_long_as_policy_says() -> None:
    wanted = replace(REQUEST, window=None)
    content = drafts.approve(wanted, NOON, timedelta(days=7)).content
    assert (content["not_before"], content["not_after"]) == ("2026-11-23T04:00:00Z", "2026-11-30T04:00:00Z")


def test_a_confirmation_names_the_start_it_confirms() -> None:
    content = drafts.confirm(RUN_SHOWN, REQUEST).content
    assert (content["start"], content["executor"], content["run"]) == ("s" * 64, "王", RUN)


def test_nothing_is_confirmed_that_was_not_started() -> None:
    with pytest.raises(RefusedError):
        drafts.confirm(replace(RUN_SHOWN, statements=()), REQUEST)


def test_a_gate_names_its_hosts() -> None:
    assert drafts.gate(AT_GATE).content == {
        "run": RUN,
        "plan": PLAN,
        "batch": 1,
        "step": "upgrade",
        "hosts": ["web1"],
    }


def test_a_sheet_names_its_readings() -> None:
    content = drafts.sheet(AT_SHEET, {"level": "3"}).content
    assert (content["step"], content["role"], content["readings"]) == ("read", "do", {"level": "3"})


def test_a_decision_names_the_question_and_its_attempt() -> None:
    content = drafts.decide(ASKED, Choice.ROLL_BACK, "it is late").content
    assert (content["question"], content["choice"], content["number"]) == ("step_failed", "roll_back", 1)


def test_a_choice_that_is_not_offered_is_refused_here() -> None:
    with pytest.raises(RefusedError, match="mark_done is not offered"):
        drafts.decide(ASKED, Choice.MARK_DONE, "it is late")


@pytest.mark.parametrize("make", [drafts.gate, lambda shown: drafts.sheet(shown, {})])
def test_nothing_is_signed_that_is_not_asked(make: object) -> None:
    with pytest.raises(RefusedError) as raised:
        make(RUN_SHOWN)  # type: ignore[operator]  # one of the functions above
    assert "twokey run show" in raised.value.advice()


def test_nothing_is_decided_that_is_not_asked() -> None:
    with pytest.raises(RefusedError):
        drafts.decide(RUN_SHOWN, Choice.CONTINUE, "")


def test_the_second_person_signs_what_the_first_wrote() -> None:
    first = drafts.close(ENDED, Achievement("everything as planned"))
    assert drafts.close(countersigned(ENDED, first), Achievement("in other words")) == first
    read = drafts.sheet(AT_SHEET, {"level": "3"})
    assert drafts.sheet(countersigned(AT_SHEET, read), {}) == read
    decided = drafts.decide(ASKED, Choice.REPEAT, "the disk was full")
    assert drafts.decide(countersigned(ASKED, decided), Choice.REPEAT, "other words") == decided
    passed = drafts.gate(AT_GATE)
    assert drafts.gate(countersigned(AT_GATE, passed)) == passed


def test_the_second_person_signs_no_other_decision() -> None:
    first = drafts.decide(ASKED, Choice.REPEAT, "the disk was full")
    with pytest.raises(RefusedError) as refused:
        drafts.decide(countersigned(ASKED, first), Choice.ROLL_BACK, "the disk was full")
    assert (refused.value.rule, refused.value.facts["first"]) == ("run:another-choice", "repeat")
    assert "lapses" in refused.value.advice()


@pytest.mark.parametrize("field, value", [("plan", "sha256:0"), ("hosts", ["web1", "web2"]), ("extra", 1)])
def test_the_second_person_signs_nothing_the_run_does_not_show(field: str, value: object) -> None:
    first = drafts.gate(AT_GATE)
    forged = Draft(first.kind, first.subject, {**first.content, field: value})  # type: ignore[dict-item]  # as above
    with pytest.raises(VerificationError, match=field):
        drafts.gate(countersigned(AT_GATE, forged))


def test_a_result_names_how_the_run_ended() -> None:
    content = drafts.close(ENDED, Achievement("done", "late")).content
    assert (content["state"], content["achieved"], content["reason"]) == ("succeeded", "done", "late")


def test_a_countersigner_signs_the_same_content() -> None:
    row = PublicationRow(
        said.CONTENT, "register-upgrade", 2, "runbooks/x.yml", PublicationState.PROPOSED, "王", None, NOON, 3
    )
    draft = drafts.countersign(PublicationShown(row, Content("runbooks/x.yml", ()), (), None))
    assert draft.subject == said.CONTENT
    assert draft.content == statements.publish_content(said.CONTENT, "register-upgrade", 2, "countersigner")


def test_stopping_needs_only_the_run_and_a_reason() -> None:
    assert drafts.pause(RUN, "look first").content == {"run": RUN, "reason": "look first"}
    assert drafts.abort(RUN, "wrong host").kind is StatementKind.ABORT
