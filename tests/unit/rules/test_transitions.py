from __future__ import annotations

from enum import StrEnum

import pytest

from runner.errors import RefusedError
from runner.model.request import RequestState
from runner.model.run import AttemptState, RunState
from runner.rules.accepting import AFTERWARDS
from runner.rules.moves import ENDED
from runner.rules.transitions import (
    ATTEMPTS,
    REQUESTS,
    RUNS,
    require_attempt_transition,
    require_request_transition,
    require_run_transition,
)
from tests.states_page import PAGE, page

RESULTS = {RunState.SUCCEEDED, RunState.ROLLED_BACK, RunState.FAILED, RunState.ABANDONED}


def pairs(states: type[StrEnum]) -> list[tuple[StrEnum, StrEnum]]:
    return [(old, new) for old in states for new in states]


@pytest.mark.parametrize("old, new", pairs(RunState))
def test_a_run_goes_only_where_the_table_says(old: RunState, new: RunState) -> None:
    if new in RUNS[old]:
        require_run_transition(old, new)
    else:
        with pytest.raises(RefusedError) as refusal:
            require_run_transition(old, new)
        assert refusal.value.facts == {"old": old.value, "new": new.value}


@pytest.mark.parametrize("old, new", pairs(RequestState))
def test_a_request_goes_only_where_the_table_says(old: RequestState, new: RequestState) -> None:
    if new in REQUESTS[old]:
        require_request_transition(old, new)
    else:
        with pytest.raises(RefusedError):
            require_request_transition(old, new)


@pytest.mark.parametrize("old, new", pairs(AttemptState))
def test_an_attempt_goes_only_where_the_table_says(old: AttemptState, new: AttemptState) -> None:
    if new in ATTEMPTS[old]:
        require_attempt_transition(old, new)
    else:
        with pytest.raises(RefusedError):
            require_attempt_transition(old, new)


def test_the_tables_hold_every_state_and_none_becomes_itself() -> None:
    assert set(RUNS) == set(RunState)
    assert set(REQUESTS) == set(RequestState)
    assert set(ATTEMPTS) == set(AttemptState)
    assert not [old for old, allowed in RUNS.items() if old in allowed]


def test_every_state_can_be_reached() -> None:
    reached = {state for allowed in RUNS.values() for state in allowed}
    assert set(RunState) - reached == {RunState.CONFIRMING}


def test_a_result_can_only_be_closed_or_verified_and_nothing_leaves_an_end() -> None:
    for state in RESULTS - {RunState.SUCCEEDED}:
        assert RUNS[state] == {RunState.CLOSED, RunState.AWAITING_BUSINESS}
    assert RUNS[RunState.SUCCEEDED] == {RunState.CLOSED, RunState.AWAITING_BUSINESS, RunState.ON_TRIAL}
    for end in (RunState.CLOSED, RunState.NOT_ACCEPTED, RunState.LAPSED):
        assert RUNS[end] == frozenset()


def test_a_signed_result_never_goes_back_to_work() -> None:
    for state in AFTERWARDS:
        assert RUNS[state] <= AFTERWARDS | {RunState.CLOSED, RunState.NOT_ACCEPTED}
        assert state in ENDED


def test_no_end_is_reached_before_two_have_signed() -> None:
    assert RUNS[RunState.CONFIRMING] == {RunState.RUNNING, RunState.LAPSED}


def test_every_run_in_progress_can_be_abandoned_or_comes_where_it_can() -> None:
    stuck = [state for state in set(RunState) - ENDED if not _comes_to(state, RunState.ABANDONED)]
    assert stuck == []


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m tests.states_page writes it"


def _comes_to(start: RunState, end: RunState) -> bool:
    seen, waiting = set(), [start]
    while waiting:
        state = waiting.pop()
        if state not in seen:
            seen.add(state)
            waiting.extend(RUNS[state])
    return end in seen
