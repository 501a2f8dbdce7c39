from __future__ import annotations

from dataclasses import replace

import pytest

from runner.model.plan import Role
from runner.model.run import AttemptState, Choice, HostOutcome, Question, RunState
from runner.model.runbook import Once, RollbackScope, Targets
from runner.rules.moves import Finish, WaitAttempt
from runner.rules.rollback import PROOF_LASTS
from tests.run_in_memory import MemoryRun
from tests.runbooks import added, by_hand, change, expansion, look, play, undo

UNDO_CHOICES = (Choice.REPEAT, Choice.MARK_DONE, Choice.ABANDON)


def failed_at(run: MemoryRun, step: str, role: Role = Role.DO, **outcomes: HostOutcome) -> MemoryRun:
    """A run in which everything succeeded up to that attempt, which failed."""
    run.run_until(step, role)
    run.end(AttemptState.FAILED, outcomes)
    return run


def undoing(run: MemoryRun) -> list[str]:
    """Every attempt and its role since the run turned back."""
    return [
        f"{attempt.key.step}.{attempt.key.role}"
        for attempt in run.record.attempts
        if attempt.key.role not in (Role.DO, Role.VERIFY, Role.SOAK, Role.SETTLE)
    ]


def test_newest_first_each_with_its_proof_and_health_last() -> None:
    steps = (change("one"), added("copy"), change("two"), look("see"), change("three"))
    run = failed_at(MemoryRun(expansion(*steps, after_rollback=play("health"))), "three")
    assert run.run_out() == Finish(RunState.ROLLED_BACK)
    assert undoing(run) == [
        "three.rollback",
        "three.rollback_verify",
        "two.rollback",
        "two.rollback_verify",
        "one.rollback",
        "one.rollback_verify",
        "after_rollback.health",
    ]


def test_only_a_rollback_play_may_change_anything() -> None:
    run = failed_at(MemoryRun(expansion(change("one"), after_rollback=play("health"))), "one", Role.VERIFY)
    run.run_out()
    mutating = {attempt.key.role for attempt in run.record.attempts if attempt.mutating}
    assert mutating == {Role.DO, Role.ROLLBACK}


@pytest.mark.parametrize(
    "outcome, hosts",
    [
        (HostOutcome.OK, ("a", "b")),
        (HostOutcome.CHANGED, ("a", "b")),
        (HostOutcome.STOPPED, ("a", "b")),
        (HostOutcome.UNKNOWN, ("a", "b")),
        (HostOutcome.UNREACHABLE, ("b",)),
        (HostOutcome.SKIPPED, ("b",)),
    ],
)
def test_it_runs_on_the_hosts_the_step_touched(outcome: HostOutcome, hosts: tuple[str, ...]) -> None:
    run = MemoryRun(expansion(change("up"), batches=(("a", "b"),)))
    failed_at(run, "up", a=outcome)
    assert run.attempt().hosts == hosts


def test_a_step_that_touched_no_host_is_not_undone() -> None:
    run = failed_at(MemoryRun(expansion(change("one"), change("two"))), "two", a=HostOutcome.UNREACHABLE)
    assert run.attempt().key.step == "one"


def test_a_batch_is_undone_alone() -> None:
    run = MemoryRun(expansion(change("up"), batches=(("a",), ("b",))))
    run.run_until("up")
    run.end()
    run.end()
    failed_at(run, "up")
    assert run.run_out() == Finish(RunState.ROLLED_BACK)
    assert [key for key in run.done() if "rollback" in key] == ["2/up.rollback", "2/up.rollback_verify"]


def test_everything_is_undone_when_the_scope_is_the_run() -> None:
    first, last = change("first", once=Once.BEFORE), change("last", once=Once.AFTER)
    plan = expansion(
        first,
        change("up"),
        last,
        batches=(("a",), ("b",)),
        rollback_scope=RollbackScope.RUN,
        after_rollback=play("health"),
    )
    run = failed_at(MemoryRun(plan), "last")
    assert run.run_out() == Finish(RunState.ROLLED_BACK)
    undone = [key for key in run.done() if key.endswith(".rollback")]
    assert undone == ["3/last.rollback", "2/up.rollback", "1/up.rollback", "0/first.rollback"]
    assert run.record.attempts[-1].hosts == ("a", "b")


