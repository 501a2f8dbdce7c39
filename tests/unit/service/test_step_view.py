from __future__ import annotations

import pytest

from runner.model.plan import Role
from runner.model.run import AttemptState, Choice, RunKind, RunState, Wish
from runner.model.runbook import Gate, OnFailure
from runner.rules.expansion import AFTER_ROLLBACK
from runner.rules.moves import next_move
from runner.rules.situation import situate
from runner.service.run_view import otherwise
from runner.service.step_view import steps_shown
from runner.wire.api_run import StepShown, StepState, WorkKind
from tests.run_in_memory import MemoryRun
from tests.runbooks import by_hand, change, expansion, look, play, probe, soak, undo


def shown(run: MemoryRun) -> dict[str, StepShown]:
    situation = situate(run.expansion, run.record, run.now, run.policy)
    return {f"{step.batch}/{step.id}": step for step in steps_shown(situation, {1: {"up": {"path": "/x"}}})}


def states(run: MemoryRun) -> dict[str, StepState]:
    return {place: step.state for place, step in shown(run).items()}


def words(run: MemoryRun) -> str:
    move = next_move(run.expansion, run.record, run.now, run.policy)
    return otherwise(run.record, move).message


def test_a_run_goes_through_its_steps() -> None:
    run = MemoryRun(expansion(probe("pre"), change("up"), soak("watch"), look("see")))
    assert set(states(run).values()) == {StepState.PENDING}
    run.run_until("pre")
    assert states(run)["1/pre"] is StepState.RUNNING
    run.run_until("up")
    assert (states(run)["1/pre"], states(run)["1/up"]) == (StepState.DONE, StepState.RUNNING)
    run.run_until("up", Role.VERIFY)
    assert states(run)["1/up"] is StepState.VERIFYING
    run.run_until("watch", Role.SOAK)
    assert (states(run)["1/up"], states(run)["1/watch"]) == (StepState.DONE, StepState.OBSERVING)
    run.end()
    run.advance()
    assert states(run)["1/watch"] is StepState.OBSERVING
    assert "next look" in words(run)
    run.run_out()
    assert set(states(run).values()) == {StepState.DONE}
    assert "stays unsigned" in words(run)


def test_batches_are_shown_apart() -> None:
    run = MemoryRun(expansion(change("up"), batches=(("a",), ("b",))))
    run.run_until("up", Role.VERIFY)
    run.end()
    run.advance()
    assert states(run) == {"1/up": StepState.DONE, "2/up": StepState.RUNNING}
    assert (shown(run)["1/up"].outputs, shown(run)["2/up"].outputs) == ({"path": "/x"}, {})


def test_a_gate_and_a_sheet_wait_for_people() -> None:
    gated = change("up")
    run = MemoryRun(expansion(by_hand("valve"), type(gated)(gated.id, gated.work, gate=Gate())))
    run.advance()
    assert states(run) == {"1/valve": StepState.AT_SHEET, "1/up": StepState.PENDING}
    assert "asks for a decision" in words(run)
    run.sign_sheet()
    run.advance()
    assert states(run) == {"1/valve": StepState.DONE, "1/up": StepState.AT_GATE}
    assert (shown(run)["1/up"].gate, shown(run)["1/up"].gate_passed) == (True, False)
    run.pass_gate()
    run.advance()
    assert states(run)["1/up"] is StepState.RUNNING
    assert shown(run)["1/up"].gate_passed
    assert "ends by itself" in words(run)


def test_a_failure_is_rolled_back_newest_first() -> None:
    run = MemoryRun(expansion(change("one"), change("two"), look("three"), after_rollback=play("health")))
    run.run_until("two")
    run.end(AttemptState.FAILED)
    run.advance()
    assert states(run)["1/one"] is StepState.DONE
    assert states(run)["1/two"] is StepState.ROLLING_BACK
    run.run_until("one", Role.ROLLBACK)
    assert states(run)["1/two"] is StepState.ROLLED_BACK
    assert states(run)["1/one"] is StepState.ROLLING_BACK
    run.run_until(AFTER_ROLLBACK, Role.HEALTH)
    assert states(run)[f"1/{AFTER_ROLLBACK}"] is StepState.VERIFYING
    run.run_out()
    assert run.record.state is RunState.ROLLED_BACK
    assert states(run) == {
        "1/one": StepState.ROLLED_BACK,
        "1/two": StepState.ROLLED_BACK,
        "1/three": StepState.NOT_REACHED,
        f"1/{AFTER_ROLLBACK}": StepState.DONE,
    }


