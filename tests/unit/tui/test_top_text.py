"""The top three lines say which change, where, which step, whose turn, until when, and what follows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from runner.errors import UnreachableError
from runner.model.run import RunState
from runner.wire.api_run import RunShown
from tests.demo_change import NIGHT, DemoChange
from tui.demo.stage import READY, SUBMITTED
from tui.standing import standing_of
from tui.text import Meaning, Present
from tui.top_text import (
    Top,
    not_live,
    top_of_change,
    top_of_nothing,
    top_of_run,
    top_of_unreached,
    top_of_unread,
)

PRESENT = Present(NIGHT, "Asia/Shanghai")


def of_change(demo: DemoChange, number: str) -> list[str]:
    standing = standing_of(demo.backend, number)
    by = demo.backend.plan(standing.shown.request.plan).rollback_decision_by
    return texts(top_of_change(standing.change, standing.shown, demo.backend.open(), PRESENT, by))


def of_run(demo: DemoChange, shown: RunShown, later: float = 0) -> list[str]:
    present = Present(NIGHT + timedelta(seconds=later), "Asia/Shanghai")
    return texts(top_of_run(shown, demo.backend.open(), present))


def texts(top: Top) -> list[str]:
    return [line.text for line in top]


def test_a_change_that_waits_for_its_approval() -> None:
    first, second, third = of_change(DemoChange(), SUBMITTED)
    assert first.startswith(f" PRODUCTION customer-systems   {SUBMITTED}  submitted  Minor upgrade")
    assert second == "turn: duty-b (approve)  window to 04:01  rollback decision 03:26"
    assert third == "otherwise: it expires when its window closes at 04:01:00"


def test_a_change_that_is_over_awaits_nobody() -> None:
    assert of_change(DemoChange(), "BG-2026-0151")[1] == "nobody's turn"


def test_a_change_whose_start_waits_for_the_confirmer_speaks_of_its_run() -> None:
    demo = DemoChange()
    demo.started()
    first, second, third = of_change(demo, READY)
    assert "confirming" in first
    assert second.startswith("turn: duty-b (confirm), 5:00 left")
    assert third == "otherwise: at 00:36:00 the executor's signature lapses and nothing begins"


def test_a_run_at_work_names_its_step() -> None:
    demo = DemoChange()
    demo.begun()
    demo.backend.advance(3)
    first, second, third = of_run(demo, demo.shown())
    assert "running  step 2/5 backup" in first
    assert second == "nobody's turn: it goes on by itself  window to 04:01  rollback decision 03:26"
    assert third == "otherwise: step backup ends by itself, at the latest at 01:01:00; then the run goes on"


def test_a_gate_waits_for_both() -> None:
    demo = DemoChange()
    first, second, third = of_run(demo, demo.at(RunState.AT_GATE))
    assert "at gate  step 4/5 upgrade" in first
    assert second.startswith("turn: duty-a, duty-b (gate), 2:00:00 left")
    assert third == "otherwise: at 02:31:00 the run stops waiting and asks for a decision"


def test_a_closed_run_is_over() -> None:
    demo = DemoChange()
    shown = demo.at(RunState.ROLLED_BACK)
    over = replace(shown, act=None, row=replace(shown.row, state=RunState.CLOSED))
    assert of_run(demo, over)[1] == "nobody's turn"


def test_production_is_named_and_looks_alarming() -> None:
    demo = DemoChange()
    part = top_of_run(demo.begun(), demo.backend.open(), PRESENT)[0].parts[0]
    assert (part.text, part.meaning) == (" PRODUCTION customer-systems ", Meaning.ALARM)


def test_elsewhere_is_named_too() -> None:
    demo = DemoChange()
    shown = demo.begun()
    quiet = replace(shown, row=replace(shown.row, production=False))
    assert of_run(demo, quiet)[0].startswith("customer-systems, not production")


@pytest.mark.parametrize(
    "later, told",
    [(0, "rollback decision 03:26"), (3 * 3600, "rollback decision 03:26"), (4 * 3600, "WINDOW CLOSED 04:01")],
)
def test_deadlines_that_have_passed_are_told(later: float, told: str) -> None:
    demo = DemoChange()
    assert told in of_run(demo, demo.begun(), later)[1]


def test_batches_are_counted_when_there_are_several() -> None:
    demo = DemoChange()
    demo.begun()
    demo.backend.advance(3)
    shown = replace(demo.shown(), batches=(("core-db-1",), ("core-db-2",)))
    assert "step 2/5 backup, batch 1/2" in of_run(demo, shown)[0]


def test_a_service_that_was_never_reached_is_told_with_what_to_do() -> None:
    assert texts(top_of_unreached(None, PRESENT)) == ["connecting to the service…", "", ""]
    error = UnreachableError("service at {socket}: no answer", hint="start it: twokey serve", socket="/nowhere")
    assert texts(top_of_unreached(error, PRESENT)) == [
        "connecting to the service…",
        "service at /nowhere: no answer",
        "next: start it: twokey serve  otherwise: it is tried again and again; no run is affected",
    ]


def test_a_change_that_is_not_read_yet_is_named() -> None:
    first, second, _third = texts(top_of_unread(READY, DemoChange().backend.open()))
    assert first.endswith(READY)
    assert second == "not read yet"


def test_what_is_no_longer_kept_up_to_date_says_since_when() -> None:
    demo = DemoChange()
    top = top_of_run(demo.begun(), demo.backend.open(), PRESENT)
    later = Present(NIGHT + timedelta(minutes=3), "Asia/Shanghai")
    first, second, third = not_live(top, NIGHT, later)
    assert (first, third) == (top[0], top[2])
    assert second.text == f" NOT LIVE, as of 00:31:00   {top[1].text}"
    assert second.parts[0].meaning is Meaning.ALARM


def test_before_anything_is_known() -> None:
    assert texts(top_of_nothing(DemoChange().backend.open()))[1] == "no change is selected"
