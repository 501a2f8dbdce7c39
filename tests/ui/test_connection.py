"""The service may go away and come back: it is said at once, and the screens are the same afterwards."""

from __future__ import annotations

from typing import NoReturn

import pytest

from runner.errors import NotFoundError, UnreachableError
from runner.model.run import RunState
from runner.wire.api import ServiceStatus
from tests.demo_change import DemoChange
from tests.ui.seat import at_demo, seated
from tests.ui.steps import open_plan, open_run, phase
from tui.demo_backend import DemoBackend
from tui.sign_text import Phase


async def test_a_lost_connection_is_said_and_the_run_goes_on() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        await open_run(seat, demo, RunState.OBSERVING)
        demo.backend.lose()
        await seat.sees("CONNECTION LOST; the run is not affected; reconnecting")
        demo.backend.advance(3)
        assert "has failed" not in seat.text
        demo.backend.regain()
        await seat.sees("connected to demo")
        await seat.sees("rolling back", "step observation has failed")


async def test_nothing_is_told_twice_after_a_lost_connection() -> None:
    demo = DemoChange()
    async with at_demo(demo, (120, 60)) as seat:
        await open_run(seat, demo, RunState.AT_SHEET)
        await seat.sees("→ at sheet")
        demo.backend.lose()
        await seat.sees("CONNECTION LOST")
        demo.backend.regain()
        await seat.sees("connected again")
        demo.at(RunState.AT_GATE)
        await seat.sees("→ at gate")
        assert seat.text.count("→ at sheet") == 1
        assert seat.text.count("begun: 1/backup do 1") == 1


async def test_what_could_not_be_signed_is_said() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        await open_plan(seat)
        await seat.press("s")
        await phase(seat, Phase.READY)
        demo.backend.lose()
        await seat.press("f8")
        await phase(seat, Phase.REFUSED)
        await seat.sees("NOT SIGNED", "no answer")


class LateBackend(DemoBackend):
    """A service that is not there at first."""

    misses = 3

    def open(self) -> ServiceStatus:
        if self.misses:
            self.misses -= 1
            raise UnreachableError("service at {socket}: no answer", socket="/nowhere")
        return super().open()


async def test_a_service_that_comes_late_is_waited_for() -> None:
    async with seated(LateBackend(DemoChange().clock)) as seat:
        await seat.sees("BG-2026-0153", "connected to demo")


async def test_why_no_service_is_reached_is_said() -> None:
    backend = LateBackend(DemoChange().clock)
    backend.misses = 10_000
    async with seated(backend) as seat:
        await seat.sees("service at /nowhere: no answer", "otherwise: it is tried again and again")
        assert "there is no change yet" not in seat.text


async def test_what_is_not_live_says_so_where_it_is_read() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        await open_run(seat, demo, RunState.AT_GATE)
        demo.backend.lose()
        await seat.sees("NOT LIVE, as of 00:31:00", "turn: duty-a, duty-b (gate)")
        demo.backend.regain()
        await seat.sees_no("NOT LIVE")


async def test_a_change_that_cannot_be_read_is_named() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        demo.backend.lose()
        await seat.sees("CONNECTION LOST")
        await seat.press("j", "enter")
        await seat.sees("BG-2026-0153", "not read yet")


class NoSite(DemoBackend):
    """Opened where there is no site."""

    def open(self) -> ServiceStatus:
        raise NotFoundError("no site here")


async def test_without_a_site_it_ends_and_says_so() -> None:
    app = None
    async with seated(NoSite(DemoChange().clock)) as seat:
        app = seat.app
        await seat.until(lambda: seat.app.failure is not None, "the app to end")
    assert str(app.failure) == "no site here"
    assert app.return_code == NotFoundError.exit_code


class Breaking(DemoBackend):
    """A backend with an error of its own in it."""

    def changes(self, before: str | None, limit: int) -> NoReturn:
        raise ZeroDivisionError("broken")


async def test_an_error_in_the_program_ends_it_without_a_traceback_on_the_screen(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(Exception, match="broken"):
        async with seated(Breaking(DemoChange().clock)) as seat:
            await seat.until(lambda: seat.app.failure is not None, "the app to end")
    assert "Traceback" not in capsys.readouterr().err
