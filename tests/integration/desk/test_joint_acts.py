"""What executor and confirmer sign together, what either may do alone, and what nobody may."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from runner.errors import NotFoundError, RefusedError, SignatureError, UsageError
from runner.model.document import JsonObject, JsonValue
from runner.model.plan import Role
from runner.model.result import Achievement
from runner.model.run import AttemptKey, Choice, Question, RunRecord, RunState, Wish
from runner.model.statement import StatementKind
from runner.rules import statements
from runner.service.run_view import run_shown
from runner.wire.api import Words
from runner.wire.api_request import Outcome
from tests.desk_world import ALICE, BOB, CAROL, Signer, World


def sheet(world: World, person: Signer, record: RunRecord, readings: dict[str, JsonValue]) -> Outcome:
    content = statements.sheet_content(record.id, record.plan, 1, "look", readings)
    return world.submit(person, StatementKind.SHEET, record.id, content)


def gate(world: World, person: Signer, record: RunRecord) -> Outcome:
    content = statements.gate_content(record.id, record.plan, 1, "restart", ["web1"])
    return world.submit(person, StatementKind.GATE, record.id, content)


def close(world: World, person: Signer, record: RunRecord, achieved: str = "restarted", reason: str = "") -> Outcome:
    content = statements.close_content(record.id, record.plan, record.state, Achievement(achieved, reason))
    return world.submit(person, StatementKind.CLOSE, record.id, content)


def at_gate(world: World) -> RunRecord:
    record = world.running()
    sheet(world, ALICE, record, {"level": 3})
    sheet(world, BOB, record, {"level": 3})
    return world.run(record.id)


def paused(world: World) -> RunRecord:
    record = at_gate(world)
    gate(world, ALICE, record)
    gate(world, BOB, record)
    return world.change_run(record.id, wish=Wish(pause=True), state=RunState.PAUSED)


def decision(record: RunRecord, choice: Choice = Choice.CONTINUE, reason: str = "looked at it") -> JsonObject:
    at = AttemptKey(record.id, 1, "restart", Role.DO, 0)
    return statements.decide_content(at, Question.PAUSED, choice, reason)


class TestSheet:
    def test_needs_both(self, world: World) -> None:
        record = world.running()
        first = sheet(world, BOB, record, {"level": 3})
        assert not first.complete
        assert first.next is not None
        assert (first.next.people, first.next.signed) == (("alice",), ("bob",))
        assert first.next.content == statements.sheet_content(record.id, record.plan, 1, "look", {"level": 3})
        assert world.run(record.id).sheets == {}
        second = sheet(world, ALICE, record, {"level": 3})
        assert second.complete
        assert world.run(record.id).sheets == {"1/look": {"level": 3}}
        assert world.payload_of("service:run:sheet_done") == {"readings": {"level": 3}}
        assert world.runs.woken[-1] == record.id

    def test_of_different_readings_is_two_sheets(self, world: World) -> None:
        record = world.running()
        sheet(world, ALICE, record, {"level": 3})
        assert not sheet(world, BOB, record, {"level": 4}).complete
        assert world.run(record.id).sheets == {}

    def test_is_not_signed_twice_by_one(self, world: World) -> None:
        record = world.running()
        sheet(world, ALICE, record, {"level": 3})
        with pytest.raises(RefusedError) as caught:
            sheet(world, ALICE, record, {"level": 3})
        assert caught.value.rule == "L1:signed-already"

    @pytest.mark.parametrize(
        "readings", [{}, {"level": 11}, {"level": -1}, {"level": "3"}, {"level": True}, {"level": None}]
    )
    def test_has_the_readings_asked_for(self, world: World, readings: dict[str, JsonValue]) -> None:
        with pytest.raises(UsageError):
            sheet(world, ALICE, world.running(), readings)

    def test_has_no_other_readings(self, world: World) -> None:
        with pytest.raises(NotFoundError) as caught:
            sheet(world, ALICE, world.running(), {"level": 3, "levle": 3})
        assert caught.value.facts["near"] == "level"

    def test_lapses_after_a_while(self, world: World) -> None:
        record = world.running()
        sheet(world, ALICE, record, {"level": 3})
        world.clock.pass_by(seconds=300)
        assert not sheet(world, BOB, record, {"level": 3}).complete
        assert world.payload_of("service:act:dropped")["signed"] == ["alice"]
        assert sheet(world, ALICE, record, {"level": 3}).complete


class TestGate:
    def test_needs_both(self, world: World) -> None:
        record = at_gate(world)
        assert not gate(world, ALICE, record).complete
        assert gate(world, BOB, record).complete
        assert world.run(record.id).gates == ((1, "restart"),)
        assert "service:run:gate_passed" in world.tags()

    def test_is_not_passed_before_the_run_stands_at_it(self, world: World) -> None:
        record = world.running()
        with pytest.raises(RefusedError) as caught:
            gate(world, ALICE, record)
        assert caught.value.rule == "state:not-asked"

    def test_is_not_passed_by_a_third_person(self, wider_world: World) -> None:
        record = at_gate(wider_world)
        with pytest.raises(RefusedError) as caught:
            gate(wider_world, CAROL, record)
        assert caught.value.rule == "L2:not-of-this-run"

    def test_is_of_this_plan_and_place(self, world: World) -> None:
        record = at_gate(world)
        for content in (
            statements.gate_content(record.id, "sha256:" + "0" * 64, 1, "restart", ["web1"]),
            statements.gate_content(record.id, record.plan, 2, "restart", ["web1"]),
            statements.gate_content(record.id, record.plan, 1, "look", ["web1"]),
            statements.gate_content(record.id, record.plan, 1, "restart", ["web1", "web2"]),
        ):
            with pytest.raises(SignatureError):
                world.submit(ALICE, StatementKind.GATE, record.id, content)
        assert world.run(record.id).gates == ()


class TestDecision:
    def test_needs_both_and_clears_the_wish(self, world: World) -> None:
        record = paused(world)
        assert not world.submit(ALICE, StatementKind.DECIDE, record.id, decision(record)).complete
        assert world.run(record.id).decisions == ()
        assert world.submit(BOB, StatementKind.DECIDE, record.id, decision(record)).complete
        decided = world.run(record.id)
        assert [(each.question, each.choice) for each in decided.decisions] == [(Question.PAUSED, Choice.CONTINUE)]
        assert (decided.wish, decided.question, decided.waiting_at) == (Wish(), None, None)
        assert world.payload_of("service:run:decided")["reason"] == "looked at it"

    def test_must_be_the_same_choice(self, world: World) -> None:
        record = paused(world)
        world.submit(ALICE, StatementKind.DECIDE, record.id, decision(record, Choice.CONTINUE))
        outcome = world.submit(BOB, StatementKind.DECIDE, record.id, decision(record, Choice.ABANDON))
        assert not outcome.complete
        assert world.run(record.id).decisions == ()

    def test_is_one_of_those_offered(self, world: World) -> None:
        record = paused(world)
        with pytest.raises(RefusedError) as caught:
            world.submit(ALICE, StatementKind.DECIDE, record.id, decision(record, Choice.REPEAT))
        assert caught.value.rule == "state:not-a-choice"

    def test_has_a_reason(self, world: World) -> None:
        record = paused(world)
        with pytest.raises(UsageError):
            world.submit(ALICE, StatementKind.DECIDE, record.id, decision(record, reason=""))

    def test_answers_what_is_asked(self, world: World) -> None:
        record = paused(world)
        at = AttemptKey(record.id, 1, "restart", Role.DO, 0)
        content = statements.decide_content(at, Question.OUTCOME_UNKNOWN, Choice.CONTINUE, "so")
        with pytest.raises(SignatureError):
            world.submit(ALICE, StatementKind.DECIDE, record.id, content)
        assert world.run(record.id).decisions == ()

    def test_waits_for_a_question(self, world: World) -> None:
        record = at_gate(world)
        with pytest.raises(RefusedError) as caught:
            world.submit(ALICE, StatementKind.DECIDE, record.id, decision(record))
        assert caught.value.rule == "state:not-asked"


class TestStopping:
    @pytest.mark.parametrize("person", [ALICE, BOB])
    def test_takes_one_person_of_the_run(self, world: World, person: Signer) -> None:
        record = world.running()
        world.submit(person, StatementKind.PAUSE, record.id, statements.pause_content(record.id, "smoke"))
        assert world.run(record.id).wish == Wish(pause=True)
        world.submit(person, StatementKind.ABORT, record.id, statements.abort_content(record.id, "fire"))
        assert world.run(record.id).wish == Wish(pause=True, abort=True)
        assert world.runs.woken[-1] == record.id
        assert world.tags()[-2:] == ["person:run:pause_asked", "person:run:abort_asked"]

    def test_is_not_a_third_persons(self, wider_world: World) -> None:
        record = wider_world.running()
        with pytest.raises(RefusedError) as caught:
            wider_world.submit(CAROL, StatementKind.ABORT, record.id, statements.abort_content(record.id, "why not"))
        assert caught.value.rule == "L2:not-of-this-run"

    def test_needs_something_to_stop(self, world: World) -> None:
        record = world.running()
        world.change_run(record.id, state=RunState.SUCCEEDED)
        with pytest.raises(RefusedError) as caught:
            world.submit(ALICE, StatementKind.PAUSE, record.id, statements.pause_content(record.id, "late"))
        assert caught.value.rule == "state:not-in-progress"


class TestResult:
    def ended(self, world: World, state: RunState = RunState.SUCCEEDED) -> RunRecord:
        record = world.running()
        return world.change_run(record.id, state=state, ended_at=world.clock.now())

    def test_needs_both(self, world: World) -> None:
        record = self.ended(world)
        assert not close(world, ALICE, record).complete
        assert world.run(record.id).state is RunState.SUCCEEDED
        assert close(world, BOB, record).complete
        assert world.run(record.id).state is RunState.CLOSED
        with world.store.reading() as transaction:
            assert transaction.locks.of(record.id) == ()

    def test_names_the_state_it_ended_in(self, world: World) -> None:
        record = self.ended(world, RunState.ROLLED_BACK)
        with pytest.raises(SignatureError):
            close(world, ALICE, replace(record, state=RunState.SUCCEEDED), reason="as if")

    def test_explains_what_did_not_go_as_planned(self, world: World) -> None:
        record = self.ended(world, RunState.ROLLED_BACK)
        with pytest.raises(UsageError):
            close(world, ALICE, record)
        assert not close(world, ALICE, record, reason="health check failed").complete

    def test_explains_an_overrun(self, world: World) -> None:
        record = world.running()
        world.clock.pass_by(hours=7)
        record = world.change_run(record.id, state=RunState.SUCCEEDED, ended_at=world.clock.now())
        with pytest.raises(UsageError) as caught:
            close(world, ALICE, record)
        assert caught.value.facts["late"] == 3600

    def test_waits_for_the_end(self, world: World) -> None:
        record = world.running()
        with pytest.raises(RefusedError) as caught:
            close(world, ALICE, record)
        assert caught.value.rule == "state:not-asked"

    def test_is_signed_once(self, world: World) -> None:
        record = self.ended(world)
        close(world, ALICE, record)
        close(world, BOB, record)
        with pytest.raises(RefusedError) as caught:
            close(world, ALICE, world.run(record.id))
        assert caught.value.rule == "state:not-asked"

    def test_lets_another_run_start(self, world: World) -> None:
        number = world.approved(max_runs=2).number
        started = world.start(ALICE, number)
        world.confirm(BOB, started)
        record = world.change_run(started.run, state=RunState.FAILED, ended_at=world.clock.now())
        with pytest.raises(RefusedError) as caught:
            world.start(ALICE, number)
        assert caught.value.rule == "L13:result-unsigned"
        close(world, ALICE, record, reason="no room on disk")
        close(world, BOB, record, reason="no room on disk")
        assert world.start(ALICE, number).run == f"{number}/2"


class TestPresence:
    """Both sign within five minutes of one another, whatever they sign; then the first signature is good no more."""

    @pytest.mark.parametrize("seconds, complete", [(299, True), (300, False)])
    @pytest.mark.parametrize("kind", ["sheet", "gate", "decision", "result"])
    def test_has_the_same_bound_everywhere(self, world: World, kind: str, seconds: int, *, complete: bool) -> None:
        record, sign = self._waiting(world, kind)
        sign(ALICE)
        world.clock.pass_by(seconds=seconds)
        assert sign(BOB).complete is complete
        if not complete:
            assert world.payload_of("service:act:dropped")["signed"] == ["alice"]
            assert sign(ALICE).complete
        assert record.id

    def test_the_lapse_is_told_while_the_other_is_waited_for(self, world: World) -> None:
        record = world.running()
        sheet(world, ALICE, record, {"level": 3})
        told = self._otherwise(world, record)
        assert (told.message, told.facts["person"]) == (
            "at {until} the signature of {person} lapses, and the run waits on for both",
            "alice",
        )
        world.clock.pass_by(seconds=300)
        assert "lapses" not in self._otherwise(world, record).message

    def _otherwise(self, world: World, record: RunRecord) -> Words:
        with world.store.reading() as transaction:
            return run_shown(world.premises, transaction, record.id, world.clock.now()).otherwise

    def _waiting(self, world: World, kind: str) -> tuple[RunRecord, Callable[[Signer], Outcome]]:
        if kind == "sheet":
            record = world.running()
            return record, lambda person: sheet(world, person, record, {"level": 3})
        if kind == "gate":
            record = at_gate(world)
            return record, lambda person: gate(world, person, record)
        if kind == "decision":
            record = paused(world)
            return record, lambda person: world.submit(person, StatementKind.DECIDE, record.id, decision(record))
        record = at_gate(world)
        ended = world.change_run(record.id, state=RunState.SUCCEEDED, ended_at=world.clock.now())
        return ended, lambda person: close(world, person, ended)