def test_a_rollback_that_fails() -> None:
    run = MemoryRun(expansion(change("up")))
    run.run_until("up")
    run.end(AttemptState.FAILED)
    run.run_until("up", Role.ROLLBACK)
    run.end(AttemptState.FAILED)
    run.advance()
    assert states(run)["1/up"] is StepState.FAILED
    assert "waits for its two people" in words(run)


def test_an_unseen_end() -> None:
    run = MemoryRun(expansion(change("up")))
    run.run_until("up")
    run.end(AttemptState.UNKNOWN)
    run.advance()
    assert states(run)["1/up"] is StepState.UNKNOWN


@pytest.mark.parametrize("choice, state", [(Choice.MARK_DONE, StepState.VERIFYING), (Choice.REPEAT, StepState.RUNNING)])
def test_people_decide_about_a_failed_step(choice: Choice, state: StepState) -> None:
    run = MemoryRun(expansion(change("up"), on_failure=OnFailure.PAUSE))
    run.run_until("up")
    run.end(AttemptState.FAILED)
    run.advance()
    assert states(run)["1/up"] is StepState.FAILED
    run.decide(choice)
    run.advance()
    assert states(run)["1/up"] is state


def test_a_step_people_took_as_done_is_shown_so() -> None:
    run = MemoryRun(expansion(probe("pre"), on_failure=OnFailure.PAUSE))
    run.run_until("pre")
    run.end(AttemptState.FAILED)
    run.decide(Choice.MARK_DONE)
    run.run_out()
    assert states(run)["1/pre"] is StepState.MARKED_DONE


def test_undoing_by_hand() -> None:
    run = MemoryRun(expansion(by_hand("valve"), look("see")))
    run.advance()
    run.sign_sheet()
    run.run_until("see")
    run.end(AttemptState.FAILED)
    run.advance()
    step = shown(run)["1/valve"]
    assert step.state is StepState.AT_SHEET
    assert step.instruct is not None
    assert step.instruct.en == "turn it back"
    run.sign_sheet()
    run.run_out()
    assert states(run)["1/valve"] is StepState.ROLLED_BACK


def test_an_attempt_that_is_to_end_early() -> None:
    run = MemoryRun(expansion(change("up")))
    run.run_until("up")
    run.wish(abort=True)
    assert run.record.wish == Wish(abort=True)
    assert "next task border" in words(run)


def test_what_a_step_says_of_itself() -> None:
    rewinding = undo("up", rewinds_data=True, writes_off=play("writes_off"))
    run = MemoryRun(expansion(change("up", rollback=rewinding), soak("watch"), probe("pre"), by_hand("valve")))
    steps = shown(run)
    assert [step.kind for step in steps.values()] == [
        WorkKind.PLAYBOOK,
        WorkKind.SOAK,
        WorkKind.REMOTE,
        WorkKind.MANUAL,
    ]
    up = steps["1/up"]
    assert (up.playbook, up.rollback, up.rewinds_data, up.mutating) == ("up.yml", "up_undo.yml", True, True)
    assert (steps["1/watch"].playbook, steps["1/pre"].playbook, steps["1/pre"].mutating) == ("watch.yml", "", False)


def test_a_check_verifies_nothing_and_leaves_what_people_do() -> None:
    run = MemoryRun(expansion(change("up"), by_hand("valve"), look("see")), kind=RunKind.CHECK)
    run.run_out()
    assert run.record.state is RunState.SUCCEEDED
    assert states(run) == {"1/up": StepState.DONE, "1/valve": StepState.NOT_REACHED, "1/see": StepState.DONE}
