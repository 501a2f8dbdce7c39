"""What one person's wish and two people's decisions do to a run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runner.model.plan import Role
from runner.model.run import AttemptState, Cause, Choice, HostOutcome, Question, RunKind, RunState
from runner.model.runbook import Gate, OnFailure, RollbackScope, SoakWork
from runner.rules.moves import Begin, Finish, WaitAttempt, WaitPeople, WaitUntil, likely_next
from tests.run_in_memory import MemoryRun
from tests.runbooks import added, change, expansion, look, play, probe, soak


class TestPause:
    def test_an_attempt_in_progress_is_held(self) -> None:
        run = MemoryRun(expansion(change("up")))
        attempt = run.attempt()
        run.wish(pause=True)
        asked = run.asked()
        assert (asked.state, asked.question, asked.at, asked.holding) == (
            RunState.PAUSED,
            Question.PAUSED,
            attempt.key,
            attempt.key,
        )
        assert asked.choices == (Choice.CONTINUE, Choice.ROLL_BACK, Choice.ABANDON)
        run.decide(Choice.CONTINUE)
        assert run.advance() == WaitAttempt(attempt.key, RunState.RUNNING)

    def test_nothing_begins_meanwhile(self) -> None:
        run = MemoryRun(expansion(change("up")))
        run.attempt()
        run.wish(pause=True)
        run.end()
        asked = run.asked()
        assert (asked.question, asked.at.role, asked.at.number, asked.holding) == (
            Question.PAUSED,
            Role.VERIFY,
            0,
            None,
        )
        assert len(run.record.attempts) == 1
        run.decide(Choice.CONTINUE)
        assert run.attempt().key.role is Role.VERIFY

    def test_it_stops_a_rollback_that_would_begin_by_itself(self) -> None:
        run = MemoryRun(expansion(change("up")))
        run.attempt()
        run.wish(pause=True)
        run.end(AttemptState.FAILED)
        assert run.asked().question is Question.PAUSED
        assert run.record.turns == ()
        run.decide(Choice.CONTINUE)
        assert run.attempt().key.role is Role.ROLLBACK

    def test_a_rollback_in_progress_can_only_go_on_or_be_left(self) -> None:
        run = MemoryRun(expansion(change("up")))
        run.run_until("up", Role.VERIFY)
        run.end(AttemptState.FAILED)
        run.attempt()
        run.wish(pause=True)
        assert run.asked().choices == (Choice.CONTINUE, Choice.ABANDON)
        run.end()
        assert run.asked().choices == (Choice.CONTINUE, Choice.ABANDON)

    def test_a_watch_stops_looking(self) -> None:
        run = MemoryRun(expansion(change("up"), soak("watch")))
        run.run_until("watch", Role.SOAK)
        run.end()
        assert isinstance(run.advance(), WaitUntil)
        run.wish(pause=True)
        assert run.asked().at.step == "watch"

    def test_there_is_nothing_to_roll_back_before_the_first_change(self) -> None:
        run = MemoryRun(expansion(probe("pre"), change("up")))
        run.attempt()
        run.wish(pause=True)
        assert run.asked().choices == (Choice.CONTINUE, Choice.ABANDON)

    def test_a_question_comes_before_it(self) -> None:
        run = MemoryRun(expansion(change("up")))
        run.attempt()
        run.wish(pause=True)
        run.end(AttemptState.UNKNOWN)
        for _ in range(2):
            assert run.asked().question is Question.OUTCOME_UNKNOWN

    @pytest.mark.parametrize("wish", ["pause", "abort"])
    def test_it_comes_before_a_gate(self, wish: str) -> None:
        run = MemoryRun(expansion(change("up"), replace(change("two"), gate=Gate())))
        run.run_until("up", Role.VERIFY)
        run.wish(**{wish: True})
        run.end()
        for _ in range(2):
            asked = run.asked()
            assert (asked.question, asked.at.step, asked.at.number) == (Question.PAUSED, "two", 0)
            assert asked.choices == (Choice.CONTINUE, Choice.ROLL_BACK, Choice.ABANDON)
        run.decide(Choice.CONTINUE)
        assert run.asked().state is RunState.AT_GATE

    def test_at_a_gate_it_leaves_the_choice_to_end_the_run(self) -> None:
        run = MemoryRun(expansion(replace(change("up"), gate=Gate())))
        assert run.asked().state is RunState.AT_GATE
        run.wish(pause=True)
        assert run.asked().choices == (Choice.CONTINUE, Choice.ABANDON)
        run.decide(Choice.ABANDON)
        assert run.advance() == Finish(RunState.ABANDONED)

    def test_a_run_that_is_done_is_done(self) -> None:
        run = MemoryRun(expansion(look("see")))
        run.attempt()
        run.wish(pause=True)
        run.end()
        assert run.advance() == Finish(RunState.SUCCEEDED)


class TestAbort:
    def test_the_attempt_ends_at_its_next_border_and_people_decide(self) -> None:
        run = MemoryRun(expansion(change("up")))
        attempt = run.attempt()
        run.wish(abort=True)
        assert run.advance() == WaitAttempt(attempt.key, RunState.RUNNING, cancel=True)
        run.end(AttemptState.CANCELLED)
        asked = run.asked()
        assert (asked.state, asked.question, asked.at) == (
            RunState.AWAITING_DECISION,
            Question.STEP_FAILED,
            attempt.key,
        )
        assert run.asked() == asked
        assert asked.choices == (Choice.REPEAT, Choice.MARK_DONE, Choice.ROLL_BACK, Choice.ABANDON)

    def test_cut_in_mid_task_it_is_unknown(self) -> None:
        run = MemoryRun(expansion(change("up")))
        run.attempt()
        run.wish(abort=True)
        run.advance()
        run.end(AttemptState.UNKNOWN)
        assert run.asked().question is Question.OUTCOME_UNKNOWN

    def test_an_attempt_that_was_faster_counts(self) -> None:
        run = MemoryRun(expansion(change("up")))
        run.attempt()
        run.wish(abort=True)
        run.end()
        asked = run.asked()
        assert (asked.question, asked.at.role) == (Question.PAUSED, Role.VERIFY)
        run.decide(Choice.CONTINUE)
        assert run.run_out() == Finish(RunState.SUCCEEDED)


class TestDecisions:
    @pytest.mark.parametrize("choice", [Choice.ROLL_BACK, Choice.ABANDON])
    def test_stopping_while_held_ends_the_attempt_first(self, choice: Choice) -> None:
        run = MemoryRun(expansion(change("up")))
        attempt = run.attempt()
        run.wish(pause=True)
        run.decide(choice)
        assert run.advance() == WaitAttempt(attempt.key, RunState.RUNNING, cancel=True)
        run.end(AttemptState.CANCELLED)
        expected = RunState.ABANDONED if choice is Choice.ABANDON else RunState.ROLLED_BACK
        assert run.run_out() == Finish(expected)

    def test_rolling_back_undoes_every_batch_whatever_the_scope(self) -> None:
        run = MemoryRun(expansion(change("up"), batches=(("a",), ("b",)), rollback_scope=RollbackScope.BATCH))
        while run.attempt().key.batch == 1:
            run.end()
        run.wish(pause=True)
        run.decide(Choice.ROLL_BACK)
        run.advance()
        run.end(AttemptState.CANCELLED)
        assert run.run_out() == Finish(RunState.ROLLED_BACK)
        assert [key for key in run.done() if key.endswith(".rollback")] == ["2/up.rollback", "1/up.rollback"]
        assert [turn.cause for turn in run.record.turns] == [Cause.DECIDED]

    def test_abandoning_leaves_everything_as_it_is(self) -> None:
        run = MemoryRun(expansion(change("up"), on_failure=OnFailure.PAUSE))
        run.attempt()
        run.end(AttemptState.FAILED)
        run.decide(Choice.ABANDON)
        assert run.advance() == Finish(RunState.ABANDONED)
        assert run.record.turns == ()

    def test_a_decision_about_one_attempt_is_none_about_the_next(self) -> None:
        run = MemoryRun(expansion(change("up"), on_failure=OnFailure.PAUSE))
        run.attempt()
        run.end(AttemptState.UNKNOWN)
        run.decide(Choice.REPEAT)
        run.attempt()
        run.end(AttemptState.UNKNOWN)
        assert run.asked().at.number == 2


class TestCheck:
    def test_every_play_and_probe_runs_once_in_check_mode(self) -> None:
        steps = (probe("pre"), change("up", settle=play("settle")), soak("watch"), look("see"))
        run = MemoryRun(expansion(*steps, batches=(("a",), ("b",))), kind=RunKind.CHECK)
        begun: list[Begin] = []
        while not isinstance(run.advance(), Finish):
            begun += [move for move in run.moves if isinstance(move, Begin) and move not in begun]
            run.end(outcomes=dict.fromkeys(run.attempt().hosts, HostOutcome.CHANGED))
        assert run.record.state is RunState.SUCCEEDED
        assert run.done() == ["1/pre.do", "1/up.do", "1/see.do", "2/pre.do", "2/up.do", "2/see.do"]
        assert not any(begin.mutating or begin.outputs for begin in begun)
        assert [begin.check for begin in begun] == [False, True, True] * 2

    def test_gates_sheets_and_the_window_are_not_asked(self) -> None:
        gated = replace(change("up"), gate=Gate())
        run = MemoryRun(expansion(gated), kind=RunKind.CHECK)
        run.pass_time(days=3)
        assert run.run_out() == Finish(RunState.SUCCEEDED)

    def test_the_first_failure_ends_it(self) -> None:
        run = MemoryRun(expansion(change("one"), change("two")), kind=RunKind.CHECK)
        run.attempt()
        run.end(AttemptState.FAILED)
        assert run.advance() == Finish(RunState.FAILED)
        assert run.done() == ["1/one.do"]

    def test_an_unseen_end_is_tried_again_twice(self) -> None:
        run = MemoryRun(expansion(change("one")), kind=RunKind.CHECK)
        for number in (1, 2, 3):
            assert run.attempt().key.number == number
            run.end(AttemptState.UNKNOWN)
        assert run.advance() == Finish(RunState.FAILED)

    def test_a_play_that_needs_outputs_is_left_out(self) -> None:
        needy = change("restore", play=play("restore", source="{{ outputs.backup.path }}"))
        run = MemoryRun(expansion(added("backup"), needy), kind=RunKind.CHECK)
        assert run.run_out() == Finish(RunState.SUCCEEDED)
        assert run.done() == ["1/backup.do"]

    @pytest.mark.parametrize("wish", ["pause", "abort"])
    def test_a_wish_ends_it(self, wish: str) -> None:
        run = MemoryRun(expansion(change("one"), change("two")), kind=RunKind.CHECK)
        attempt = run.attempt()
        run.wish(**{wish: True})
        assert run.advance() == WaitAttempt(attempt.key, RunState.RUNNING, cancel=True)
        run.end()
        assert run.advance() == Finish(RunState.FAILED)
        assert run.done() == ["1/one.do"]


class TestLikelyNext:
    @staticmethod
    def _next(run: MemoryRun) -> str:
        likely = likely_next(run.expansion, run.record, run.now, run.policy)
        return f"{likely.key.step}.{likely.key.role}/{likely.key.number}" if likely else ""

    def test_it_is_what_follows_if_all_goes_well(self) -> None:
        run = MemoryRun(expansion(change("one"), change("two")))
        guesses = []
        while not isinstance(run.advance(), Finish):
            guesses.append(self._next(run))
            run.end()
        assert guesses == ["one.verify/1", "two.do/1", "two.verify/1", ""]
        assert self._next(run) == ""

    def test_at_a_gate_it_is_the_gated_step(self) -> None:
        run = MemoryRun(expansion(replace(change("one"), gate=Gate())))
        run.advance()
        assert self._next(run) == "one.do/1"

    def test_before_the_confirmer_has_signed_it_is_the_first_step(self) -> None:
        run = MemoryRun(expansion(change("one")))
        run.record = replace(run.record, state=RunState.CONFIRMING, started_at=None)
        assert self._next(run) == "one.do/1"

    def test_between_looks_it_is_the_next_look(self) -> None:
        run = MemoryRun(expansion(soak("watch")))
        run.attempt()
        run.end()
        run.advance()
        assert self._next(run) == "watch.soak/2"

    def test_there_is_none_before_people_or_while_cancelling(self) -> None:
        run = MemoryRun(expansion(change("one"), replace(change("two"), gate=Gate())))
        run.run_until("one", Role.VERIFY)
        assert self._next(run) == ""
        run.wish(abort=True)
        assert self._next(run) == ""

    def test_a_watch_without_a_look_begins_with_one(self) -> None:
        run = MemoryRun(expansion(change("one"), soak("watch")))
        run.run_until("one", Role.VERIFY)
        assert isinstance(run.expansion.steps[1].step.work, SoakWork)
        assert self._next(run) == "watch.soak/1"


def test_waiting_begins_when_the_run_begins_to_wait() -> None:
    run = MemoryRun(expansion(change("up")))
    run.attempt()
    run.end(AttemptState.UNKNOWN)
    run.pass_time(minutes=3)
    since = run.now
    assert isinstance(run.advance(), WaitPeople)
    run.pass_time(minutes=3)
    run.advance()
    assert run.record.waiting_since == since
