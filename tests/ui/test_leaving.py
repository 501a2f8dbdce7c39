"""Leaving and certifying at the terminal: what ends is read before it is signed, and two people sign."""

from __future__ import annotations

from runner.model.people import Standing
from tests.demo_change import DemoChange
from tests.ui.seat import at_demo
from tests.ui.steps import phase, take_other_key
from tests.ui.test_people import fill, open_people, person
from tui.screens.grant import GrantScreen
from tui.sign_text import Phase


async def test_what_ends_with_an_account_is_read_before_it_is_signed() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        await open_people(seat, down=2)
        await seat.press("d")
        await fill(seat, "badge; keys", "laptop", "moved away")
        await phase(seat, Phase.READY)
        await seat.sees("handed back: badge, keys", "still out:   laptop", "ends: post auditor")
        await seat.press("f8")
        await phase(seat, Phase.WAITING)
        await take_other_key(seat)
        await seat.press("f8")
        await seat.until(lambda: isinstance(seat.app.screen, GrantScreen), "the grant")
        await seat.sees("SQ-2026-0008  granted", "ends:", "post auditor")
    assert person(demo, "zhang.wei").standing is Standing.LEFT


async def test_posts_are_certified_by_two() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        await open_people(seat, down=2)
        await seat.press("f")
        await seat.sees("certify that zhang.wei 张伟 still needs all posts held: auditor")
        await fill(seat, "audits every quarter")
        await phase(seat, Phase.READY)
        await seat.press("f8")
        await phase(seat, Phase.WAITING)
        assert person(demo, "zhang.wei").certified is None
        await take_other_key(seat)
        await seat.press("f8")
        await seat.until(lambda: isinstance(seat.app.screen, GrantScreen), "the grant")
    assert person(demo, "zhang.wei").certified is not None
