from __future__ import annotations

from dataclasses import replace

import pytest

from runner.model.plan import Role
from runner.model.run import AttemptState, Cause, Choice, HostOutcome, Question, RunState
from runner.model.runbook import Output, ValueType
from tests.run_in_memory import MemoryRun
from tests.runbooks import change, expansion, play


class TestUnknownOutcome:
    def test_without_a_settle_probe_people_decide(self) -> None:
        run = MemoryRun(expansion(change("up")))
        attempt = run.run_until("up")
        run.end(AttemptState.UNKNOWN)
        asked = run.asked()
        assert (asked.state, asked.question, asked.at) == (
            RunState.OUTCOME_UNKNOWN,
            Question.OUTCOME_UNKNOWN,
            attempt.key,
        )
        assert asked.choices == (Choice.REPEAT, Choice.MARK_DONE, Choice.ROLL_BACK, Choice.ABANDON)

    def test_funds_are_not_offered_for_repetition_before_they_are_reconciled(self) -> None:
        run = MemoryRun(expansion(replace(change("up"), funds=True)))
        run.run_until("up")
        run.end(AttemptState.UNKNOWN)
        assert run.asked().choices == (Choice.MARK_DONE, Choice.ROLL_BACK, Choice.ABANDON)

    @pytest.mark.parametrize(
        "found, offered",
        [
            ({"a": "done", "b": "not_done"}, True),
            ({"a": "done", "b": "unknown"}, False),
            ({"a": "done"}, False),
            ({}, False),
        ],
    )
    def test_funds_are_repeated_only_once_the_probe_has_told_of_every_host(
        self, found: dict[str, str], *, offered: bool
    ) -> None:
        run = self._settled(found, funds=True)
        assert (Choice.REPEAT in run.asked().choices) is offered

    def test_it_is_never_repeated_without_them(self) -> None:
        run = MemoryRun(expansion(change("up")))
        run.run_until("up")
        run.end(AttemptState.UNKNOWN)
        before = run.asked()
        for hours in (1, 10, 1000):
            run.pass_time(hours=hours)
            asked = run.asked()
            assert (asked.question, asked.at) == (before.question, before.at)
        assert len(run.record.attempts) == 1

    def test_the_probe_asks_only_about_the_hosts_that_are_unknown(self) -> None:
        run = MemoryRun(expansion(change("up", settle=play("settle")), batches=(("a", "b"),)))
        run.run_until("up")
        run.end(AttemptState.UNKNOWN, {"a": HostOutcome.CHANGED})
        probe_attempt = run.attempt()
        assert (probe_attempt.key.role, probe_attempt.hosts, probe_attempt.mutating) == (Role.SETTLE, ("b",), False)
        assert run.record.state is RunState.OUTCOME_UNKNOWN

    def test_proven_done_everywhere_it_goes_on_as_if_it_had_succeeded(self) -> None:
        run = self._settled({"a": "done", "b": "done"})
        assert run.attempt().key.role is Role.VERIFY

    def test_proven_not_done_everywhere_it_has_failed(self) -> None:
        run = self._settled({"a": "not_done", "b": "not_done"})
        run.advance()
        assert run.record.turns[0].cause is Cause.STEP_FAILED

    @pytest.mark.parametrize(
        "found",
        [{"a": "done", "b": "not_done"}, {"a": "done", "b": "unknown"}, {"a": "done"}, {}, {"a": "done", "b": "?"}],
    )
    def test_anything_else_is_for_people(self, found: dict[str, str]) -> None:
        run = self._settled(found)
        assert run.asked().question is Question.OUTCOME_UNKNOWN

    @pytest.mark.parametrize("state", [AttemptState.FAILED, AttemptState.CANCELLED])
    def test_a_probe_that_does_not_succeed_proves_nothing(self, state: AttemptState) -> None:
        run = self._unknown()
        run.end(state, settled={"a": "done", "b": "done"})
        assert run.asked().question is Question.OUTCOME_UNKNOWN

    def test_a_probe_of_unseen_end_is_repeated_twice(self) -> None:
        run = self._unknown()
        for number in (1, 2, 3):
            assert run.attempt().key.number == number
            run.end(AttemptState.UNKNOWN)
        assert run.asked().question is Question.OUTCOME_UNKNOWN

    def test_a_repeated_attempt_is_settled_anew(self) -> None:
        run = self._settled({"a": "done", "b": "unknown"})
        run.decide(Choice.REPEAT)
        again = run.attempt()
        assert (again.key.role, again.key.number, again.hosts) == (Role.DO, 2, ("b",))
        run.end(AttemptState.UNKNOWN)
        settle = run.attempt()
        assert (settle.key.role, settle.key.number) == (Role.SETTLE, 2)

    def test_done_but_without_its_outputs_is_for_people(self) -> None:
        step = change("copy", settle=play("settle"), outputs=(Output("path", ValueType.PATH),))
        run = MemoryRun(expansion(step))
        run.run_until("copy")
        run.end(AttemptState.UNKNOWN)
        run.run_until("copy", Role.SETTLE)
        run.end(settled={"a": "done"})
        assert run.asked().question is Question.OUTCOME_UNKNOWN

    def test_other_hosts_that_failed_make_it_a_failure(self) -> None:
        run = MemoryRun(expansion(change("up", settle=play("settle")), batches=(("a", "b"),)))
        run.run_until("up")
        run.end(AttemptState.UNKNOWN, {"a": HostOutcome.FAILED})
        run.run_until("up", Role.SETTLE)
        run.end(settled={"b": "done"})
        run.advance()
        assert run.record.turns[0].cause is Cause.STEP_FAILED

    @staticmethod
    def _unknown(*, funds: bool = False) -> MemoryRun:
        step = replace(change("up", settle=play("settle")), funds=funds)
        run = MemoryRun(expansion(step, batches=(("a", "b"),)))
        run.run_until("up")
        run.end(AttemptState.UNKNOWN)
        run.run_until("up", Role.SETTLE)
        return run

    def _settled(self, found: dict[str, str], *, funds: bool = False) -> MemoryRun:
        run = self._unknown(funds=funds)
        run.end(settled=found)
        return run
