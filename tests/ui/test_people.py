"""People, grants and policy at the terminal: seen, applied for, approved by another, inspected."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from runner.model.grant import GrantState
from runner.model.people import Person, Standing
from runner.model.statement import StatementKind
from runner.wire.api_people import PolicyShown
from tests.demo_change import DemoChange
from tests.ssh_keys import software_key
from tests.ui.seat import Seat, at_demo
from tests.ui.steps import phase, take_other_key
from tui.demo.log import DemoLog
from tui.demo.register import DemoRegister
from tui.dialogs.form import FormDialog
from tui.dialogs.sign import SignDialog
from tui.intents import ApproveGrant
from tui.messages import GrantChosen
from tui.screens.changes import ChangesScreen
from tui.screens.framed import Framed
from tui.screens.grant import GrantScreen
from tui.screens.grants import GrantsScreen
from tui.screens.people import PeopleScreen
from tui.screens.plan import PlanScreen
from tui.screens.policy import PolicyScreen
from tui.screens.waiting import WaitingScreen
from tui.sign_text import Phase
from tui.text import width_of
from tui.widgets.plain_button import PlainButton

APPLIED, UNINSPECTED = "SQ-2026-0007", "SQ-2026-0006"
SIZES = [(80, 24), (120, 40)]


def person(demo: DemoChange, name: str) -> Person:
    return next(each.person for each in demo.backend.register.people().people if each.person.name == name)


def state(demo: DemoChange, number: str) -> GrantState:
    return demo.backend.register.grant(number).row.state


def is_shown(seat: Seat, kind: type[Framed]) -> bool:
    return isinstance(seat.app.screen, kind)


async def open_people(seat: Seat, *, down: int = 0) -> PeopleScreen:
    await seat.press("p")
    await seat.sees("register of people", "zhang.wei")
    await seat.press(*["j"] * down)
    assert isinstance(seat.app.screen, PeopleScreen)
    return seat.app.screen


async def open_grant(seat: Seat, number: str) -> None:
    seat.app.post_message(GrantChosen(number))
    await seat.until(lambda: isinstance(seat.app.screen, GrantScreen), "the grant")
    await seat.sees(number, "person: ", "applied: ")


async def fill(seat: Seat, *answers: str) -> None:
    """Answer each field in turn; every one is left with Enter."""
    await seat.until(lambda: isinstance(seat.app.screen, FormDialog), "the form")
    for answer in answers:
        if answer:
            await seat.types(answer)
        await seat.press("enter")
    await seat.until(lambda: getattr(seat.app.focused, "id", "") == "next", "the button that goes on")
    await seat.press("enter")


async def test_a_grant_is_among_what_is_awaited_and_opens() -> None:
    async with at_demo(DemoChange()) as seat:
        await seat.sees("also awaited, about no change: 2 (w shows them)")
        await seat.press("w")
        await seat.sees("what is awaited", "inspect: suspend chen.hao")
        await seat.press("end", "enter")
        await seat.until(lambda: isinstance(seat.app.screen, GrantScreen), "the grant")
        await seat.sees(f"{APPLIED}  applied", "turn: duty-b (approve)", "otherwise: nothing changes")


async def test_a_change_and_a_run_open_from_what_is_awaited_too() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        await seat.press("w")
        await seat.sees("BG-2026-0154")
        await seat.press("enter")
        await seat.until(lambda: isinstance(seat.app.screen, PlanScreen), "the plan")
        await seat.press("escape")
        await seat.until(lambda: isinstance(seat.app.screen, WaitingScreen), "the list again")
        demo.started()
        await seat.sees("confirm")


async def test_what_was_signed_elsewhere_leaves_the_awaited() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        await seat.press("w")
        await seat.sees("appoint li.na")
        demo.sign(ApproveGrant(APPLIED), demo.confirmer)
        await seat.sees("inspect: appoint li.na")
        await seat.sees_no("approve: appoint li.na")


async def test_the_register_at_80x24() -> None:
    async with at_demo(DemoChange()) as seat:
        await open_people(seat, down=4)
        await seat.sees("company: Northern Storage")
        assert seat.lines[:10] == [
            " PRODUCTION customer-systems   register of people  demo",
            "accounts: 5, active: 4  to report: 2",
            "otherwise: nothing; only a grant that two people sign changes it",
            " to report: post network is vacant",
            f" to report: grant {UNINSPECTED}: its inspection is due by 12-04 01:31:00",
            "person        name        unit        state      posts",
            "duty-a        -           -           active     member",
            "duty-b        -           -           active     member",
            "zhang.wei     张伟        audit       active     auditor",
            "li.na         李娜        operations  active     -",
        ]
        assert " person:  chen.hao  陈浩" in seat.lines
        assert " state:   suspended" in seat.lines


async def test_enter_goes_to_the_details_and_signs_nothing() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        screen = await open_people(seat)
        await seat.press("enter")
        await seat.until(lambda: seat.app.focused is screen.query_one("#person"), "the details to have the focus")
        assert len(demo.backend.register.grants("", None, 50).rows) == 7


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", ["en", "zh"])
async def test_every_list_leads_to_the_others_and_keeps_to_its_width(size: tuple[int, int], language: str) -> None:
    screens: dict[str, type[Framed]] = {"w": WaitingScreen, "p": PeopleScreen, "t": GrantsScreen, "y": PolicyScreen}
    async with at_demo(DemoChange(), size, language) as seat:
        for key in "wptypwtp":
            await seat.press(key)
            await seat.until(partial(is_shown, seat, screens[key]), f"the list of {key}")
            await seat.sees("customer-systems")
            assert len(seat.lines) == size[1]
            assert max(width_of(line) for line in seat.lines) <= size[0]
        assert len(seat.app.screen_stack) <= len(screens) + 1
        while not isinstance(seat.app.screen, ChangesScreen):
            await seat.press("escape")


async def test_a_new_account_is_applied_for_and_approved_at_the_same_terminal(tmp_path: Path) -> None:
    demo = DemoChange()
    path = tmp_path / "zhao.pub"
    key = software_key("ssh-ed25519").public
    path.write_text(key.to_line(), encoding="utf-8")
    async with at_demo(demo) as seat:
        await open_people(seat)
        await seat.press("n")
        await fill(seat, "zhao.min", "赵敏", "operations", str(path), "new colleague")
        dialog = await phase(seat, Phase.READY)
        await seat.sees("application for a grant about zhao.min", "PRODUCTION customer-systems")
        await seat.sees("it takes effect when another person approves it", f"key:    {key.fingerprint}")
        assert dialog.signing.prepared is not None
        assert dialog.signing.prepared.kind is StatementKind.APPLY
        await seat.press("f8")
        await phase(seat, Phase.WAITING)
        await seat.sees("still to sign: duty-b")
        await take_other_key(seat)
        await seat.sees("duty-b approves grant SQ-2026-0008")
        await seat.press("f8")
        await seat.until(lambda: isinstance(seat.app.screen, GrantScreen), "the grant")
        await seat.sees("SQ-2026-0008  granted", "approved:", "turn: duty-a (inspect)")
    found = person(demo, "zhao.min")
    assert (found.called, found.unit, len(found.keys)) == ("赵敏", "operations", 1)


async def test_who_signs_alone_is_shown_the_grant_that_waits() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        await open_people(seat, down=2)
        await seat.press("a")
        await seat.until(lambda: isinstance(seat.app.screen, FormDialog), "the form")
        await seat.press("j")
        await fill(seat, "", "", "", "RS-1", "", "", "+8h", "helps out")
        await phase(seat, Phase.READY)
        await seat.sees("post: ", "member")
        await seat.press("f8")
        await phase(seat, Phase.WAITING)
        await seat.press("escape")
        await seat.until(lambda: isinstance(seat.app.screen, GrantScreen), "the grant")
        await seat.sees("SQ-2026-0008  applied", "turn: duty-b (approve)")
    assert demo.backend.register.grant("SQ-2026-0008").row.terms["post"] == "member"


async def test_an_account_is_suspended_at_once_and_reinstated_by_two() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        await open_people(seat, down=2)
        await seat.press("u")
        await seat.sees("reinstate: not possible here now")
        await seat.press("x")
        await fill(seat, "badge lost")
        await phase(seat, Phase.READY)
        await seat.sees("it takes effect at once")
        await seat.press("f8")
        await seat.until(lambda: isinstance(seat.app.screen, GrantScreen), "the grant")
        assert person(demo, "zhang.wei").standing is Standing.SUSPENDED
        await seat.press("v")
        await seat.sees("register of people", "person: ")
        screen = seat.app.screen
        assert isinstance(screen, PeopleScreen)
        assert screen.people.key == "zhang.wei"
        await seat.press("u")
        await fill(seat, "found again")
        await phase(seat, Phase.READY)
        await seat.sees("application for a grant about zhang.wei")


async def test_an_application_is_approved_and_another_inspected() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        await open_grant(seat, APPLIED)
        await seat.press("s")
        await phase(seat, Phase.READY)
        assert isinstance(seat.app.focused, PlainButton)
        assert seat.app.focused.id == "back"
        await seat.press("f8")
        await phase(seat, Phase.REFUSED)
        await seat.sees("duty-a applied for it; another person must decide", "L1:applicant-approves")
        await take_other_key(seat)
        await seat.press("f8")
        await seat.sees(f"{APPLIED}  granted", "approved:")
        assert state(demo, APPLIED) is GrantState.GRANTED
        await seat.press("i")
        await phase(seat, Phase.READY)
        await seat.press("f8")
        await seat.sees(f"{APPLIED}  checked", "nobody's turn")
    assert state(demo, APPLIED) is GrantState.CHECKED


async def test_enter_and_the_trigger_key_sign_no_grant() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        await open_grant(seat, UNINSPECTED)
        await seat.press("i")
        await phase(seat, Phase.READY)
        await seat.press("tab", "enter", "i", "s", "space")
        await phase(seat, Phase.READY)
        await seat.sees("Enter does not sign")
        await seat.press("escape")
        await seat.until(lambda: not isinstance(seat.app.screen, SignDialog), "the grant again")
    assert state(demo, UNINSPECTED) is GrantState.GRANTED


@pytest.mark.parametrize("key, ended, says", [("x", "duty-b", "rejected"), ("w", "duty-a", "withdrawn")])
async def test_an_application_is_turned_down_or_taken_back_with_a_reason(key: str, ended: str, says: str) -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        await open_grant(seat, APPLIED)
        await seat.press(key)
        await fill(seat, "not this year")
        await phase(seat, Phase.READY)
        if ended == "duty-b":
            await take_other_key(seat)
        await seat.press("f8")
        await seat.sees(f"{APPLIED}  {says}", "nobody's turn")
    assert demo.backend.register.grant(APPLIED).row.approver == ended


async def test_a_reason_is_needed() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        await open_grant(seat, APPLIED)
        await seat.press("x")
        await fill(seat, "")
        await seat.sees("reason: an answer is needed")


async def test_a_key_file_that_is_none_is_refused_before_anything_is_signed(tmp_path: Path) -> None:
    (tmp_path / "no.pub").write_text("not a key", encoding="utf-8")
    async with at_demo(DemoChange()) as seat:
        await open_people(seat)
        for name, says in (("missing.pub", "cannot be read"), ("no.pub", "key")):
            await seat.press("c")
            await fill(seat, str(tmp_path / name), "another machine")
            await seat.sees(says)
            assert isinstance(seat.app.screen, FormDialog)
            await seat.press("escape")
            await seat.until(lambda: isinstance(seat.app.screen, PeopleScreen), "the people")


async def test_somebody_else_may_decide_while_the_dialog_waits() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        await open_people(seat, down=3)
        await seat.press("d")
        await fill(seat, "", "", "retires")
        await phase(seat, Phase.READY)
        await seat.press("f8")
        await phase(seat, Phase.WAITING)
        demo.sign(ApproveGrant("SQ-2026-0008"), demo.confirmer)
        await seat.until(lambda: isinstance(seat.app.screen, GrantScreen), "the dialog to end")
        await seat.sees("SQ-2026-0008  granted")
    assert person(demo, "li.na").standing is Standing.LEFT


async def test_grants_are_narrowed_to_one_person_and_widened_again() -> None:
    async with at_demo(DemoChange()) as seat:
        await seat.press("t")
        await seat.sees("grants of the whole site", "grants: 7  waiting for a signature: 2", "duty-b: inspect")
        await seat.press("j", "f")
        await seat.sees("grants about chen.hao", "grants: 2")
        await seat.sees_no("appoint li.na")
        await seat.press("f")
        await seat.sees("grants of the whole site", "appoint li.na")


async def test_the_log_of_a_grant_is_its_own() -> None:
    async with at_demo(DemoChange()) as seat:
        await open_grant(seat, UNINSPECTED)
        await seat.press("l")
        await seat.sees(f"audit log of {UNINSPECTED}", "person:grant:applied")


async def test_the_policy_says_where_it_comes_from_and_whether_people_are_enough() -> None:
    async with at_demo(DemoChange(), (120, 40)) as seat:
        await seat.press("y")
        await seat.sees("policy demonstration", "NOT ENOUGH PEOPLE for 1 of 4", "the log's first entries")
        await seat.sees("nobody: vacant", "not enough people: nobody is left who may sign start")
        await seat.sees("requested by duty-a, approved by duty-b, executed by duty-a,")


class Changed(DemoRegister):
    """A register under a policy that a grant put in force, while the site's file says something else."""

    def policy(self) -> PolicyShown:
        return replace(super().policy(), grant=UNINSPECTED, differs=True)


