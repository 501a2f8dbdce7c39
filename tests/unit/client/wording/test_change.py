"""The page both people read: the request with its people, then the plan."""

from __future__ import annotations

from dataclasses import replace

from runner.client.wording.change import change_lines
from runner.client.wording.present import Present
from runner.model.request import RequestState
from runner.model.run import RunState
from runner.wire.api import Words
from runner.wire.api_request import RequestShown, Revision
from tests.demo_change import NIGHT, DemoChange
from tui.demo.stage import READY

PRESENT = Present(NIGHT, "Asia/Shanghai")


def page(demo: DemoChange, shown: RequestShown | None = None) -> list[str]:
    shown = shown or demo.backend.change(READY)
    planned = demo.backend.plan(shown.request.plan)
    return [line.text for line in change_lines(shown, planned.plan, planned.rollback_decision_by, PRESENT)]


def test_the_page_begins_with_why_who_and_when() -> None:
    found = page(DemoChange())
    assert found[0] == f"change:       {READY}  approved"
    assert found[1] == "reason:       security fixes of the database"
    assert "approved by:  duty-b, from 00:01:00 to 04:01:00, used 0 of 1" in found
    assert "environment:  PRODUCTION customer-systems" in found
    assert "window:       2026-11-29 00:01:00 to 2026-11-29 04:01:00 (Asia/Shanghai)" in found
    assert "rollback:     takes about 25:00; latest rollback decision 2026-11-29 03:26:00" in found


def test_the_digest_is_the_one_the_request_names() -> None:
    demo = DemoChange()
    digest = demo.backend.change(READY).request.plan.removeprefix("sha256:")
    assert any(line.startswith("  plan:") and line.endswith(digest) for line in page(demo))


def test_runs_hindrances_and_earlier_revisions_are_told() -> None:
    demo = DemoChange()
    demo.at(RunState.ROLLED_BACK)
    shown = demo.backend.change(READY)
    before = Revision(1, "sha256:0", shown.request.state, NIGHT)
    second = replace(shown.request, revision=2, state=RequestState.APPROVED)
    full = replace(shown, request=second, hindrances=(Words("the window is closed"),), revisions=(before,))
    lines = page(demo, full)
    assert f"change:       {READY}  revision 2: approved" in lines
    assert f"run:          {READY}/1 rolled back, executor duty-a, confirmer duty-b" in lines
    assert "cannot start: the window is closed" in lines
    assert "before:       revision 1: used" in lines


def test_a_change_that_is_over_is_not_told_why_it_cannot_start() -> None:
    demo = DemoChange()
    demo.at(RunState.ROLLED_BACK)
    shown = replace(demo.backend.change(READY), hindrances=(Words("it is used"),))
    assert not any("it is used" in line for line in page(demo, shown))
