from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import RefusedError
from runner.model.plan import Role
from runner.model.run import RunKind, RunRecord, RunState
from runner.model.runbook import Gate
from runner.model.time import Seconds, Window
from runner.rules.windows import (
    HEALTH_TIMEOUT,
    attempt_deadline,
    gate_late_at,
    is_closed,
    latest_rollback_decision,
    may_begin,
    overrun,
    require_may_begin,
    watch_deadline,
)
from tests.runbooks import NOON, change, soak, undo, window

OPEN = window(4)
INSTANTS = st.timedeltas(timedelta(hours=-9), timedelta(hours=9)).map(lambda span: NOON + span)


@pytest.mark.parametrize(
    "instant, rule",
    [
        (OPEN.opens - timedelta(microseconds=1), "L8:window-not-open"),
        (OPEN.opens, ""),
        (OPEN.closes - timedelta(microseconds=1), ""),
        (OPEN.closes, "L8:window-closed"),
    ],
)
def test_something_begins_only_inside_the_window(instant: datetime, rule: str) -> None:
    assert may_begin(OPEN, instant) is not bool(rule)
    if rule:
        with pytest.raises(RefusedError) as refusal:
            require_may_begin(OPEN, instant)
        assert refusal.value.rule == rule
    else:
        require_may_begin(OPEN, instant)


def test_without_a_window_it_always_may() -> None:
    require_may_begin(None, NOON)
    assert may_begin(None, NOON)
    assert not is_closed(None, NOON)
    assert latest_rollback_decision(None, Seconds(1), Seconds(1)) is None


@given(instant=INSTANTS)
def test_what_may_begin_is_neither_closed_nor_before(instant: datetime) -> None:
    assert may_begin(OPEN, instant) == (OPEN.opens <= instant and not is_closed(OPEN, instant))


def test_a_rollback_decided_in_time_ends_inside_the_window() -> None:
    latest = latest_rollback_decision(OPEN, Seconds(1500), Seconds(600))
    assert latest == OPEN.closes - timedelta(minutes=35)


def test_an_attempt_has_as_long_as_its_step_or_its_undoing() -> None:
    step = replace(change("up", rollback=undo("up", timeout=Seconds(90))), timeout=Seconds(60))
    spans = {role: (attempt_deadline(step, role, NOON) - NOON).total_seconds() for role in Role}
    assert {role for role, span in spans.items() if span == 90} == {
        Role.WRITES_OFF,
        Role.ROLLBACK,
        Role.ROLLBACK_VERIFY,
    }
    assert spans[Role.DO] == spans[Role.VERIFY] == spans[Role.SETTLE] == 60
    assert attempt_deadline(None, Role.HEALTH, NOON) == NOON + timedelta(seconds=HEALTH_TIMEOUT)


def test_looks_end_with_their_watch() -> None:
    step = replace(soak("watch", lasts=600, every=60), timeout=Seconds(1200))
    later = NOON + timedelta(minutes=9)
    assert attempt_deadline(step, Role.SOAK, later, NOON) == watch_deadline(step, NOON) == NOON + timedelta(minutes=20)
    assert attempt_deadline(step, Role.SOAK, NOON) == NOON + timedelta(minutes=20)


def test_a_watch_always_has_time_for_its_last_look() -> None:
    step = replace(soak("watch", lasts=7200, every=60), timeout=Seconds(60))
    assert watch_deadline(step, NOON) == NOON + timedelta(seconds=7200 + 300)


def test_a_gate_is_late_once_it_has_waited_as_long_as_it_may() -> None:
    assert gate_late_at(Gate(Seconds(120)), NOON) == NOON + timedelta(minutes=2)


@pytest.mark.parametrize(
    "started, ended, within, seconds",
    [
        (NOON, None, OPEN, 3600),
        (NOON, OPEN.closes + timedelta(seconds=5), OPEN, 5),
        (NOON, NOON, OPEN, 0),
        (None, None, OPEN, 0),
        (NOON, None, None, 0),
    ],
)
def test_a_run_overruns_from_the_closing_of_its_window_to_its_end(
    started: datetime | None, ended: datetime | None, within: Window | None, seconds: int
) -> None:
    record = RunRecord(
        id="BG-2026-0001/1",
        kind=RunKind.CHANGE,
        request="BG-2026-0001",
        plan="sha256:plan",
        state=RunState.ROLLING_BACK,
        epoch=1,
        executor="A",
        confirmer="B",
        created_at=NOON,
        started_at=started,
        ended_at=ended,
        window=within,
    )
    assert overrun(record, OPEN.closes + timedelta(hours=1)) == seconds