async def test_a_policy_leads_to_the_grant_that_put_it_in_force() -> None:
    demo = DemoChange()
    demo.backend.register = Changed(demo.clock, DemoLog())
    async with at_demo(demo) as seat:
        await seat.press("y")
        await seat.sees("the site's file says something else", f"in force by: grant {UNINSPECTED}")
        await seat.press("enter")
        await seat.until(lambda: isinstance(seat.app.screen, GrantScreen), "the grant")
        await seat.sees(f"{UNINSPECTED}  granted")


async def test_the_register_is_shown_as_it_was_while_the_service_is_away() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        await open_people(seat)
        demo.backend.lose()
        await seat.sees("NOT LIVE, as of", "zhang.wei")
        demo.backend.regain()
        await seat.sees("accounts: 5, active: 4")
        await seat.sees_no("NOT LIVE")


async def test_the_language_is_switched_among_the_people() -> None:
    async with at_demo(DemoChange()) as seat:
        await open_people(seat)
        await seat.press("f2")
        await seat.sees("人员", "张伟")
        await seat.press("f2")
        await seat.sees("register of people", "person: ")


async def test_an_inspection_that_is_overdue_is_loud() -> None:
    demo = DemoChange()
    async with at_demo(demo) as seat:
        await open_grant(seat, UNINSPECTED)
        await seat.sees("inspection due by 12-04 01:31")
        demo.clock.pass_by(8 * 86400)
        await seat.press("ctrl+r")
        await seat.sees("INSPECTION OVERDUE since 12-04 01:31")


async def test_the_people_are_found_by_name_in_the_palette() -> None:
    async with at_demo(DemoChange()) as seat:
        await seat.press("ctrl+p")
        await seat.sees("what it does")
        await seat.types("register of people")
        await seat.sees_no("open what is selected")
        await seat.press("enter")
        await seat.until(lambda: isinstance(seat.app.screen, PeopleScreen), "the people")
