from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from runner.model.plan import Role
from runner.model.policy import Policy
from runner.model.run import AttemptState, Cause, Choice, Question, RunState
from runner.model.runbook import AtWindowEnd, Gate, ManualWork, OnFailure, RollbackScope, Step, Targets, WhenLate
from runner.model.text import Text
from runner.model.time import Seconds
from runner.rules.moves import Fallback, Finish, WaitPeople, WaitUntil
from tests.run_in_memory import MemoryRun
from tests.runbooks import NOON, by_hand, change, expansion, look, probe, soak, undo, window

POLICY = Policy(rollback_reserve=Seconds(600))
UPGRADE = change("up", rollback=undo("up", estimate=Seconds(1200)))
SECOND = change("two", rollback=undo("two", estimate=Seconds(600)))
"""Together: 40 minutes before the window's end is the latest rollback decision."""
IRREVERSIBLE = change("up", irreversible=True).work
CLOSES = NOON + timedelta(hours=4)
LATEST = CLOSES - timedelta(minutes=40)


def made(*steps: Step, **fields: object) -> MemoryRun:
    return MemoryRun(expansion(*steps, **fields), within=window(4), policy=POLICY)  # type: ignore[arg-type]  # fields of Runbook


def after_first(run: MemoryRun) -> MemoryRun:
    """The first step has succeeded and is verified; the second has not begun."""
    run.run_until("up", Role.VERIFY)
    run.end()
    return run


class TestLatestRollbackDecision:
    def test_before_it_a_step_begins_by_itself(self) -> None:
        run = after_first(made(UPGRADE, SECOND))
        run.now = LATEST - timedelta(seconds=1)
        assert run.attempt().key.step == "two"

    def test_after_it_a_forward_step_needs_a_decision(self) -> None:
        run = after_first(made(UPGRADE, SECOND))
        run.now = LATEST
        asked = run.asked()
        assert (asked.state, asked.question, asked.at.step) == (
            RunState.AWAITING_DECISION,
            Question.PAST_ROLLBACK_DECISION,
            "two",
        )
        assert asked.choices == (Choice.CONTINUE, Choice.ROLL_BACK, Choice.ABANDON)
        assert (asked.until, asked.fallback) == (CLOSES, Fallback.ROLL_BACK)

    def test_it_does_not_promise_to_go_back_where_there_is_no_way(self) -> None:
        run = after_first(made(replace(UPGRADE, work=IRREVERSIBLE), SECOND))
        run.now = LATEST + timedelta(minutes=25)
        asked = run.asked()
        assert (asked.question, asked.fallback) == (Question.PAST_ROLLBACK_DECISION, Fallback.ASK)

    def test_each_step_needs_its_own(self) -> None:
        run = made(UPGRADE, look("see"), SECOND)
        run.now = LATEST
        asked = []
        while isinstance(move := run.run_out(), WaitPeople):
            asked.append(move.at.step)
            run.decide(Choice.CONTINUE)
        assert asked == ["up", "see", "two"]
        assert move == Finish(RunState.SUCCEEDED)

    def test_what_is_in_progress_goes_on(self) -> None:
        run = made(UPGRADE)
        run.run_until("up")
        run.now = LATEST
        run.end()
        assert run.attempt().key.role is Role.VERIFY

    def test_what_only_proves_and_closes_needs_none(self) -> None:
        run = after_first(made(UPGRADE, probe("reach"), soak("watch", lasts=0, every=1)))
        run.now = CLOSES + timedelta(hours=1)
        assert run.run_out() == Finish(RunState.SUCCEEDED)

    def test_a_run_that_changes_nothing_has_none(self) -> None:
        run = made(look("see"), look("again"))
        run.now = CLOSES - timedelta(seconds=1)
        assert run.run_out() == Finish(RunState.SUCCEEDED)

    def test_deciding_for_rollback_undoes_everything(self) -> None:
        run = after_first(made(UPGRADE, SECOND))
        run.now = LATEST
        run.decide(Choice.ROLL_BACK)
        assert run.run_out() == Finish(RunState.ROLLED_BACK)
        assert run.record.turns[0].cause is Cause.DECIDED
        assert run.record.turns[0].scope is RollbackScope.RUN


