from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from runner.model.plan import Role
from runner.model.policy import Policy
from runner.model.run import AttemptState, RunState
from runner.model.runbook import AtWindowEnd, Gate, OnFailure, Risk, Step
from runner.model.time import Seconds
from runner.rules.moves import Finish, WaitPeople
from tests.run_in_memory import MemoryRun
from tests.runbooks import NOON, change, expansion, undo, window

UPGRADE = change("up", rollback=undo("up", estimate=Seconds(1200)))
SECOND = change("two", rollback=undo("two", estimate=Seconds(600)))
CLOSES = NOON + timedelta(hours=4)
LATEST = CLOSES - timedelta(minutes=40)
"""The latest rollback decision of an ordinary change of both."""


def made(*steps: Step, **fields: object) -> MemoryRun:
    planned = expansion(*steps, risk=Risk.EMERGENCY, **fields)  # type: ignore[arg-type]  # fields of Runbook
    return MemoryRun(planned, within=window(4), policy=Policy(rollback_reserve=Seconds(600)))


def after_first(run: MemoryRun) -> MemoryRun:
    """The first step has succeeded and is verified; the second has not begun."""
    run.run_until("up", Role.VERIFY)
    run.end()
    return run


class TestEmergency:
    """An emergency passes its window: it neither stops, asks nor turns back when that has closed."""

    @pytest.mark.parametrize("rule", list(AtWindowEnd))
    def test_begins_and_goes_on_after_the_window_has_closed(self, rule: AtWindowEnd) -> None:
        run = made(UPGRADE, SECOND, at_window_end=rule)
        run.now = CLOSES + timedelta(hours=1)
        assert run.attempt().key.step == "up"
        assert after_first(run).attempt().key.step == "two"
        assert run.run_out() == Finish(RunState.SUCCEEDED)

    def test_has_no_latest_rollback_decision(self) -> None:
        run = after_first(made(UPGRADE, SECOND))
        run.now = LATEST
        assert run.attempt().key.step == "two"

    def test_waits_at_a_gate_for_its_people_alone(self) -> None:
        gated = replace(SECOND, gate=Gate(wait_at_most=Seconds(7200)))
        run = after_first(made(UPGRADE, gated))
        run.now = CLOSES - timedelta(minutes=10)
        waits = run.run_out()
        assert isinstance(waits, WaitPeople)
        assert (waits.state, waits.until) == (RunState.AT_GATE, run.now + timedelta(hours=2))
        run.now = CLOSES + timedelta(minutes=10)
        run.pass_gate()
        assert run.attempt().key.step == "two"

    def test_asks_about_a_failed_step_without_an_end(self) -> None:
        run = made(UPGRADE, on_failure=OnFailure.PAUSE)
        run.run_until("up")
        run.end(AttemptState.FAILED)
        assert run.asked().until is None
