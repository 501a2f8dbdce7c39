"""What goes wrong in a run is seen before any log, with what follows and what people may choose."""

from __future__ import annotations

from runner.model.run import RunState
from tests.demo_change import RUN, DemoChange
from tests.ui.seat import at_demo
from tests.ui.steps import open_run, phase, sign_as_both
from tui.demo.story import Ending
from tui.dialogs.form import FormDialog
from tui.intents import Abort, Pause
from tui.screens.run import RunScreen
from tui.sign_text import Phase
from tui.widgets.row_list import RowList


async def test_a_failure_and_its_rollback_are_followed() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        await open_run(seat, demo, RunState.OBSERVING)
        demo.backend.advance()
        await seat.sees("step observation has failed on core-db-1", "3 of 20 failed")
        demo.backend.advance(2)
        await seat.sees("rolling back", "newest first; it takes about 25:00", "undo upgrade")
        demo.backend.advance(10)
        await seat.sees("rolled back", "everything is undone and proven")
        assert "turn: duty-a, duty-b (close)" in seat.text


async def test_what_hosts_say_is_shown_as_text() -> None:
    demo = DemoChange()
    async with at_demo(demo, (120, 50)) as seat:
        await open_run(seat, demo, RunState.ROLLING_BACK)
        await seat.sees("\\x1b[31mreplication slot", "[bold]expected 20 of 20[/bold]")


async def test_two_people_decide_what_becomes_of_an_unknown_outcome() -> None:
    demo = DemoChange(Ending.ASKS)
    async with at_demo(demo) as seat:
        await open_run(seat, demo, RunState.OUTCOME_UNKNOWN)
        await seat.sees("was not seen", "no end was seen on core-db-1, core-db-2", "roll back: what was done is undone")
        await seat.press("d")
        await seat.sees("decide about run")
        assert isinstance(seat.app.focused, RowList)
        await seat.press("j", "j", "j", "enter")
        await seat.types("restore the former version")
        await seat.press("enter", "enter")
        await phase(seat, Phase.READY)
        await seat.sees("duty-a decides about run", "restore the former version")
        await sign_as_both(seat)
        demo.backend.advance(10)
        await seat.sees("rolled back")
    assert demo.shown().decisions[0].choice.value == "roll_back"


async def test_rolling_back_has_its_own_key_where_it_is_offered() -> None:
    demo = DemoChange(Ending.ASKS)
    async with at_demo(demo) as seat:
        await open_run(seat, demo, RunState.OUTCOME_UNKNOWN)
        await seat.press("u")
        await seat.sees("continue: not possible here now")
        await seat.press("b")
        await seat.sees(f"run {RUN}: roll back")
        await seat.types("it is safer")
        await seat.press("enter", "enter")
        await sign_as_both(seat)
    assert demo.shown().row.state is RunState.ROLLING_BACK


async def test_one_person_may_pause_and_two_go_on() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        await open_run(seat, demo, RunState.RUNNING)
        await seat.press("p")
        await seat.sees("pause run")
        await seat.types("a colleague calls")
        await seat.press("enter", "enter")
        await phase(seat, Phase.READY)
        await seat.press("f8")
        await seat.sees("it was asked to pause")
        demo.backend.advance()
        await seat.sees("paused", "continue: the run goes on")
        await seat.press("u")
        await seat.types("it was nothing")
        await seat.press("enter", "enter")
        await sign_as_both(seat)
        await seat.sees("running")


async def test_one_person_may_stop() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        await open_run(seat, demo, RunState.RUNNING)
        await seat.press("x")
        await seat.sees("stop run")
        await seat.types("wrong host")
        await seat.press("enter", "enter")
        await phase(seat, Phase.READY)
        await seat.press("f8")
        await seat.sees("it was asked to stop")
    assert demo.shown().wish.abort


async def test_there_is_nothing_to_pause_or_stop_while_a_decision_is_awaited() -> None:
    demo = DemoChange(Ending.ASKS)
    async with at_demo(demo) as seat:
        await open_run(seat, demo, RunState.OUTCOME_UNKNOWN)
        await seat.sees("F1 help  s sign  d decide  b roll back  l log")
        await seat.press("p")
        await seat.sees("pause: not possible here now")


async def test_what_was_asked_already_is_not_offered_again() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        await open_run(seat, demo, RunState.RUNNING)
        await seat.sees("p pause  x stop")
        demo.sign(Pause(RUN, "wait"), demo.executor)
        await seat.sees("F1 help  x stop")
        demo.sign(Abort(RUN, "stop"), demo.executor)
        await seat.sees("F1 help  l log")


async def test_a_form_can_be_left() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        await open_run(seat, demo, RunState.RUNNING)
        await seat.press("x")
        await seat.until(lambda: isinstance(seat.app.screen, FormDialog), "the form")
        await seat.press("escape")
        await seat.until(lambda: isinstance(seat.app.screen, RunScreen), "the live view")
    assert not demo.shown().wish.abort


async def test_steps_are_opened_and_closed() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        await open_run(seat, demo, RunState.AT_GATE)
        await seat.until(lambda: isinstance(seat.app.screen, RunScreen) and seat.app.screen.steps.key, "the steps")
        await seat.press("home", "j", "enter")
        await seat.sees("verify 1")
        await seat.press("enter")
        await seat.sees_no("   verify 1  ")


async def test_a_person_who_looks_elsewhere_is_not_pulled_away() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        await open_run(seat, demo, RunState.AT_GATE)
        screen = seat.app.screen
        assert isinstance(screen, RunScreen)
        await seat.until(lambda: screen.steps.key == "step:1/upgrade", "the cursor to be where the run is")
        await seat.press("home")
        demo.at(RunState.ROLLING_BACK)
        await seat.sees("rolling back")
        assert screen.steps.key == "step:1/preflight"
        await seat.press("f")
        await seat.until(lambda: screen.steps.key != "step:1/preflight", "the cursor to follow again")


async def test_the_output_may_have_the_whole_screen() -> None:
    demo = DemoChange()
    async with at_demo(demo, (80, 40)) as seat:
        await open_run(seat, demo, RunState.ROLLED_BACK)
        await seat.sees("rollback, newest first")
        await seat.press("o")
        await seat.sees_no("rollback, newest first")
        await seat.press("o")
        await seat.sees("rollback, newest first")
