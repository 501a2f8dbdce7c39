"""What is left of a standing approval: the tightest of its approvals decides."""

from __future__ import annotations

from datetime import timedelta

from runner.model.request import Approval, StandingTerms
from runner.rules.standing import what_is_left
from tests.registers import NOON

WEEK = timedelta(days=7)
WANTED = StandingTerms(NOON + WEEK, 5)


def approval(days: int, most: int, used: int) -> Approval:
    until = NOON + timedelta(days=days)
    return Approval("BG-2026-0001", "sha256:" + "1" * 64, "H", "0" * 64, NOON, until, most, used)


def test_before_it_is_approved_it_is_what_was_asked_for() -> None:
    assert what_is_left(WANTED, ()) == (NOON + WEEK, 5)


def test_the_first_end_and_the_fewest_runs_of_its_approvals_count() -> None:
    given = (approval(6, 4, 1), approval(5, 5, 1))
    assert what_is_left(WANTED, given) == (NOON + timedelta(days=5), 3)


def test_one_that_is_used_up_has_no_run_left() -> None:
    assert what_is_left(WANTED, (approval(6, 2, 2),)) == (NOON + timedelta(days=6), 0)
