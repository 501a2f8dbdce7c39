"""What people do at the terminal, again and again."""

from __future__ import annotations

from runner.model.run import RunState
from tests.demo_change import OTHER_KEY, RUN, DemoChange
from tests.ui.seat import Seat
from tui.dialogs.sign import SignDialog
from tui.messages import RunChosen
from tui.screens.run import RunScreen
from tui.sign_text import Phase


async def open_plan(seat: Seat) -> None:
    """From the list to the plan of the approved change."""
    await seat.press("j", "enter")
    await seat.sees("requested by", "risk class")


async def open_run(seat: Seat, demo: DemoChange, state: RunState) -> None:
    """The live view of a run that has come to a state."""
    demo.at(state)
    seat.app.post_message(RunChosen(RUN))
    await seat.until(lambda: isinstance(seat.app.screen, RunScreen), "the live view")
    await seat.sees(RUN, "state")


async def phase(seat: Seat, wanted: Phase) -> SignDialog:
    """Wait until the two-person dialog is that far."""
    await seat.until(
        lambda: isinstance(seat.app.screen, SignDialog) and seat.app.screen.signing.phase is wanted,
        f"the dialog to be {wanted}",
    )
    assert isinstance(seat.app.screen, SignDialog)
    return seat.app.screen


async def take_other_key(seat: Seat) -> None:
    """The second person's own key, at the same terminal."""
    await seat.press("f7")
    await seat.sees("whose key signs?")
    await seat.press("tab")
    await seat.types(str(OTHER_KEY))
    await seat.press("enter")
    await seat.until(lambda: _focused(seat) == "passphrase", "the passphrase field")
    await seat.press("enter")
    await phase(seat, Phase.READY)


async def sign_as_both(seat: Seat) -> None:
    """The open dialog signed by the executor, then by the confirmer."""
    await phase(seat, Phase.READY)
    await seat.press("f8")
    await phase(seat, Phase.WAITING)
    await take_other_key(seat)
    await seat.press("f8")
    await seat.until(lambda: not isinstance(seat.app.screen, SignDialog), "the dialog to end")


def _focused(seat: Seat) -> str | None:
    return seat.app.focused.id if seat.app.focused else None