def test_health_is_asked_of_the_batch_that_was_undone() -> None:
    for batches in ((("a",), ("b",)), (("b",), ("a",))):
        run = MemoryRun(expansion(change("up"), batches=batches, after_rollback=play("health")))
        run.run_until("up")
        run.end()
        run.end()
        failed_at(run, "up")
        assert run.run_out() == Finish(RunState.ROLLED_BACK)
        assert run.record.attempts[-1].hosts == batches[1]


def test_health_of_what_was_done_once_is_asked_everywhere() -> None:
    first = change("first", once=Once.BEFORE)
    plan = expansion(first, look("see"), batches=(("a",), ("b",)), after_rollback=play("health"))
    run = failed_at(MemoryRun(plan), "first")
    assert run.run_out() == Finish(RunState.ROLLED_BACK)
    assert run.record.attempts[-1].hosts == ("a", "b")


def test_health_of_the_first_batch_is_asked_there() -> None:
    plan = expansion(change("up"), batches=(("a",), ("b",)), after_rollback=play("health"))
    run = failed_at(MemoryRun(plan), "up")
    assert run.run_out() == Finish(RunState.ROLLED_BACK)
    assert run.record.attempts[-1].hosts == ("a",)


def test_a_manual_step_that_was_not_come_to_is_not_undone() -> None:
    run = failed_at(MemoryRun(expansion(change("up"), by_hand("valve"))), "up")
    assert run.run_out() == Finish(RunState.ROLLED_BACK)
    assert run.record.sheets == {}


def test_a_manual_step_in_a_later_batch_is_undone_by_decision() -> None:
    targets = Targets(group="all", stop_after_failures=2)
    run = MemoryRun(expansion(by_hand("valve"), change("up"), batches=(("a",), ("b",)), targets=targets))
    run.sign_sheet()
    failed_at(run, "up")
    run.end()
    run.end()
    run.sign_sheet()
    assert (run.asked().at.batch, run.asked().at.role) == (2, Role.DO)
    run.pass_time(hours=1)
    run.decide(Choice.ROLL_BACK)
    assert (run.asked().at.batch, run.asked().at.role) == (2, Role.ROLLBACK)


def test_a_rollback_that_was_decided_is_not_cancelled_by_that_decision() -> None:
    targets = Targets(group="all", stop_after_failures=2)
    run = MemoryRun(expansion(change("up"), batches=(("a",), ("b",)), targets=targets))
    failed_at(run, "up")
    run.end()
    run.end()
    run.run_until("up")
    run.end(AttemptState.UNKNOWN)
    run.decide(Choice.ROLL_BACK)
    attempt = run.attempt()
    assert attempt.key.role is Role.ROLLBACK
    assert run.advance() == WaitAttempt(attempt.key, RunState.ROLLING_BACK)


def test_a_rollback_by_hand_waits_for_its_sheet() -> None:
    run = MemoryRun(expansion(by_hand("valve"), change("up")))
    run.sign_sheet()
    failed_at(run, "up")
    run.end()
    run.end()
    asked = run.asked()
    assert (asked.state, asked.at.step, asked.at.role) == (RunState.AT_SHEET, "valve", Role.ROLLBACK)
    assert asked.until is None
    run.sign_sheet()
    assert run.advance() == Finish(RunState.ROLLED_BACK)


def test_a_manual_step_that_was_before_people_is_undone_too() -> None:
    run = MemoryRun(expansion(change("up"), by_hand("valve")))
    run.run_until("up")
    run.end()
    run.end()
    assert run.asked().state is RunState.AT_SHEET
    run.pass_time(hours=1)
    run.decide(Choice.ROLL_BACK)
    assert run.asked().at.role is Role.ROLLBACK
    run.sign_sheet()
    assert run.attempt().key.role is Role.ROLLBACK


