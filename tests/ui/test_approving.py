"""Several changes marked in the list: each is seen in full and signed on its own; one that is left stops none."""

from __future__ import annotations

from runner.model.request import RequestState
from tests.demo_change import DemoChange
from tests.ui.seat import at_demo
from tests.ui.steps import phase, take_other_key
from tui.demo.stage import READY, SUBMITTED
from tui.dialogs.sign import SignDialog
from tui.messages import SeriesAsked
from tui.series import signings
from tui.sign_text import Phase


def state(demo: DemoChange) -> RequestState:
    return demo.backend.change(SUBMITTED).request.state


async def test_a_marked_change_is_seen_in_full_and_signed() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        await seat.press("space")
        await seat.sees(f"*{SUBMITTED}")
        await seat.press("a")
        await phase(seat, Phase.READY)
        await seat.sees("approval of change", "requested by", "risk class")
        await take_other_key(seat)
        await seat.press("f8")
        await seat.until(lambda: not isinstance(seat.app.screen, SignDialog), "the dialog to end")
        await seat.sees(f"signed: {SUBMITTED}")
        await seat.sees_no(f"*{SUBMITTED}")
    assert state(demo) is RequestState.APPROVED


async def test_one_that_is_left_is_named() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        await seat.press("space", "a")
        await phase(seat, Phase.READY)
        await seat.press("escape")
        await seat.sees(f"left: {SUBMITTED}")
    assert state(demo) is RequestState.SUBMITTED


async def test_what_waits_for_no_approval_is_not_marked() -> None:
    async with at_demo(DemoChange()) as seat:
        await seat.press("space", "space", "j", "space")
        await seat.sees_no("*BG-")


async def test_a_refusal_stops_none_of_the_others() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        asked = signings(seat.app.sitting, demo.backend, (READY, SUBMITTED))
        seat.app.post_message(SeriesAsked(asked))
        await phase(seat, Phase.READY)
        await seat.press("f8")
        await phase(seat, Phase.REFUSED)
        await seat.press("escape")
        await seat.sees(f"approval of change {SUBMITTED}")
        await phase(seat, Phase.READY)
        await take_other_key(seat)
        await seat.press("f8")
        await seat.sees(f"signed: {SUBMITTED}; left: {READY}")
    assert state(demo) is RequestState.APPROVED