class TestWindowEnd:
    def test_it_goes_back_by_itself(self) -> None:
        run = after_first(made(UPGRADE, SECOND))
        run.now = CLOSES
        assert run.attempt().key.role is Role.ROLLBACK
        assert run.record.turns[0].cause is Cause.WINDOW_CLOSED
        assert run.run_out() == Finish(RunState.ROLLED_BACK)

    def test_with_nothing_changed_it_just_ends(self) -> None:
        run = made(look("see"), UPGRADE)
        run.run_until("see")
        run.now = CLOSES
        run.end()
        assert run.advance() == Finish(RunState.FAILED)
        assert len(run.record.attempts) == 1

    @pytest.mark.parametrize("rule", [AtWindowEnd.PAUSE, AtWindowEnd.FINISH_STEP])
    def test_or_people_decide_but_not_to_go_on(self, rule: AtWindowEnd) -> None:
        run = after_first(made(UPGRADE, SECOND, at_window_end=rule))
        run.now = CLOSES
        asked = run.asked()
        assert (asked.state, asked.question, asked.until) == (
            RunState.AWAITING_DECISION,
            Question.WINDOW_CLOSED,
            None,
        )
        assert asked.choices == (Choice.ROLL_BACK, Choice.ABANDON)

    def test_a_step_in_progress_is_finished_where_the_runbook_says_so(self) -> None:
        run = made(UPGRADE, SECOND, at_window_end=AtWindowEnd.FINISH_STEP)
        run.run_until("up")
        run.now = CLOSES
        run.end()
        assert run.attempt().key.role is Role.VERIFY
        run.end()
        assert run.asked().question is Question.WINDOW_CLOSED

    @pytest.mark.parametrize(
        "work",
        [
            look("see"),
            soak("see", lasts=60, every=30),
            Step("see", ManualWork(Text("look at it", "查看"), read_only=True)),
        ],
    )
    def test_a_step_that_only_looks_does_not_begin_either(self, work: Step) -> None:
        run = made(UPGRADE, work, SECOND, at_window_end=AtWindowEnd.FINISH_STEP)
        after_first(run)
        run.now = CLOSES
        assert (run.asked().question, run.asked().at.step) == (Question.WINDOW_CLOSED, "see")

    def test_a_watch_in_progress_is_finished_where_the_runbook_says_so(self) -> None:
        run = made(UPGRADE, soak("watch", lasts=60, every=30), SECOND, at_window_end=AtWindowEnd.FINISH_STEP)
        after_first(run)
        run.now = CLOSES - timedelta(seconds=10)
        run.decide(Choice.CONTINUE)
        run.end()
        assert isinstance(run.run_out(), WaitPeople)
        assert run.asked().at.step == "two"

    def test_what_is_in_progress_may_be_repeated_where_the_runbook_says_so(self) -> None:
        run = made(UPGRADE, SECOND, at_window_end=AtWindowEnd.FINISH_STEP, on_failure=OnFailure.PAUSE)
        run.run_until("up", Role.VERIFY)
        run.end(AttemptState.FAILED)
        run.now = CLOSES
        assert Choice.REPEAT in run.asked().choices
        run.decide(Choice.REPEAT)
        assert run.attempt().key.role is Role.VERIFY

    @pytest.mark.parametrize("rule", [AtWindowEnd.PAUSE, AtWindowEnd.ROLL_BACK])
    def test_or_left_unverified(self, rule: AtWindowEnd) -> None:
        run = made(UPGRADE, SECOND, at_window_end=rule)
        run.run_until("up")
        run.now = CLOSES
        run.end()
        run.advance()
        assert run.done()[-1] != "1/up.verify"

    @pytest.mark.parametrize("rule", list(AtWindowEnd))
    def test_the_last_change_is_always_verified_and_watched(self, rule: AtWindowEnd) -> None:
        run = made(UPGRADE, soak("watch", lasts=60, every=30), at_window_end=rule)
        run.run_until("up")
        run.now = CLOSES
        run.end()
        assert run.run_out() == Finish(RunState.SUCCEEDED)

    @pytest.mark.parametrize("rule", list(AtWindowEnd))
    def test_a_change_is_never_repeated_after_it(self, rule: AtWindowEnd) -> None:
        run = made(UPGRADE, on_failure=OnFailure.PAUSE, at_window_end=rule)
        run.run_until("up")
        run.end(AttemptState.FAILED)
        assert Choice.REPEAT in run.asked().choices
        assert run.asked().until == CLOSES
        run.now = CLOSES
        assert Choice.REPEAT not in run.asked().choices

    def test_a_repeat_decided_too_late_is_not_begun(self) -> None:
        run = made(UPGRADE, on_failure=OnFailure.PAUSE, at_window_end=AtWindowEnd.PAUSE)
        run.run_until("up")
        run.end(AttemptState.FAILED)
        run.decide(Choice.REPEAT)
        run.now = CLOSES
        assert run.asked().question is Question.WINDOW_CLOSED

    def test_an_unknown_outcome_is_left_to_people(self) -> None:
        run = made(UPGRADE, SECOND)
        run.run_until("up")
        run.end(AttemptState.UNKNOWN)
        run.now = CLOSES
        asked = run.asked()
        assert asked.question is Question.OUTCOME_UNKNOWN
        assert asked.choices == (Choice.MARK_DONE, Choice.ROLL_BACK, Choice.ABANDON)

    def test_a_rollback_goes_on_after_it(self) -> None:
        run = after_first(made(UPGRADE, SECOND))
        run.run_until("two")
        run.end(AttemptState.FAILED)
        run.now = CLOSES + timedelta(hours=5)
        assert run.run_out() == Finish(RunState.ROLLED_BACK)

    def test_past_a_step_that_destroys_the_way_back_people_decide(self) -> None:
        run = made(change("up", irreversible=True), SECOND)
        run.run_until("up", Role.VERIFY)
        run.now = CLOSES
        run.end()
        assert run.asked().question is Question.WINDOW_CLOSED

    def test_a_watch_in_progress_is_left_when_more_would_follow(self) -> None:
        run = after_first(made(UPGRADE, soak("watch", lasts=20000, every=15000), SECOND))
        run.attempt()
        run.end()
        assert run.advance() == WaitUntil(CLOSES, RunState.OBSERVING)
        run.now = CLOSES
        run.advance()
        assert run.record.turns[0].cause is Cause.WINDOW_CLOSED

    def test_without_a_window_nothing_closes(self) -> None:
        run = after_first(made(UPGRADE, SECOND))
        run.record = replace(run.record, window=None)
        run.pass_time(days=900)
        assert run.run_out() == Finish(RunState.SUCCEEDED)


