from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from runner.model.access import Session, SessionEnd
from runner.model.policy import SessionTerms, Strength
from runner.model.time import Seconds
from runner.rules.sessions import end_of, is_touch_due
from tests.stores import NOON

TERMS = SessionTerms(idle=Seconds(600), longest=Seconds(3600))
BEGUN = Session("s", "t", "ann", Strength.KEY, "SHA256:x", "uid:1", NOON, NOON, NOON + timedelta(hours=1))


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    "seen,now,expected",
    [
        (0, 0, None),
        (0, 9.99, None),
        (0, 10, SessionEnd.IDLE),
        (55, 59.99, None),
        (55, 60, SessionEnd.LONGEST),
        (0, 60, SessionEnd.LONGEST),
    ],
)
def test_a_session_is_over(seen: float, now: float, expected: SessionEnd | None) -> None:
    assert end_of(replace(BEGUN, last_seen=at(seen)), TERMS, at(now)) is expected


def test_a_tighter_policy_ends_sessions_that_began_before() -> None:
    tighter = replace(TERMS, longest=Seconds(1200))
    assert end_of(replace(BEGUN, last_seen=at(20)), tighter, at(20)) is SessionEnd.LONGEST


def test_what_was_ended_stays_so() -> None:
    ended = replace(BEGUN, ended_at=NOON, reason=SessionEnd.LEFT)
    assert end_of(ended, TERMS, NOON) is SessionEnd.LEFT


@pytest.mark.parametrize("idle,seconds,is_due", [(600, 29, False), (600, 30, True), (60, 2, False), (60, 3, True)])
def test_use_is_noted_now_and_then(idle: int, seconds: int, is_due: object) -> None:
    assert is_touch_due(BEGUN, replace(TERMS, idle=Seconds(idle)), NOON + timedelta(seconds=seconds)) is is_due
