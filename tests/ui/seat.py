"""A person at the terminal: presses keys, reads the screen, waits for what it is to show."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from textual.events import Paste
from textual.pilot import Pilot

from runner.words import use_language
from tests.demo_change import DemoChange
from tests.waiting import wait_until_async
from tui.app import TwokeyApp
from tui.backend import Backend

_SECONDS = 15.0


@dataclass
class Seat:
    """One sitting."""

    app: TwokeyApp
    pilot: Pilot[None]

    @property
    def lines(self) -> list[str]:
        """What stands on the screen, line by line."""
        return [strip.text.rstrip() for strip in self.app.screen._compositor.render_strips()]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def types(self, text: str) -> None:
        """Put text into the field that has the focus, all at once as a terminal pastes it."""
        assert self.app.focused is not None
        self.app.focused.post_message(Paste(text))
        await self.pilot.pause()

    async def sees(self, *texts: str) -> None:
        """Wait until all of these stand on the screen."""
        await self.until(lambda: all(text in self.text for text in texts), f"{texts} on the screen")

    async def sees_no(self, text: str) -> None:
        await self.until(lambda: text not in self.text, f"{text!r} to leave the screen")

    async def until(self, condition: Callable[[], object], what: str) -> None:
        try:
            await wait_until_async(condition, _SECONDS, what)
        except TimeoutError as error:
            error.add_note(self.text)
            raise
        await self.pilot.pause()


@asynccontextmanager
async def seated(
    backend: Backend, size: tuple[int, int] = (80, 24), language: str = "en", remapped: Mapping[str, str] | None = None
) -> AsyncIterator[Seat]:
    """A person at a terminal of that size."""
    use_language(language)
    try:
        app = TwokeyApp(backend, retry=0.01, remapped=remapped)
        async with app.run_test(size=size) as pilot:
            yield Seat(app, pilot)
    finally:
        use_language("en")


@asynccontextmanager
async def at_demo(demo: DemoChange, size: tuple[int, int] = (80, 24), language: str = "en") -> AsyncIterator[Seat]:
    """A person who sees the list of the demonstration's changes, with its own key found."""
    async with seated(demo.backend, size, language) as seat:
        await seat.until(lambda: seat.app.sitting.key is not None and "BG-2026-0153" in seat.text, "the list")
        yield seat