class TestGate:
    @staticmethod
    def _at_gate(when_late: WhenLate = WhenLate.PAUSE, **fields: object) -> MemoryRun:
        gated = replace(SECOND, gate=Gate(Seconds(1800), when_late))
        run = after_first(made(UPGRADE, gated, **fields))
        assert run.asked().state is RunState.AT_GATE
        return run

    def test_it_waits_as_long_as_it_says(self) -> None:
        run = self._at_gate()
        asked = run.asked()
        assert (asked.until, asked.fallback) == (NOON + timedelta(minutes=30), Fallback.ASK)
        run.pass_time(minutes=29)
        assert run.asked() == asked
        run.pass_gate()
        assert run.attempt().key.step == "two"

    def test_late_it_pauses(self) -> None:
        run = self._at_gate()
        run.pass_time(minutes=30)
        asked = run.asked()
        assert (asked.state, asked.question) == (RunState.PAUSED, Question.GATE_LATE)
        assert asked.choices == (Choice.CONTINUE, Choice.ROLL_BACK, Choice.ABANDON)
        run.pass_time(minutes=1)
        assert run.asked().question is Question.GATE_LATE

    def test_two_who_decide_to_go_on_have_passed_it(self) -> None:
        run = self._at_gate()
        run.pass_time(minutes=30)
        run.decide(Choice.CONTINUE)
        assert run.attempt().key.step == "two"

    def test_or_it_goes_back_by_itself(self) -> None:
        run = self._at_gate(WhenLate.ROLL_BACK)
        assert run.asked().fallback is Fallback.ROLL_BACK
        run.pass_time(minutes=30)
        assert run.attempt().key.role is Role.ROLLBACK
        assert run.record.turns[0].cause is Cause.GATE_LATE

    def test_which_ends_the_run_however_many_hosts_may_fail(self) -> None:
        gated = replace(UPGRADE, gate=Gate(Seconds(600), WhenLate.ROLL_BACK))
        targets = Targets(group="all", stop_after_failures=9)
        run = made(look("see"), gated, batches=(("a",), ("b",)), targets=targets)
        run.run_until("see")
        run.end()
        assert run.asked().state is RunState.AT_GATE
        run.pass_time(minutes=10)
        assert run.advance() == Finish(RunState.FAILED)

    def test_a_pause_stands_although_the_gate_becomes_late(self) -> None:
        run = self._at_gate(WhenLate.ROLL_BACK)
        run.wish(pause=True)
        run.pass_time(minutes=30)
        for _ in range(3):
            assert run.asked().question is Question.PAUSED
        run.decide(Choice.CONTINUE)
        assert run.asked().state is RunState.AT_GATE

    def test_it_waits_no_longer_than_the_latest_rollback_decision(self) -> None:
        run = after_first(made(UPGRADE, replace(SECOND, gate=Gate(Seconds(86400)))))
        asked = run.asked()
        assert (asked.until, asked.fallback) == (LATEST, Fallback.ASK)
        run.now = LATEST
        assert run.asked().question is Question.PAST_ROLLBACK_DECISION
        run.decide(Choice.CONTINUE)
        asked = run.asked()
        assert (asked.state, asked.until, asked.fallback) == (RunState.AT_GATE, CLOSES, Fallback.ROLL_BACK)
        run.now = CLOSES
        assert run.attempt().key.role is Role.ROLLBACK

    def test_before_what_only_closes_it_waits_past_the_window(self) -> None:
        gated = replace(look("see"), gate=Gate(Seconds(86400)))
        run = after_first(made(UPGRADE, gated))
        assert run.asked().until == NOON + timedelta(seconds=86400)

    def test_without_a_window_it_waits_as_long_as_it_says(self) -> None:
        run = made(replace(UPGRADE, gate=Gate(Seconds(86400))))
        run.record = replace(run.record, window=None)
        assert run.asked().until == NOON + timedelta(seconds=86400)

    def test_it_comes_before_a_manual_step_and_does_not_instruct_yet(self) -> None:
        run = made(replace(by_hand("valve", rollback=False), gate=Gate()))
        asked = run.asked()
        assert (asked.state, asked.instruct) == (RunState.AT_GATE, None)
        run.pass_gate()
        assert run.asked().state is RunState.AT_SHEET

    def test_no_gate_stands_before_a_repetition(self) -> None:
        run = self._at_gate(on_failure=OnFailure.PAUSE)
        run.pass_gate()
        run.run_until("two")
        run.end(AttemptState.FAILED)
        run.decide(Choice.REPEAT)
        assert run.attempt().key.number == 2


