"""Whoever rested too long is shown nothing new: it is said plainly, what was read stays, and nothing is asked again."""

from __future__ import annotations

from collections.abc import Iterator

from runner.errors import SignInError
from runner.model.run import RunState
from runner.wire.api import ServiceStatus
from runner.wire.api_access import SESSION_OVER
from runner.wire.api_run import RunShown
from tests.demo_change import DemoChange
from tests.ui.seat import seated
from tests.ui.steps import open_run
from tui.backend import ChangePage, StreamEvent
from tui.demo_backend import DemoBackend

IDLE = "SIGNED OUT after 10 minutes idle; sign in again to see more: twokey login, ^R"


class GuardedBackend(DemoBackend):
    """The demonstration as one person's client sees it, whose session may be over; it counts what it refuses."""

    def __init__(self, demo: DemoChange) -> None:
        self.__dict__ = demo.backend.__dict__  # the same story, behind a door
        self.reason = ""
        self.refused = 0
        self.kept = False
        """Whether there is another session by now, for whoever reaches the service anew."""
        self.stream_ends = False

    def open(self) -> ServiceStatus:
        if self.kept:
            self.reason = ""
        return super().open()

    def changes(self, before: str | None, limit: int) -> ChangePage:
        self._require_session()
        return super().changes(before, limit)

    def run(self, run: str) -> RunShown:
        self._require_session()
        return super().run(run)

    def events(self, after: int | None) -> Iterator[StreamEvent]:
        if self.stream_ends:
            self._require_session()
        return super().events(after)

    def _require_session(self) -> None:
        if self.reason:
            self.refused += 1
            raise SignInError("session: it is over", rule=SESSION_OVER, reason=self.reason, idle=600)


async def test_it_is_said_once_and_the_picture_stays() -> None:
    demo = DemoChange()
    backend = GuardedBackend(demo)
    async with seated(backend, (120, 40)) as seat:
        await seat.sees("BG-2026-0153")
        await open_run(seat, demo, RunState.AT_SHEET)
        await seat.sees("→ at sheet")
        backend.reason = "idle"
        demo.at(RunState.AT_GATE)
        await seat.sees(IDLE, "NOT LIVE", "→ at sheet", "→ at gate")
        refused = backend.refused
        demo.at(RunState.OBSERVING)
        await seat.sees("→ observing", IDLE)
        assert backend.refused == refused == 1


async def test_after_signing_in_again_everything_is_read_anew() -> None:
    demo = DemoChange()
    backend = GuardedBackend(demo)
    async with seated(backend, (120, 40)) as seat:
        await seat.sees("BG-2026-0153")
        await open_run(seat, demo, RunState.AT_SHEET)
        backend.reason = "idle"
        demo.at(RunState.AT_GATE)
        await seat.sees(IDLE)
        await seat.press("ctrl+r")
        await seat.until(lambda: backend.refused >= 2, "another try")
        await seat.sees(IDLE, "NOT LIVE")
        backend.kept = True
        await seat.press("ctrl+r")
        await seat.sees("connected to demo", "state")
        await seat.sees_no("NOT LIVE")


async def test_the_event_stream_is_not_asked_for_again_and_again() -> None:
    backend = GuardedBackend(DemoChange())
    async with seated(backend) as seat:
        await seat.sees("BG-2026-0153", "connected to demo")
        backend.reason, backend.stream_ends = "longest", True
        backend.lose()
        await seat.sees("CONNECTION LOST")
        backend.regain()
        await seat.sees("SIGNED OUT; sign in again to see more", "BG-2026-0153")
        refused = backend.refused
        await seat.pilot.pause(0.1)
        assert backend.refused == refused
        backend.kept = True
        await seat.press("ctrl+r")
        await seat.sees("connected to demo")


async def test_the_list_says_so_too() -> None:
    backend = GuardedBackend(DemoChange())
    async with seated(backend) as seat:
        await seat.sees("BG-2026-0153")
        backend.reason = "idle"
        await seat.press("ctrl+r")
        await seat.sees(IDLE, "BG-2026-0153")
