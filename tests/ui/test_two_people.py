"""An approved change is executed from the terminal by two people with two keys, and by no fewer."""

from __future__ import annotations

from runner.model.request import RequestState
from runner.model.run import RunState
from tests.demo_change import OTHER_KEY, RUN, SHEET, DemoChange
from tests.ui.seat import Seat, at_demo
from tests.ui.steps import open_plan, open_run, phase, sign_as_both, take_other_key
from tui.backend import PASSWORD, Key
from tui.demo.stage import CODE, LOCKED, READY, SUBMITTED
from tui.demo.story import Ending
from tui.dialogs.form import FormDialog
from tui.dialogs.key import KeyDialog
from tui.dialogs.sign import SignDialog
from tui.dialogs.typed import SecretsDialog
from tui.intents import Confirm, PassGate
from tui.screens.plan import PlanScreen
from tui.screens.run import RunScreen
from tui.sign_text import Phase
from tui.widgets.plain_button import PlainButton


async def test_an_approved_change_from_start_to_signed_result() -> None:
    demo = DemoChange(Ending.SUCCEEDS)
    async with at_demo(demo) as seat:
        await open_plan(seat)
        await seat.press("s")
        await sign_as_both(seat)
        await seat.until(lambda: isinstance(seat.app.screen, RunScreen), "the live view of the run")
        row = demo.shown().row
        assert (row.executor, row.confirmer) == ("duty-a", "duty-b")
        demo.backend.advance(10)
        await seat.sees("at sheet", "by hand: Publish the announcement")
        await seat.press("s")
        await seat.sees("Number of the announcement")
        await seat.types("GG-12")
        await seat.press("enter", "enter")
        await sign_as_both(seat)
        demo.backend.advance(1)
        await seat.sees("at gate", "the way back is postgres/downgrade.yml")
        await seat.press("s")
        await sign_as_both(seat)
        demo.backend.advance(20)
        await seat.sees("succeeded", "everything is done and verified")
        await seat.press("s")
        await seat.sees("what was achieved")
        await seat.types("15.7 runs")
        await seat.press("enter", "enter", "down", "enter", "enter", "enter")
        await sign_as_both(seat)
        await seat.sees("closed", "the result is signed by both")
    assert demo.shown().row.state is RunState.CLOSED
    assert [statement.person for statement in demo.shown().statements] == ["duty-a", "duty-b"] * 4


async def test_before_signing_the_text_stands_there_and_the_safe_button_has_the_focus() -> None:
    async with at_demo(DemoChange()) as seat:
        await open_plan(seat)
        await seat.press("s")
        await phase(seat, Phase.READY)
        assert isinstance(seat.app.focused, PlainButton)
        assert seat.app.focused.id == "back"
        await seat.sees("PRODUCTION customer-systems", f"duty-a starts change {READY}", "core-db-1, core-db-2")


async def test_a_gate_is_signed_with_what_it_says_in_sight() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        await open_run(seat, demo, RunState.AT_GATE)
        await seat.press("s")
        dialog = await phase(seat, Phase.READY)
        await seat.sees("gate of run", "The application is closed for writing", "REWINDS DATA written from")
        await seat.press("f2")
        await seat.sees("应用将停写")
        assert seat.app.screen is dialog


async def test_neither_enter_nor_the_key_that_began_it_signs() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        await open_plan(seat)
        await seat.press("s")
        await phase(seat, Phase.READY)
        await seat.press("s", "y", "tab", "enter", "space")
        await seat.sees("Enter does not sign")
        assert demo.backend.change(READY).request.state is RequestState.APPROVED
        await seat.press("tab", "enter")
    assert demo.backend.change(READY).request.state is RequestState.APPROVED


async def test_enter_on_the_safe_button_goes_back() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        await open_plan(seat)
        await seat.press("s")
        await phase(seat, Phase.READY)
        await seat.press("enter")
        await seat.until(lambda: isinstance(seat.app.screen, PlanScreen), "the plan")
    assert demo.backend.change(READY).request.state is RequestState.APPROVED


async def test_the_executor_cannot_confirm_and_reads_why() -> None:
    demo = DemoChange()
    demo.started()
    async with at_demo(demo) as seat:
        await open_plan(seat)
        await seat.press("s")
        await phase(seat, Phase.READY)
        await seat.press("f8")
        await phase(seat, Phase.REFUSED)
        await seat.sees("duty-a executes it and cannot confirm it", "rule: L2:confirmer-is-executor")
        await seat.sees("next: this can be signed by: duty-b")
        await seat.press("f8")
        await take_other_key(seat)
        await seat.press("f8")
        await seat.until(lambda: isinstance(seat.app.screen, RunScreen), "the live view")
    assert demo.shown().row.confirmer == "duty-b"


async def test_the_second_person_may_sign_in_a_session_of_their_own() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        await open_plan(seat)
        await seat.press("s")
        await phase(seat, Phase.READY)
        await seat.press("f8")
        dialog = await phase(seat, Phase.WAITING)
        await seat.sees("still to sign: duty-b", "5:00 left")
        demo.sign(Confirm(RUN), demo.confirmer)
        await seat.until(lambda: isinstance(seat.app.screen, RunScreen), "the live view")
        assert not dialog.is_attached
        await seat.sees("running")


async def test_the_countdown_runs() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        await open_plan(seat)
        await seat.press("s")
        await phase(seat, Phase.READY)
        await seat.press("f8")
        await phase(seat, Phase.WAITING)
        demo.clock.pass_by(12)
        await seat.sees("4:48 left")


