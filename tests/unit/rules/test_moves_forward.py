from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from runner.model.plan import Role
from runner.model.run import AttemptState, Cause, Choice, HostOutcome, Question, RunState
from runner.model.runbook import Gate, Once, OnFailure, Output, RollbackScope, Targets, ValueType
from runner.model.time import Seconds
from runner.rules.moves import Begin, Finish, WaitPeople, next_move
from tests.run_in_memory import MemoryRun
from tests.runbooks import NOON, added, by_hand, change, expansion, look, play, probe

TWO_BATCHES = (("a", "b"), ("c",))


def test_all_steps_of_a_batch_come_before_the_next_batch() -> None:
    steps = (probe("pre"), change("first", once=Once.BEFORE), change("up"), change("last", once=Once.AFTER))
    run = MemoryRun(expansion(*steps, batches=TWO_BATCHES))
    assert run.run_out() == Finish(RunState.SUCCEEDED)
    assert run.done() == [
        "0/first.do",
        "0/first.verify",
        "1/pre.do",
        "1/up.do",
        "1/up.verify",
        "2/pre.do",
        "2/up.do",
        "2/up.verify",
        "3/last.do",
        "3/last.verify",
    ]
    hosts = [attempt.hosts for attempt in run.record.attempts if attempt.key.role is Role.DO]
    assert hosts == [("a", "b", "c"), ("a", "b"), ("a", "b"), ("c",), ("c",), ("a", "b", "c")]


def test_nothing_else_begins_while_an_attempt_is_in_progress() -> None:
    run = MemoryRun(expansion(change("up")))
    first = run.attempt()
    run.pass_time(minutes=5)
    assert run.attempt() == first
    assert len(run.record.attempts) == 1


def test_an_attempt_carries_what_its_step_says() -> None:
    step = replace(added("copy", Output("path", ValueType.PATH)), timeout=Seconds(77))
    run = MemoryRun(expansion(step))
    run.advance()
    begin = run.moves[0]
    assert isinstance(begin, Begin)
    assert (begin.work, begin.mutating, begin.check) == (play("copy"), True, False)
    assert begin.outputs == (Output("path", ValueType.PATH),)
    assert begin.deadline == NOON + timedelta(seconds=77)
    run.end()
    run.advance()
    verify = next(move for move in run.moves if isinstance(move, Begin) and move.key.role is Role.VERIFY)
    assert not verify.mutating
    assert verify.outputs == ()


@pytest.mark.parametrize("outcome", [HostOutcome.FAILED, HostOutcome.UNREACHABLE, HostOutcome.STOPPED])
def test_a_failed_step_turns_back_with_the_hosts_that_failed(outcome: HostOutcome) -> None:
    run = MemoryRun(expansion(change("up"), batches=(("a", "b"),)))
    run.run_until("up")
    run.end(AttemptState.FAILED, {"a": HostOutcome.CHANGED, "b": outcome})
    run.advance()
    (turn,) = run.record.turns
    assert (turn.cause, turn.batch, turn.step, turn.failed) == (Cause.STEP_FAILED, 1, "up", ("b",))


def test_a_step_that_fails_as_a_whole_counts_all_its_hosts() -> None:
    run = MemoryRun(expansion(change("up"), batches=(("a", "b"),)))
    run.run_until("up")
    run.end(AttemptState.FAILED, {"a": HostOutcome.CHANGED, "b": HostOutcome.CHANGED})
    run.advance()
    assert run.record.turns[0].failed == ("a", "b")


def test_people_are_asked_when_the_runbook_says_so() -> None:
    run = MemoryRun(expansion(change("up"), on_failure=OnFailure.PAUSE))
    attempt = run.run_until("up")
    run.end(AttemptState.FAILED)
    asked = run.asked()
    assert (asked.state, asked.question, asked.at) == (
        RunState.AWAITING_DECISION,
        Question.STEP_FAILED,
        attempt.key,
    )
    assert asked.choices == (Choice.REPEAT, Choice.MARK_DONE, Choice.ROLL_BACK, Choice.ABANDON)