@pytest.mark.parametrize("role", [Role.ROLLBACK, Role.ROLLBACK_VERIFY, Role.HEALTH])
@pytest.mark.parametrize("state", [AttemptState.FAILED, AttemptState.CANCELLED])
def test_a_failure_in_it_is_for_people(role: Role, state: AttemptState) -> None:
    run = failed_at(MemoryRun(expansion(change("up"), after_rollback=play("health"))), "up")
    step = "after_rollback" if role is Role.HEALTH else "up"
    attempt = run.run_until(step, role)
    run.end(state)
    asked = run.asked()
    assert (asked.state, asked.question, asked.at) == (
        RunState.ROLLBACK_FAILED,
        Question.ROLLBACK_FAILED,
        attempt.key,
    )
    assert asked.choices == UNDO_CHOICES
    run.decide(Choice.REPEAT)
    assert run.attempt().key == replace(attempt.key, number=2)
    assert run.run_out() == Finish(RunState.ROLLED_BACK)


@pytest.mark.parametrize("role", [Role.ROLLBACK, Role.ROLLBACK_VERIFY, Role.HEALTH])
def test_marked_done_it_goes_on(role: Role) -> None:
    run = failed_at(MemoryRun(expansion(change("up"), after_rollback=play("health"))), "up")
    run.run_until("after_rollback" if role is Role.HEALTH else "up", role)
    run.end(AttemptState.FAILED)
    run.decide(Choice.MARK_DONE)
    assert run.run_out() == Finish(RunState.ROLLED_BACK)


def test_a_rollback_of_unseen_end_is_for_people() -> None:
    run = failed_at(MemoryRun(expansion(change("up", settle=play("settle")))), "up")
    run.run_until("up", Role.ROLLBACK)
    run.end(AttemptState.UNKNOWN)
    asked = run.asked()
    assert (asked.state, asked.question) == (RunState.OUTCOME_UNKNOWN, Question.OUTCOME_UNKNOWN)
    assert asked.choices == UNDO_CHOICES


def test_a_health_play_that_reports_a_change_fails() -> None:
    run = failed_at(MemoryRun(expansion(change("up"), after_rollback=play("health"))), "up")
    run.run_until("after_rollback", Role.HEALTH)
    run.end(outcomes={"a": HostOutcome.CHANGED})
    assert run.asked().question is Question.ROLLBACK_FAILED


def test_health_is_not_asked_when_nothing_was_undone() -> None:
    run = failed_at(MemoryRun(expansion(added("copy"), look("see"), after_rollback=play("health"))), "see")
    assert run.run_out() == Finish(RunState.FAILED)
    assert "after_rollback.health" not in undoing(run)


def test_nothing_goes_back_by_itself_past_a_step_that_destroys_the_way_back() -> None:
    gone = change("drop", irreversible=True)
    run = failed_at(MemoryRun(expansion(change("one"), gone, change("two"))), "two")
    asked = run.asked()
    assert asked.question is Question.STEP_FAILED
    assert Choice.ROLL_BACK in asked.choices
    run.decide(Choice.ROLL_BACK)
    assert run.attempt().key.role is Role.ROLLBACK


