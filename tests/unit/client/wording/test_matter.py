"""What a run is about at each moment."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runner.client.wording.matter import CONSEQUENCES, QUESTIONS, matter_lines
from runner.client.wording.present import Present
from runner.model.result import Achievement
from runner.model.run import AttemptState, Choice, Question, RunKind, RunState, Wish
from runner.wire.api_run import Asked, RunShown
from tests.demo_change import NIGHT, RUN, SHEET, DemoChange
from tui.demo.story import Ending
from tui.intents import Close, PassGate

PRESENT = Present(NIGHT, "Asia/Shanghai")


def matter(shown: RunShown) -> list[str]:
    return [line.text for line in matter_lines(shown, PRESENT)]


def test_a_run_at_work_needs_no_words() -> None:
    demo = DemoChange()
    assert matter(demo.begun()) == []


def test_a_gate_says_what_is_about_to_happen_and_the_way_back() -> None:
    demo = DemoChange()
    assert matter(demo.at(RunState.AT_GATE)) == [
        "gate before step upgrade: both sign to go on",
        "The application is closed for writing and both servers are upgraded.",
        "hosts: core-db-1, core-db-2",
        "from here the way back is postgres/downgrade.yml  REWINDS DATA written from now on",
    ]
    demo.sign(PassGate(RUN), demo.executor)
    assert matter(demo.shown())[-1] == "duty-a has signed: gate; duty-b still has to sign the same  until 00:36:00"


def test_a_sheet_says_what_to_do_by_hand() -> None:
    demo = DemoChange()
    assert matter(demo.at(RunState.AT_SHEET))[0] == "by hand: Publish the announcement and note its number."
    demo.sign(SHEET, demo.executor)
    assert "duty-a has signed: sheet" in matter(demo.shown())[-1]


def test_a_failure_says_what_was_found_and_what_follows() -> None:
    found = matter(DemoChange().at(RunState.ROLLING_BACK))
    assert found == [
        (
            'step observation has failed on core-db-1: task "look at health": replication slot missing; '
            "application login: 3 of 20 failed"
        ),
        "what was done is undone by itself, newest first; it takes about 25:00",
    ]


def test_an_unknown_outcome_says_what_is_known_and_what_can_be_chosen() -> None:
    found = matter(DemoChange(Ending.ASKS).at(RunState.OUTCOME_UNKNOWN))
    assert found[0] == "the end of step upgrade was not seen; what became of its hosts is not known"
    assert found[1] == "found: the shim is gone and left no result"
    assert found[2] == "known: it began at 00:31:00; no end was seen on core-db-1, core-db-2"
    assert found[3:] == [
        f"  {choice}: {CONSEQUENCES[kind]}"
        for choice, kind in (
            ("mark done", Choice.MARK_DONE),
            ("repeat", Choice.REPEAT),
            ("roll back", Choice.ROLL_BACK),
            ("abandon", Choice.ABANDON),
        )
    ]


def test_what_a_settle_probe_found_is_said() -> None:
    shown = DemoChange(Ending.ASKS).at(RunState.OUTCOME_UNKNOWN)
    steps = tuple(
        replace(step, attempts=tuple(replace(each, settled={"core-db-1": "not_done"}) for each in step.attempts))
        for step in shown.steps
    )
    assert "the probe found on core-db-1: not done" in matter(replace(shown, steps=steps))


@pytest.mark.parametrize("question", list(Question))
def test_every_question_has_its_sentence(question: Question) -> None:
    shown = DemoChange(Ending.ASKS).at(RunState.OUTCOME_UNKNOWN)
    assert shown.asked is not None
    asked = Asked(question, (Choice.ABANDON,), 1, "upgrade", shown.asked.role, 1)
    assert matter(replace(shown, asked=asked))[0] == QUESTIONS[question].format(step="upgrade")


def test_the_result_and_its_first_signature() -> None:
    demo = DemoChange()
    shown = demo.at(RunState.ROLLED_BACK)
    assert matter(shown)[-1] == "everything is undone and proven; executor and confirmer sign the result"
    demo.sign(Close(RUN, Achievement("nothing changed", "health")), demo.executor)
    assert matter(demo.shown())[-1].startswith("duty-a has signed: nothing changed; health; duty-b still has to sign")


def test_wishes_are_said() -> None:
    shown = DemoChange().begun()
    assert "it pauses before the next step" in matter(replace(shown, wish=Wish(pause=True)))[0]
    assert "it ends at the next task border" in matter(replace(shown, wish=Wish(pause=True, abort=True)))[0]


@pytest.mark.parametrize("state, sentence", [(RunState.SUCCEEDED, "has ended"), (RunState.FAILED, "has failed")])
def test_nobody_signs_the_result_of_a_check(state: RunState, sentence: str) -> None:
    shown = DemoChange().begun()
    check = replace(shown, row=replace(shown.row, kind=RunKind.CHECK, state=state))
    assert matter(check) == [f"the check {sentence}; nothing was changed, and nothing is left to sign"]


def test_a_reason_that_names_its_host_is_told_once() -> None:
    shown = DemoChange().at(RunState.ROLLING_BACK)
    last = shown.steps[-1]
    attempt = replace(last.attempts[-1], reason="core-db-1: no room")
    named = replace(shown, steps=(*shown.steps[:-1], replace(last, attempts=(attempt,))))
    assert matter(named)[0] == "step observation has failed: core-db-1: no room"


def _stopped() -> RunShown:
    """A run that two people decide about, because one had asked it to stop."""
    shown = DemoChange(Ending.ASKS).at(RunState.OUTCOME_UNKNOWN)
    assert shown.asked is not None
    attempts = tuple(replace(each, state=AttemptState.CANCELLED) for each in shown.steps[3].attempts)
    steps = (*shown.steps[:3], replace(shown.steps[3], attempts=attempts), *shown.steps[4:])
    asked = replace(shown.asked, question=Question.STEP_FAILED, reason="it ended with exit status 91")
    return replace(shown, steps=steps, asked=asked, wish=Wish(pause=True, abort=True))


def test_a_run_that_was_stopped_does_not_say_that_it_has_failed() -> None:
    told = [line.text for line in matter_lines(_stopped(), PRESENT)]
    assert told[0] == "step upgrade was stopped at a task border, as was asked; no host was in mid-task"
    assert told[1].startswith("  mark done: ")


def test_what_was_asked_for_and_has_come_is_not_announced() -> None:
    assert not any("it was asked to stop" in line.text for line in matter_lines(_stopped(), PRESENT))