def test_a_repeated_step_gets_a_new_number_and_only_the_hosts_that_are_not_finished() -> None:
    run = MemoryRun(expansion(change("up"), batches=(("a", "b", "c"),), on_failure=OnFailure.PAUSE))
    run.run_until("up")
    run.end(AttemptState.FAILED, {"a": HostOutcome.CHANGED, "b": HostOutcome.FAILED, "c": HostOutcome.OK})
    run.decide(Choice.REPEAT)
    again = run.attempt()
    assert (again.key.number, again.hosts) == (2, ("b",))


def test_a_step_that_people_mark_done_is_still_verified() -> None:
    run = MemoryRun(expansion(change("up"), on_failure=OnFailure.PAUSE))
    run.run_until("up")
    run.end(AttemptState.FAILED)
    run.decide(Choice.MARK_DONE)
    assert run.attempt().key.role is Role.VERIFY


def test_a_verification_that_reports_a_change_fails() -> None:
    run = MemoryRun(expansion(change("up"), on_failure=OnFailure.PAUSE))
    verify = run.run_until("up", Role.VERIFY)
    run.end(outcomes={"a": HostOutcome.CHANGED})
    assert run.asked().at == verify.key


def test_a_read_only_step_that_reports_a_change_fails() -> None:
    run = MemoryRun(expansion(look("see"), on_failure=OnFailure.PAUSE))
    run.run_until("see")
    run.end(outcomes={"a": HostOutcome.CHANGED})
    assert run.asked().question is Question.STEP_FAILED


def test_nothing_changed_and_a_step_failed_ends_the_run_failed() -> None:
    run = MemoryRun(expansion(probe("pre"), change("up")))
    run.run_until("pre")
    run.end(AttemptState.FAILED)
    assert run.advance() == Finish(RunState.FAILED)
    assert run.states == [(RunState.RUNNING, RunState.FAILED)]


@pytest.mark.parametrize("unseen", [AttemptState.UNKNOWN, AttemptState.NEVER_BEGUN])
def test_a_read_only_attempt_without_effect_is_repeated_twice_and_then_counts_as_failed(unseen: AttemptState) -> None:
    run = MemoryRun(expansion(probe("pre"), on_failure=OnFailure.PAUSE))
    for number in (1, 2, 3):
        assert run.attempt().key.number == number
        run.end(unseen)
    assert run.asked().at.number == 3
    run.decide(Choice.REPEAT)
    assert run.attempt().key.number == 4


def test_a_mutating_attempt_that_never_began_is_intended_again() -> None:
    run = MemoryRun(expansion(change("up")))
    run.run_until("up")
    run.end(AttemptState.NEVER_BEGUN)
    assert run.attempt().key.number == 2
    run.end()
    assert run.run_out() == Finish(RunState.SUCCEEDED)


def test_a_mutating_attempt_that_never_begins_fails_with_nothing_to_undo() -> None:
    run = MemoryRun(expansion(change("up")))
    for _ in range(3):
        run.end(AttemptState.NEVER_BEGUN)
    assert run.advance() == Finish(RunState.FAILED)


class TestManualStep:
    def test_it_waits_for_its_sheet_and_goes_on(self) -> None:
        run = MemoryRun(expansion(by_hand("valve"), look("see")))
        asked = run.asked()
        assert (asked.state, asked.question, asked.choices) == (RunState.AT_SHEET, None, ())
        assert asked.instruct is not None
        run.sign_sheet()
        assert run.attempt().key.step == "see"

    def test_two_in_a_row_wait_each_from_its_own_time(self) -> None:
        run = MemoryRun(expansion(by_hand("one"), by_hand("two")))
        first = run.asked()
        run.pass_time(minutes=20)
        run.sign_sheet()
        second = run.asked()
        assert second.at.step == "two"
        assert run.record.waiting_since == run.now
        assert first.until == NOON + timedelta(minutes=30)
        assert second.until == NOON + timedelta(minutes=50)