class TestRewoundData:
    """A rollback that loses data runs by itself only while writes are proven off (L13)."""

    STEP = change("up", rollback=undo("up", rewinds_data=True, writes_off=play("writes_off")))

    def _probing(self) -> MemoryRun:
        run = failed_at(MemoryRun(expansion(self.STEP)), "up")
        probe = run.attempt()
        assert (probe.key.role, probe.mutating) == (Role.WRITES_OFF, False)
        assert run.record.state is RunState.ROLLING_BACK
        return run

    def _asked(self) -> MemoryRun:
        run = self._probing()
        run.end(AttemptState.FAILED)
        return run

    def test_proven_off_it_runs_by_itself(self) -> None:
        run = self._probing()
        run.end()
        assert run.attempt().key.role is Role.ROLLBACK

    @pytest.mark.parametrize("state", [AttemptState.FAILED, AttemptState.CANCELLED])
    def test_not_proven_people_decide(self, state: AttemptState) -> None:
        run = self._probing()
        run.end(state)
        asked = run.asked()
        assert (asked.state, asked.question) == (RunState.AWAITING_DECISION, Question.DATA_WOULD_BE_LOST)
        assert asked.choices == (Choice.REPEAT, Choice.ROLL_BACK, Choice.ABANDON)

    def test_a_probe_that_reports_a_change_proves_nothing(self) -> None:
        run = self._probing()
        run.end(outcomes={"a": HostOutcome.CHANGED})
        assert run.asked().question is Question.DATA_WOULD_BE_LOST

    def test_a_probe_of_unseen_end_is_repeated_twice(self) -> None:
        run = self._probing()
        for number in (1, 2, 3):
            assert run.attempt().key.number == number
            run.end(AttemptState.UNKNOWN)
        assert run.asked().question is Question.DATA_WOULD_BE_LOST

    def test_they_may_stop_the_writes_and_prove_it_again(self) -> None:
        run = self._asked()
        run.decide(Choice.REPEAT)
        assert run.attempt().key.role is Role.WRITES_OFF
        run.end()
        assert run.attempt().key.role is Role.ROLLBACK

    def test_they_may_give_the_data_up(self) -> None:
        run = self._asked()
        run.decide(Choice.ROLL_BACK)
        assert run.attempt().key.role is Role.ROLLBACK
        assert len(run.record.turns) == 1

    def test_they_may_end_the_run_there(self) -> None:
        run = self._asked()
        run.decide(Choice.ABANDON)
        assert run.advance() == Finish(RunState.ABANDONED)

    def test_a_proof_that_has_become_old_is_made_again(self) -> None:
        run = self._probing()
        run.end()
        run.pass_time(seconds=PROOF_LASTS)
        assert run.attempt().key.role is Role.ROLLBACK
        run = self._probing()
        for number in (1, 2, 3):
            assert run.attempt().key.number == number
            run.end()
            run.pass_time(seconds=PROOF_LASTS + 1)
        assert run.asked().question is Question.DATA_WOULD_BE_LOST

    def test_before_it_is_repeated_it_is_proven_again(self) -> None:
        run = self._probing()
        run.end()
        run.run_until("up", Role.ROLLBACK)
        run.end(AttemptState.FAILED)
        run.decide(Choice.REPEAT)
        assert run.attempt().key.role is Role.WRITES_OFF

    def test_without_a_probe_people_decide(self) -> None:
        run = failed_at(MemoryRun(expansion(change("up", rollback=undo("up", rewinds_data=True)))), "up")
        asked = run.asked()
        assert asked.question is Question.DATA_WOULD_BE_LOST
        assert asked.choices == (Choice.ROLL_BACK, Choice.ABANDON)

    def test_giving_up_one_step_gives_up_no_other(self) -> None:
        first = change("first", rollback=undo("first", rewinds_data=True, writes_off=play("writes_off")))
        run = failed_at(MemoryRun(expansion(first, self.STEP)), "up")
        run.end(AttemptState.FAILED)
        run.decide(Choice.ROLL_BACK)
        run.end()
        run.end()
        assert (run.attempt().key.step, run.attempt().key.role) == ("first", Role.WRITES_OFF)


def test_what_an_earlier_batch_undid_is_not_undone_again() -> None:
    targets = Targets(group="all", stop_after_failures=2)
    plan = expansion(change("up"), batches=(("a",), ("b",)), targets=targets, rollback_scope=RollbackScope.BATCH)
    run = failed_at(MemoryRun(plan), "up")
    run.end()
    run.end()
    failed_at(run, "up")
    assert run.run_out() == Finish(RunState.ROLLED_BACK)
    assert [key for key in run.done() if key.endswith("up.rollback")] == ["1/up.rollback", "2/up.rollback"]