async def test_signing_can_wait_and_be_taken_up_again() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        await open_run(seat, demo, RunState.AT_GATE)
        await seat.press("s")
        await phase(seat, Phase.READY)
        await seat.press("f8")
        await phase(seat, Phase.WAITING)
        await seat.press("escape")
        await seat.sees("duty-a has signed: gate; duty-b still has to sign the same")
        demo.sign(PassGate(RUN), demo.confirmer)
        await seat.sees_no("still has to sign")


async def test_a_borrowed_key_is_let_go_of() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        await open_plan(seat)
        await seat.press("s")
        await phase(seat, Phase.READY)
        await take_other_key(seat)
        assert str(OTHER_KEY) in demo.backend._keys
        await seat.press("escape")
        await seat.until(lambda: isinstance(seat.app.screen, PlanScreen), "the plan")
        await seat.until(lambda: str(OTHER_KEY) not in demo.backend._keys, "the key to be let go of")
    assert demo.backend.change(READY).request.state is RequestState.APPROVED


async def test_a_locked_key_asks_for_its_passphrase() -> None:
    async with at_demo(DemoChange()) as seat:
        await open_plan(seat)
        await seat.press("s")
        await phase(seat, Phase.READY)
        await seat.press("f7")
        await seat.sees("whose key signs?")
        await seat.press("tab")
        await seat.types("/keys/locked-duty-b")
        await seat.press("tab")
        await seat.types("wrong")
        await seat.press("enter")
        await seat.sees("wrong passphrase")
        assert "wrong" not in seat.text.replace("wrong passphrase", "")
        await seat.press("ctrl+u")
        await seat.types(LOCKED)
        await seat.press("enter")
        await phase(seat, Phase.READY)
        await seat.sees("you sign as duty-b")


async def test_a_strangers_key_is_refused() -> None:
    async with at_demo(DemoChange()) as seat:
        await open_plan(seat)
        await seat.press("s")
        await phase(seat, Phase.READY)
        await seat.press("f7")
        await seat.sees("whose key signs?")
        await seat.press("tab")
        await seat.types("/keys/mallory")
        await seat.press("tab", "enter")
        await seat.sees("nobody who may sign here", "people who may sign: duty-a, duty-b")
        assert isinstance(seat.app.screen, KeyDialog)


async def test_a_request_is_approved_where_its_plan_is_read() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        await seat.press("s")
        await seat.sees("requested by", SUBMITTED)
        assert not isinstance(seat.app.screen, SignDialog)
        await seat.press("a")
        await phase(seat, Phase.READY)
        await seat.press("f8")
        await phase(seat, Phase.REFUSED)
        await seat.sees("L2:approver-is-requester")
        await take_other_key(seat)
        await seat.press("f8")
        await seat.sees("approved by:  duty-b")
    assert demo.backend.change(SUBMITTED).request.state is RequestState.APPROVED


async def test_a_rejection_needs_its_reason() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        await seat.press("enter")
        await seat.sees("requested by")
        await seat.press("x")
        await seat.sees(f"reject change {SUBMITTED}")
        await seat.press("enter", "enter")
        await seat.sees("reason: an answer is needed")
        assert isinstance(seat.app.screen, FormDialog)
        await seat.press("shift+tab")
        await seat.types("no test report")
        await seat.press("enter", "enter")
        await phase(seat, Phase.READY)
        await take_other_key(seat)
        await seat.sees("duty-b rejects change", "no test report")
        await seat.press("f8")
        await seat.sees("rejected")
    assert demo.backend.change(SUBMITTED).request.state is RequestState.REJECTED


async def test_without_a_key_at_hand_one_is_asked_for_first() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        seat.app.sitting.key = None
        await open_plan(seat)
        await seat.press("s")
        await seat.until(lambda: isinstance(seat.app.screen, KeyDialog), "the choice of a key")
        await seat.sees("duty-a")
        await seat.press("escape")
        await seat.until(lambda: isinstance(seat.app.screen, PlanScreen), "the plan again")
        await seat.press("s")
        await seat.sees("ssh-agent")
        await seat.press("enter")
        await phase(seat, Phase.READY)
        await seat.sees("you sign as duty-a")


async def test_a_wrong_reading_is_refused_before_anybody_signs() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        await open_run(seat, demo, RunState.AT_SHEET)
        await seat.press("s")
        await seat.sees("Number of the announcement")
        await seat.types("twelve")
        await seat.press("enter", "enter")
        await seat.sees('got "twelve"')
    assert demo.shown().act is not None
    demo.sign_both(SHEET)


async def test_somebody_without_a_key_confirms_with_password_and_code_after_reading() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        demo.backend.lend(Key("duty-b", "-", PASSWORD))
        await seat.press("s")
        await seat.sees("requested by", SUBMITTED)
        await seat.press("a")
        await phase(seat, Phase.READY)
        await seat.press("f7")
        await seat.sees("whose key signs?", "duty-b")
        await seat.press("j", "enter")
        await phase(seat, Phase.READY)
        await confirm_by(seat, "wrong", CODE)
        await phase(seat, Phase.REFUSED)
        await seat.sees("access:wrong")
        await seat.press("f7")
        await seat.sees("whose key signs?")
        await seat.press("j", "enter")
        await phase(seat, Phase.READY)
        await confirm_by(seat, LOCKED, CODE)
        await seat.sees("approved by:  duty-b")
    assert demo.backend.change(SUBMITTED).request.state is RequestState.APPROVED


async def confirm_by(seat: Seat, password: str, code: str) -> None:
    await seat.press("f8")
    await seat.until(lambda: isinstance(seat.app.screen, SecretsDialog), "password and code to be asked for")
    await seat.press("enter", "enter")
    await seat.sees("both are needed", "the service attests it")
    await seat.press("shift+tab")
    await seat.types(password)
    await seat.press("enter")
    await seat.types(code)
    assert all(code not in shown for shown in seat.lines)
    await seat.press("enter")