class TestBatches:
    def _run(self, limit: int) -> MemoryRun:
        targets = Targets(group="all", stop_after_failures=limit)
        return MemoryRun(expansion(change("up"), batches=(("a", "b"), ("c",), ("d",)), targets=targets))

    def test_below_the_limit_the_next_batch_begins_once_the_failed_one_is_undone(self) -> None:
        run = self._run(limit=2)
        run.run_until("up")
        run.end(AttemptState.FAILED, {"a": HostOutcome.CHANGED})
        assert run.run_out() == Finish(RunState.ROLLED_BACK)
        assert run.done() == [
            "1/up.do",
            "1/up.rollback",
            "1/up.rollback_verify",
            "2/up.do",
            "2/up.verify",
            "3/up.do",
            "3/up.verify",
        ]

    def test_at_the_limit_the_run_ends(self) -> None:
        run = self._run(limit=2)
        run.run_until("up")
        run.end(AttemptState.FAILED)
        assert run.run_out() == Finish(RunState.ROLLED_BACK)
        assert "2/up.do" not in run.done()

    def test_failures_of_several_batches_add_up(self) -> None:
        run = self._run(limit=2)
        for _ in range(2):
            run.run_until("up")
            run.end(AttemptState.FAILED, {"a": HostOutcome.CHANGED})
        assert run.run_out() == Finish(RunState.ROLLED_BACK)
        assert "3/up.do" not in run.done()

    def test_steps_after_the_last_batch_are_still_done_below_the_limit(self) -> None:
        targets = Targets(group="all", stop_after_failures=2)
        run = MemoryRun(expansion(change("up"), look("report", once=Once.AFTER), targets=targets))
        run.run_until("up")
        run.end(AttemptState.FAILED)
        assert run.run_out() == Finish(RunState.ROLLED_BACK)
        assert run.done()[-1] == "2/report.do"

    def test_when_everything_is_undone_no_batch_begins_below_the_limit(self) -> None:
        targets = Targets(group="all", stop_after_failures=9)
        run = MemoryRun(
            expansion(change("up"), batches=(("a",), ("b",)), targets=targets, rollback_scope=RollbackScope.RUN)
        )
        run.run_until("up")
        run.end(AttemptState.FAILED)
        assert run.run_out() == Finish(RunState.ROLLED_BACK)
        assert "2/up.do" not in run.done()

    def test_a_batch_that_had_changed_nothing_does_not_hide_that_another_was_undone(self) -> None:
        targets = Targets(group="all", stop_after_failures=2)
        run = MemoryRun(expansion(probe("pre"), change("up"), batches=(("a",), ("b",)), targets=targets))
        run.run_until("up")
        run.end(AttemptState.FAILED)
        run.run_until("pre")
        run.end(AttemptState.FAILED)
        assert run.run_out() == Finish(RunState.ROLLED_BACK)

    def test_a_step_done_once_that_fails_ends_the_run(self) -> None:
        targets = Targets(group="all", stop_after_failures=9)
        run = MemoryRun(expansion(change("first", once=Once.BEFORE), change("up"), targets=targets))
        run.run_until("first")
        run.end(AttemptState.FAILED)
        assert run.run_out() == Finish(RunState.ROLLED_BACK)
        assert "1/up.do" not in run.done()


def test_a_run_that_has_ended_stays_ended() -> None:
    run = MemoryRun(expansion(change("up")))
    run.run_out()
    for state in (RunState.SUCCEEDED, RunState.FAILED, RunState.ROLLED_BACK, RunState.ABANDONED, RunState.CLOSED):
        record = replace(run.record, state=state, attempts=())
        assert next_move(run.expansion, record, run.now, run.policy) == Finish(state)


def test_the_confirmer_has_as_long_as_the_policy_says() -> None:
    run = MemoryRun(expansion(change("up")))
    run.record = replace(run.record, state=RunState.CONFIRMING, started_at=None, confirmer="")
    waiting = run.asked()
    assert isinstance(waiting, WaitPeople)
    assert waiting.until == NOON + timedelta(seconds=run.policy.start_valid_for)
    run.now = waiting.until
    assert run.advance() == Finish(RunState.LAPSED)


def test_a_gate_is_passed_once_for_each_batch() -> None:
    step = replace(change("up"), gate=Gate())
    run = MemoryRun(expansion(step, batches=(("a",), ("b",))))
    run.pass_gate()
    run.run_until("up")
    run.end()
    assert run.attempt().key.role is Role.VERIFY
    run.end()
    assert run.asked().at.batch == 2
