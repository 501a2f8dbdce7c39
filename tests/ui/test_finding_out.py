"""Help, palette and the audit log: whatever can be done or was done can be found out."""

from __future__ import annotations

from runner.errors import VerificationError
from runner.model.run import RunState
from runner.wire.api_audit import EntryShown
from tests.demo_change import RUN, DemoChange
from tests.ui.seat import Seat, at_demo, seated
from tests.ui.steps import open_plan, open_run, phase
from tui.backend import ProvenEntry
from tui.demo_backend import DemoBackend
from tui.dialogs.explain import ExplainDialog
from tui.dialogs.palette import PaletteDialog
from tui.messages import LogChosen
from tui.screens.audit import AuditScreen
from tui.screens.changes import ChangesScreen
from tui.screens.entry import EntryScreen
from tui.screens.plan import PlanScreen
from tui.sign_text import Phase


async def test_f1_explains_what_has_the_focus_and_every_key() -> None:
    async with at_demo(DemoChange(), (80, 40)) as seat:
        await seat.press("f1")
        await seat.sees("Changes, newest first", "open what is selected", "one line up")
        await seat.sees("see the newest run of this change  (not now)")
        await seat.press("escape")
        await seat.until(lambda: isinstance(seat.app.screen, ChangesScreen), "the list")


async def test_f1_explains_the_button_that_signs() -> None:
    async with at_demo(DemoChange()) as seat:
        await open_plan(seat)
        await seat.press("s")
        await phase(seat, Phase.READY)
        await seat.press("tab", "f1")
        await seat.until(lambda: isinstance(seat.app.screen, ExplainDialog), "the help")
        await seat.sees("This signs. Enter does nothing here")


async def test_an_action_is_found_by_its_name() -> None:
    async with at_demo(DemoChange()) as seat:
        await seat.press("ctrl+p")
        await seat.until(lambda: isinstance(seat.app.screen, PaletteDialog), "the palette")
        await seat.types("audit log")
        await seat.sees_no("open what is selected")
        await seat.press("enter")
        await seat.until(lambda: isinstance(seat.app.screen, AuditScreen), "the log")


async def test_the_palette_is_left_with_nothing_done() -> None:
    async with at_demo(DemoChange()) as seat:
        await seat.press("ctrl+p")
        await seat.until(lambda: isinstance(seat.app.screen, PaletteDialog), "the palette")
        await seat.press("down", "up", "escape")
        await seat.until(lambda: isinstance(seat.app.screen, ChangesScreen), "the list")


async def test_keys_can_be_remapped_and_are_shown_so() -> None:
    demo = DemoChange()
    async with seated(demo.backend, remapped={"audit": "f3", "confirm": "f9"}) as seat:
        await seat.sees("BG-2026-0153", "F3 log")
        await seat.press("l")
        assert isinstance(seat.app.screen, ChangesScreen)
        await open_plan(seat)
        await seat.press("s")
        await phase(seat, Phase.READY)
        await seat.sees("[ SIGN F9 ]", "F9 signs")
        await seat.press("f8")
        await phase(seat, Phase.READY)
        await seat.press("f9")
        await phase(seat, Phase.WAITING)


async def test_the_log_of_a_run_and_one_entry_with_its_proof() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        await open_run(seat, demo, RunState.AT_SHEET)
        await seat.press("l")
        await seat.sees(f"audit log of {RUN}", "person:run:confirm_signed")
        await seat.press("enter")
        await seat.sees("proven to stand in the log", "leaf: exactly what is hashed")
        await seat.press("q")
        await seat.until(lambda: isinstance(seat.app.screen, AuditScreen), "the list again")


async def test_the_whole_log_is_narrowed_to_one_run_and_widened_again() -> None:
    demo = DemoChange()
    demo.at(RunState.AT_SHEET)
    async with at_demo(demo) as seat:
        await _open_whole_log(seat)
        await seat.sees("audit log of the whole site")
        await seat.press("f")
        await seat.sees(f"audit log of {RUN}")
        await seat.press("end")
        await seat.sees_no("person:request:submitted")
        await seat.press("f")
        await seat.sees("audit log of the whole site")


async def test_new_entries_are_counted_and_do_not_move_the_list() -> None:
    demo = DemoChange()
    demo.at(RunState.AT_SHEET)
    async with at_demo(demo) as seat:
        await _open_whole_log(seat)
        await seat.sees("service:run:moved")
        newest = seat.lines[4]
        demo.at(RunState.AT_GATE)
        await seat.sees("newer ones have come: ^R")
        assert seat.lines[4] == newest
        await seat.press("ctrl+r")
        await seat.sees_no("newer ones have come")
        assert seat.lines[4] != newest


class Forged(DemoBackend):
    """A log that shows what it does not hold."""

    def prove(self, entry: EntryShown) -> ProvenEntry:
        raise VerificationError("entry {index}: it does not stand in the log", index=entry.index)


async def test_an_entry_that_is_not_proven_is_loud() -> None:
    async with seated(Forged(DemoChange().clock)) as seat:
        await seat.sees("BG-2026-0153")
        await seat.press("j", "l")
        await seat.sees("person:request:approved")
        await seat.press("enter")
        await seat.until(lambda: isinstance(seat.app.screen, EntryScreen), "the entry")
        await seat.sees("NOT PROVEN", "it does not stand in the log")


async def test_leaving_is_said_and_ends_it() -> None:
    async with at_demo(DemoChange()) as seat:
        await seat.press("ctrl+c")
        await seat.sees("^Q leaves Twokey; every run goes on")
        await seat.press("q")
        await seat.until(lambda: not seat.app.is_running or seat.app._exit, "the app to end")


async def test_q_goes_back_elsewhere() -> None:
    async with at_demo(DemoChange()) as seat:
        await open_plan(seat)
        await seat.press("q")
        await seat.until(lambda: isinstance(seat.app.screen, ChangesScreen), "the list")
        assert not isinstance(seat.app.screen, PlanScreen)


async def _open_whole_log(seat: Seat) -> None:
    from runner.model.log import LogFilter

    seat.app.post_message(LogChosen(LogFilter()))
    await seat.until(lambda: isinstance(seat.app.screen, AuditScreen), "the log")
