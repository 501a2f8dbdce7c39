from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from runner.model.run import AttemptState, Choice, HostOutcome, Question, RunState
from runner.model.runbook import OnFailure
from runner.model.time import Seconds
from runner.rules.moves import Finish, WaitUntil
from tests.run_in_memory import MemoryRun
from tests.runbooks import NOON, expansion, soak


class TestWatch:
    def test_it_looks_from_beginning_to_end(self) -> None:
        run = MemoryRun(expansion(soak("watch", lasts=60, every=25)))
        begun = []
        for _ in range(4):
            begun.append((run.attempt().intended_at - NOON).total_seconds())
            run.end()
            move = run.advance()
            if isinstance(move, WaitUntil):
                assert move.state is RunState.OBSERVING
                run.now = move.instant
        assert begun == [0, 25, 50, 60]
        assert run.advance() == Finish(RunState.SUCCEEDED)

    def test_a_slow_look_is_followed_at_once(self) -> None:
        run = MemoryRun(expansion(soak("watch", lasts=60, every=10)))
        assert run.attempt().key.number == 1
        run.pass_time(seconds=30)
        run.end()
        assert run.attempt().intended_at == run.now

    def test_it_tolerates_as_many_failed_looks_as_it_says(self) -> None:
        run = MemoryRun(expansion(soak("watch", lasts=60, every=30, tolerate=1), on_failure=OnFailure.PAUSE))
        run.attempt()
        run.end(AttemptState.FAILED)
        assert isinstance(run.advance(), WaitUntil)
        run.pass_time(seconds=30)
        second = run.attempt()
        run.end(AttemptState.FAILED)
        assert run.asked().at == second.key

    def test_a_look_that_reports_a_change_has_failed(self) -> None:
        run = MemoryRun(expansion(soak("watch"), on_failure=OnFailure.PAUSE))
        run.attempt()
        run.end(outcomes={"a": HostOutcome.CHANGED})
        assert run.asked().question is Question.STEP_FAILED

    def test_a_look_nobody_saw_end_is_taken_again_at_once(self) -> None:
        run = MemoryRun(expansion(soak("watch"), on_failure=OnFailure.PAUSE))
        for number in (1, 2, 3):
            assert run.attempt().key.number == number
            assert run.attempt().intended_at == NOON
            run.end(AttemptState.UNKNOWN)
        assert run.asked().question is Question.STEP_FAILED

    def test_repeating_a_look_begins_the_watch_anew(self) -> None:
        run = MemoryRun(expansion(soak("watch", lasts=60, every=60), on_failure=OnFailure.PAUSE))
        run.attempt()
        run.end(AttemptState.FAILED)
        run.pass_time(minutes=5)
        run.decide(Choice.REPEAT)
        second = run.attempt()
        assert second.key.number == 2
        run.end()
        assert run.advance() == WaitUntil(second.intended_at + timedelta(seconds=60), RunState.OBSERVING)

    def test_a_watch_that_takes_too_long_has_failed(self) -> None:
        run = MemoryRun(expansion(soak("watch", lasts=60, every=30), on_failure=OnFailure.PAUSE))
        run.attempt()
        run.end()
        run.pass_time(minutes=30)
        assert run.asked().question is Question.STEP_FAILED

    def test_every_look_must_end_with_the_watch(self) -> None:
        run = MemoryRun(expansion(replace(soak("watch", lasts=60, every=30), timeout=Seconds(90))))
        first = run.attempt()
        run.end()
        run.pass_time(seconds=30)
        assert run.attempt().deadline == first.deadline == NOON + timedelta(seconds=360)