class TestSheet:
    def test_late_it_pauses_and_may_wait_on(self) -> None:
        run = made(replace(by_hand("valve"), timeout=Seconds(600)))
        assert run.asked().until == NOON + timedelta(minutes=10)
        run.pass_time(minutes=10)
        assert run.asked().question is Question.GATE_LATE
        run.decide(Choice.CONTINUE)
        asked = run.asked()
        assert (asked.state, asked.until) == (RunState.AT_SHEET, NOON + timedelta(minutes=20))

    def test_it_may_be_finished_after_the_window_where_the_runbook_says_so(self) -> None:
        valve = replace(by_hand("valve", rollback=False), timeout=Seconds(20000))
        run = made(valve, SECOND, at_window_end=AtWindowEnd.FINISH_STEP)
        assert run.asked().state is RunState.AT_SHEET
        run.now = CLOSES
        assert run.asked().state is RunState.AT_SHEET
        run.sign_sheet()
        assert run.asked().question is Question.WINDOW_CLOSED

    def test_a_pause_before_it_is_rolled_back_leaves_the_choice(self) -> None:
        run = made(replace(by_hand("valve"), gate=Gate(when_late=WhenLate.ROLL_BACK), timeout=Seconds(600)))
        run.pass_gate()
        assert run.asked().state is RunState.AT_SHEET
        run.wish(pause=True)
        run.pass_time(minutes=10)
        assert run.asked().choices == (Choice.CONTINUE, Choice.ROLL_BACK, Choice.ABANDON)

    def test_after_the_window_no_sheet_is_shown(self) -> None:
        run = after_first(made(UPGRADE, by_hand("valve", rollback=False), at_window_end=AtWindowEnd.FINISH_STEP))
        run.now = CLOSES
        assert run.asked().question is Question.WINDOW_CLOSED

    def test_signed_while_it_is_late_it_counts(self) -> None:
        run = made(replace(by_hand("valve"), timeout=Seconds(600)))
        assert run.asked().state is RunState.AT_SHEET
        run.pass_time(minutes=10)
        assert run.asked().state is RunState.PAUSED
        run.record = replace(run.record, sheets={"1/valve": {}})
        assert run.advance() == Finish(RunState.SUCCEEDED)
