"""Dialogs fit their screen, leave the top lines to be read, and choose nothing by themselves."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from runner.model.run import RunState
from tests.demo_change import RUN, DemoChange
from tests.ui.seat import Seat, at_demo
from tests.ui.steps import open_plan, open_run, phase
from tui.demo.stage import READY
from tui.dialogs.form import FormDialog
from tui.forms import Answers, Field, Form, Option
from tui.intents import PassGate, SignSheet
from tui.messages import ChangeChosen, FormAsked, SigningAsked
from tui.sign_text import Phase
from tui.widgets.row_list import RowList

_VALVE = Field("valve", "is the valve open", options=(Option("true", "yes"), Option("false", "no")))


def _sheet(*fields: Field) -> FormAsked:
    def make(answers: Answers) -> SignSheet:
        return SignSheet(RUN, dict(answers))

    return FormAsked(Form("sheet", fields, make))


async def _open_form(seat: Seat, *fields: Field) -> FormDialog:
    seat.app.post_message(_sheet(*fields))
    await seat.until(lambda: isinstance(seat.app.screen, FormDialog), "the form")
    await seat.sees("[ next: read and sign ]") if len(fields) == 1 else await seat.sees("sheet")
    assert isinstance(seat.app.screen, FormDialog)
    return seat.app.screen


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_the_top_lines_can_be_read_while_signing(language: str) -> None:
    demo = DemoChange()
    async with at_demo(demo, language=language) as seat:
        await seat.press("j", "enter")
        await seat.sees("customer-db-upgrade 3")
        top = seat.lines[:3]
        await seat.press("s")
        await phase(seat, Phase.READY)
        behind = [strip.text.rstrip() for strip in seat.app.screen_stack[-2]._compositor.render_strips()]
        assert behind[:3] == top
        box = seat.app.screen.query_one("#box").region
        assert box.y >= len(top)
        assert box.bottom <= 24
        assert (box.x, box.width) == (0, 80)


async def test_the_countdown_in_the_top_lines_runs_behind_a_dialog() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        await open_run(seat, demo, RunState.AT_GATE)
        await seat.sees("2:00:00 left")
        await seat.press("s")
        await phase(seat, Phase.READY)
        below = seat.app.screen_stack[-2]
        demo.clock.pass_by(90)
        await seat.until(
            lambda: any("1:58:30 left" in strip.text for strip in below._compositor.render_strips()),
            "the countdown behind the dialog",
        )


@pytest.mark.parametrize("size", [(80, 24), (60, 18), (40, 14)])
async def test_what_signs_and_what_goes_back_is_in_sight_on_any_screen(size: tuple[int, int]) -> None:
    demo = DemoChange()
    async with at_demo(demo, size) as seat:
        await open_run(seat, demo, RunState.AT_GATE)
        await seat.press("s")
        await phase(seat, Phase.READY)
        await seat.sees("F8 signs.", "[ back Esc ]", "[ SIGN F8 ]")
        await seat.press("f1")
        await seat.sees("keys", "F1 help  Esc back")


async def test_a_long_sheet_is_scrolled_to_what_has_the_focus() -> None:
    async with at_demo(DemoChange()) as seat:
        await _open_form(seat, *(Field(f"reading{number}", f"reading {number}") for number in range(12)))
        await seat.sees("reading 0")
        await seat.press("shift+tab")
        await seat.sees("reading 11", "[ next: read and sign ]   [ back Esc ]")


async def test_no_answer_is_chosen_before_a_person_chooses_it() -> None:
    async with at_demo(DemoChange()) as seat:
        form = await _open_form(seat, _VALVE)
        await seat.press("enter", "tab", "enter")
        await seat.sees("is the valve open: an answer is needed")
        assert seat.app.screen is form
        await seat.press("shift+tab", "j", "j", "enter", "enter")
        signing = await phase(seat, Phase.REFUSED)
        assert signing.signing.intent == SignSheet(RUN, {"valve": "false"})


async def test_an_answer_that_was_given_is_chosen() -> None:
    async with at_demo(DemoChange()) as seat:
        given = Field("valve", "is the valve open", options=_VALVE.options, given="false")
        form = await _open_form(seat, given)
        assert form.query_one(RowList).key == "false"


async def test_the_key_dialog_says_whose_signature_is_missing() -> None:
    async with at_demo(DemoChange()) as seat:
        await open_plan(seat)
        await seat.press("s")
        await phase(seat, Phase.READY)
        await seat.press("f8")
        await phase(seat, Phase.WAITING)
        await seat.press("f7")
        await seat.sees("whose key signs?", "still to sign: duty-b")


async def test_a_key_pressed_twice_opens_one_dialog() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        await open_run(seat, demo, RunState.AT_GATE)
        depth = len(seat.app.screen_stack)
        await seat.press("s", "s", "l", "v")
        await phase(seat, Phase.READY)
        assert len(seat.app.screen_stack) == depth + 1


async def test_an_intent_that_comes_late_opens_nothing_over_a_dialog() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        await open_run(seat, demo, RunState.AT_GATE)
        depth = len(seat.app.screen_stack)
        for message in (SigningAsked(PassGate(RUN)), SigningAsked(PassGate(RUN)), ChangeChosen(READY)):
            seat.app.post_message(message)
        await phase(seat, Phase.READY)
        assert len(seat.app.screen_stack) == depth + 1


async def test_enter_in_haste_skips_no_field() -> None:
    async with at_demo(DemoChange()) as seat:
        form = await _open_form(seat, Field("first", "the first"), Field("second", "the second"))
        first = form.query_one("#field-first", Input)
        first.post_message(Input.Submitted(first, ""))
        first.post_message(Input.Submitted(first, ""))
        await seat.until(lambda: form.focused is form.query_one("#field-second"), "the second field")
        await seat.pilot.pause()
        assert form.focused is form.query_one("#field-second")


async def test_a_form_says_how_to_choose() -> None:
    async with at_demo(DemoChange()) as seat:
        await _open_form(seat, _VALVE)
        await seat.sees("is the valve open (arrows choose)")
