"""When a look belongs to a query that is on record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from runner.model.policy import SessionTerms
from runner.model.time import Seconds
from runner.rules.looking import is_same_query

RECORDED = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
TERMS = SessionTerms(idle=Seconds(600))


@pytest.mark.parametrize("seconds", [0, 1, 599])
def test_it_does_for_as_long_as_a_session_may_rest(seconds: int) -> None:
    assert is_same_query(RECORDED, TERMS, RECORDED + timedelta(seconds=seconds))


@pytest.mark.parametrize("seconds", [-1, 600, 86_400])
def test_it_does_not_later_nor_when_the_clock_went_back(seconds: int) -> None:
    assert not is_same_query(RECORDED, TERMS, RECORDED + timedelta(seconds=seconds))
