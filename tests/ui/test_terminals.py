"""Terminals at the terminal UI: listed, and applied for from the register of people."""

from __future__ import annotations

from tests.demo_change import DemoChange
from tests.ui.seat import at_demo
from tui.dialogs.form import FormDialog
from tui.screens.people import PeopleScreen


async def test_a_terminal_is_applied_for() -> None:
    async with at_demo(DemoChange(), (120, 40)) as seat:
        await seat.press("p")
        await seat.until(lambda: isinstance(seat.app.screen, PeopleScreen), "the register")
        await seat.sees("zhang.wei")
        await seat.press("i")
        await seat.until(lambda: isinstance(seat.app.screen, FormDialog), "the form")
        await seat.sees("number of the terminal", "operations terminal")
