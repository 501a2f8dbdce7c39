"""What stands on the screen: at 80x24 and wider, in both languages, with every word that matters."""

from __future__ import annotations

import pytest

from runner.model.run import RunState
from tests.demo_change import DemoChange
from tests.ui.seat import at_demo
from tests.ui.steps import open_plan, open_run, phase
from tui.demo.story import Ending
from tui.screens.run import RunScreen
from tui.sign_text import Phase
from tui.text import Meaning, line, width_of
from tui.widgets.notice_line import NoticeLine

SIZES = [(80, 24), (120, 40)]


async def test_the_list_at_80x24() -> None:
    async with at_demo(DemoChange()) as seat:
        await seat.sees("otherwise: it expires")
        assert seat.lines[:9] == [
            " PRODUCTION customer-systems   BG-2026-0154  submitted  Minor upgrade of the cu…",
            "turn: duty-b (approve)  window to 04:01",
            "otherwise: it expires when its window closes at 04:01:00",
            "number         state             title                     awaited",
            "BG-2026-0154   submitted         Minor upgrade of the cu…  duty-b: approve",
            "BG-2026-0153   approved          Minor upgrade of the cu…  duty-a: start",
            "BG-2026-0152   used              Minor upgrade of the cu…",
            "BG-2026-0151   withdrawn         Minor upgrade of the cu…",
            "BG-2026-0150   expired           Minor upgrade of the cu…",
        ]
        assert seat.lines[22] == "connected to demo as duty-a"
        assert seat.lines[23].startswith("F1 help  Enter open  s what is awaited  l log")


async def test_a_wide_screen_shows_the_window_too() -> None:
    async with at_demo(DemoChange(), (120, 40)) as seat:
        await seat.sees("window", "00:01-04:01")


async def test_a_live_run_at_80x24() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        await open_run(seat, demo, RunState.AT_SHEET)
        await seat.sees("→ at sheet")
        assert seat.lines[:11] == [
            " PRODUCTION customer-systems   BG-2026-0153/1  at sheet  step 3/5 announce  Min…",
            "turn: duty-a, duty-b (sheet)  window to 04:01  rollback decision 03:26",
            "otherwise: nothing: the run waits for its two people, however long it takes",
            "by hand: Publish the announcement and note its number.",
            "when it is done, both sign its sheet",
            "step                                           state             time",
            "1. preflight  Hosts are fit for it             done              0 s",
            "2. backup  Back up                             done              0 s",
            "3. announce  Announce the outage               at sheet",
            "4. upgrade  Upgrade                            pending",
            "5. observation  Watch their health             pending",
        ]
        assert "F1 help  s sign  p pause  x stop" in seat.lines[23]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", ["en", "zh"])
async def test_every_screen_keeps_to_its_width(size: tuple[int, int], language: str) -> None:
    demo = DemoChange()
    async with at_demo(demo, size, language) as seat:
        _require_width(seat.lines, size)
        await seat.press("j", "enter")
        await seat.sees("customer-db-upgrade 3")
        _require_width(seat.lines, size)
        await seat.press("s")
        await phase(seat, Phase.READY)
        _require_width(seat.lines, size)
        await seat.press("escape")
        await open_run(seat, demo, RunState.ROLLING_BACK) if language == "en" else demo.at(RunState.ROLLING_BACK)
        _require_width(seat.lines, size)


def _require_width(lines: list[str], size: tuple[int, int]) -> None:
    assert len(lines) == size[1]
    assert max(width_of(line) for line in lines) <= size[0]


async def test_the_language_is_switched_at_run_time() -> None:
    async with at_demo(DemoChange()) as seat:
        await open_plan(seat)
        await seat.sees("Minor upgrade of the customer database")
        await seat.press("f2")
        await seat.sees("客户数据库小版本升级", "先备份")
        await seat.press("f2")
        await seat.sees("Minor upgrade of the customer database", "requested by")


async def test_a_dialog_is_switched_with_its_screen() -> None:
    async with at_demo(DemoChange(), language="zh") as seat:
        await seat.press("j", "enter", "s")
        await phase(seat, Phase.READY)
        await seat.press("f2")
        await seat.sees("you sign as duty-a", "exactly this is signed:", "[ SIGN F8 ]")


async def test_many_changes_are_read_as_they_are_looked_at() -> None:
    async with at_demo(DemoChange(older=152)) as seat:
        for last in ("BG-2026-0105", "BG-2026-0055", "BG-2026-0005", "BG-2026-0001"):
            await seat.press("end")
            await seat.sees(last)
        await seat.press("home")
        await seat.sees("BG-2026-0154")


async def test_a_text_gives_its_rows_back_when_the_screen_grows() -> None:
    demo = DemoChange(Ending.SUCCEEDS)
    async with at_demo(demo, (50, 16)) as seat:
        await open_run(seat, demo, RunState.SUCCEEDED)
        screen = seat.app.screen
        assert isinstance(screen, RunScreen)
        await seat.until(lambda: screen.matter.size.height == 2, "two rows on the narrow screen")
        await seat.pilot.resize_terminal(120, 40)
        await seat.until(lambda: screen.matter.size.height == 1, "one row on the wide screen")


async def test_what_was_said_goes_away_unless_it_is_bad() -> None:
    async with at_demo(DemoChange()) as seat:
        screen = seat.app.screen
        notice = screen.query_one(NoticeLine)
        for meaning, stays in ((Meaning.GOOD, False), (Meaning.BAD, True)):
            notice.say(line("it is said", meaning))
            await seat.sees("connected to demo as duty-a  it is said")
            for _second in range(30):
                notice.tick()
            await seat.pilot.pause()
            assert ("it is said" in seat.text) is stays


async def test_what_is_said_comes_before_that_all_is_well() -> None:
    async with at_demo(DemoChange(), (50, 20)) as seat:
        seat.app.screen.query_one(NoticeLine).say(line("the run cannot be read because of something", Meaning.BAD))
        await seat.sees("the run cannot be read because of something")


async def test_a_narrow_screen_keeps_what_matters_most() -> None:
    async with at_demo(DemoChange(), (50, 20)) as seat:
        await seat.sees("BG-2026-0153   approved", "Minor up")
        assert "number         state             title" in seat.lines
