"""What a stopped run says of itself: that it was stopped as asked, not that it has failed."""

from __future__ import annotations

from dataclasses import replace

from runner.model.run import AttemptState, Question, RunState, Wish
from runner.wire.api_run import RunShown
from tests.demo_change import NIGHT, DemoChange
from tui.demo.story import Ending
from tui.matter_text import matter_lines
from tui.text import Present

PRESENT = Present(NIGHT, "Asia/Shanghai")


def _stopped() -> RunShown:
    """A run that two people decide about, because one had asked it to stop."""
    shown = DemoChange(Ending.ASKS).at(RunState.AWAITING_DECISION)
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
