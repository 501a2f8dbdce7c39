"""A standing approval is always shown with its end and the runs that are left, and is ended from its own screen."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from runner.model.request import RequestState, StandingTerms
from tests.demo_change import NIGHT, DemoChange
from tests.ui.seat import at_demo
from tests.ui.steps import phase
from tui.demo.desk import DemoDesk
from tui.demo.stage import READY, SUBMITTED
from tui.demo_backend import DemoBackend
from tui.dialogs.form import FormDialog
from tui.sign_text import Phase

WEEK = timedelta(days=7)


def standing(number: str = READY) -> DemoChange:
    """The demonstration with a change that stands for a week and three runs."""
    demo = DemoChange()
    requests = desk_of(demo.backend).requests
    requests[number] = replace(requests[number], window=None, standing=StandingTerms(NIGHT + WEEK, 3))
    return demo


def desk_of(backend: DemoBackend) -> DemoDesk:
    return backend._desk  # the demonstration has no standing approval of its own


async def test_the_list_says_how_many_runs_are_left_and_until_when() -> None:
    async with at_demo(standing()) as seat:
        await seat.sees("x until 12-06 00:31")


async def test_other_changes_show_their_window() -> None:
    async with at_demo(DemoChange()) as seat:
        await seat.sees(SUBMITTED)
        await seat.sees_no("x until")


async def test_its_page_says_what_is_left_of_it_and_ends_it_for_a_reason() -> None:
    demo = standing()
    async with at_demo(demo) as seat:
        await seat.press("j", "enter")
        await seat.sees("left of it", "3 runs at most")
        await seat.press("v")
        await seat.sees(f"end the standing approval of change {READY} at once")
        await seat.press("enter", "enter")
        await seat.sees("reason: an answer is needed")
        assert isinstance(seat.app.screen, FormDialog)
        await seat.press("shift+tab")
        await seat.types("no longer needed")
        await seat.press("enter", "enter")
        await phase(seat, Phase.READY)
        await seat.sees("revokes the standing approval of", "no longer needed")
        await seat.press("f8")
        await seat.sees("revoked")
    assert demo.backend.change(READY).request.state is RequestState.REVOKED


async def test_what_does_not_stand_is_not_revoked() -> None:
    async with at_demo(standing(SUBMITTED)) as seat:
        await seat.press("enter")
        await seat.sees("requested by", "3 runs at most")
        await seat.sees_no("left of it")
        await seat.press("v")
        await seat.sees_no("end the standing approval")
