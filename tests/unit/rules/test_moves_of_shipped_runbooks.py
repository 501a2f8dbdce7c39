"""The runbooks that are shipped, carried out in memory: what they promise when something fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.model.plan import Role
from runner.model.run import AttemptState, RunState
from runner.model.runbook import Runbook
from runner.rules.expansion import expand
from runner.rules.moves import ENDED, Finish, WaitAttempt, WaitPeople, WaitUntil
from runner.runbook.loader import load_runbook
from tests.run_in_memory import MemoryRun
from tests.runbooks import binding

SITE = Path(__file__).parents[3]
SHIPPED = sorted((SITE / "runbooks").glob("*/*.yml"))
MOST_ATTEMPTS = 60


def loaded(path: Path) -> Runbook:
    return load_runbook(path, site=SITE)


def started(path: Path) -> MemoryRun:
    return MemoryRun(expand(loaded(path), binding(("a",))))


def carry_out(run: MemoryRun, fail_at: int = 0) -> RunState:
    """Carry a run out to its end; the attempt of that number fails, people sign what is asked of them."""
    while run.record.state not in ENDED:
        move = run.advance()
        if isinstance(move, WaitUntil):
            run.now = move.instant
        elif isinstance(move, WaitAttempt):
            run.end(AttemptState.FAILED if len(run.record.attempts) == fail_at else AttemptState.SUCCEEDED)
        elif isinstance(move, WaitPeople) and move.state is RunState.AT_GATE:
            run.pass_gate()
        elif isinstance(move, WaitPeople) and move.state is RunState.AT_SHEET:
            run.sign_sheet()
        elif isinstance(move, WaitPeople):
            run.decide(move.choices[-1])
        assert len(run.record.attempts) < MOST_ATTEMPTS
    return run.record.state


def test_there_are_some() -> None:
    assert len(SHIPPED) > 4


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_when_nothing_fails_it_succeeds(path: Path) -> None:
    assert carry_out(started(path)) is RunState.SUCCEEDED


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_whatever_fails_it_comes_to_an_honest_end(path: Path) -> None:
    whole = started(path)
    carry_out(whole)
    for number in range(1, len(whole.record.attempts) + 1):
        run = started(path)
        end = carry_out(run, fail_at=number)
        undone = [attempt for attempt in run.record.attempts if attempt.key.role is Role.ROLLBACK]
        assert end is (RunState.ROLLED_BACK if undone else RunState.FAILED), run.done()


def test_an_upgrade_whose_observation_fails_goes_back_by_itself() -> None:
    run = started(SITE / "runbooks" / "upgrade" / "assets-upgrade.yml")
    while not isinstance(run.run_out(), Finish):
        run.pass_gate()
        run.run_until("observation", Role.SOAK)
        run.end(AttemptState.FAILED)
    assert run.record.state is RunState.ROLLED_BACK
    assert run.record.decisions == ()
    undoing = run.done()[run.done().index("1/observation.soak") + 1 :]
    assert undoing == [
        "1/upgrade.writes_off",
        "1/upgrade.rollback",
        "1/upgrade.rollback_verify",
        "1/after_rollback.health",
    ]
