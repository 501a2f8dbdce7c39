"""A parked run passes from one of its people to another by signatures, and from nobody to nobody else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runner.errors import RefusedError, SignatureError, UsageError
from runner.model.result import Achievement
from runner.model.run import HandOver, Part, RunRecord, RunState, Wish
from runner.model.statement import StatementKind
from runner.rules import statements
from runner.service.request_view import waiting
from runner.service.run_view import run_shown
from runner.wire.api_request import Outcome
from tests.desk_world import ALICE, BOB, CAROL, DAVE, Signer, World

AWAY = "end of the shift"


def hand(
    world: World, person: Signer, record: RunRecord, taker: str, part: Part = Part.EXECUTOR, giver: str = ""
) -> Outcome:
    holder = record.executor if part is Part.EXECUTOR else record.confirmer
    wanted = HandOver(part, giver or holder, taker, reason=AWAY)
    content = statements.hand_over_content(record.id, record.plan, wanted)
    return world.submit(person, StatementKind.HAND_OVER, record.id, content)


def refused(
    world: World, person: Signer, record: RunRecord, taker: str, part: Part = Part.EXECUTOR, giver: str = ""
) -> str:
    with pytest.raises(RefusedError) as caught:
        hand(world, person, record, taker, part, giver)
    return caught.value.rule


def sheet(world: World, person: Signer, record: RunRecord) -> Outcome:
    content = statements.sheet_content(record.id, record.plan, 1, "look", {"level": 3})
    return world.submit(person, StatementKind.SHEET, record.id, content)


def close(world: World, person: Signer, record: RunRecord) -> Outcome:
    content = statements.close_content(record.id, record.plan, record.state, Achievement("restarted"))
    return world.submit(person, StatementKind.CLOSE, record.id, content)


class TestHandOver:
    def test_takes_giver_and_taker_in_this_order(self, wider_world: World) -> None:
        record = wider_world.running()
        first = hand(wider_world, ALICE, record, "carol")
        assert not first.complete
        assert first.next is not None
        assert (first.next.kind, first.next.people, first.next.signed) == (
            StatementKind.HAND_OVER,
            ("carol",),
            ("alice",),
        )
        assert wider_world.run(record.id).executor == "alice"
        assert hand(wider_world, CAROL, record, "carol").complete
        passed = wider_world.run(record.id)
        assert (passed.executor, passed.confirmer) == ("carol", "bob")
        now = wider_world.clock.now()
        assert passed.hand_overs == (HandOver(Part.EXECUTOR, "alice", "carol", "alice", AWAY, now),)
        told = {"part": "executor", "giver": "alice", "taker": "carol", "by": "alice", "reason": AWAY}
        assert wider_world.payload_of("service:run:handed_over") == told
        assert wider_world.runs.woken[-1] == record.id

    def test_leaves_the_run_to_its_new_people_alone(self, wider_world: World) -> None:
        record = wider_world.running()
        hand(wider_world, ALICE, record, "carol")
        hand(wider_world, CAROL, record, "carol")
        with pytest.raises(RefusedError) as caught:
            sheet(wider_world, ALICE, record)
        assert caught.value.rule == "L2:not-of-this-run"
        assert not sheet(wider_world, CAROL, record).complete
        assert sheet(wider_world, BOB, record).complete

    def test_ends_what_the_giver_had_signed_alone(self, wider_world: World) -> None:
        record = wider_world.running()
        sheet(wider_world, ALICE, record)
        hand(wider_world, ALICE, record, "carol")
        hand(wider_world, CAROL, record, "carol")
        assert wider_world.payload_of("service:act:dropped")["signed"] == ["alice"]
        assert not sheet(wider_world, BOB, record).complete
        assert sheet(wider_world, CAROL, record).complete

    def test_of_the_confirmer(self, wider_world: World) -> None:
        record = wider_world.running()
        hand(wider_world, BOB, record, "carol", Part.CONFIRMER)
        assert hand(wider_world, CAROL, record, "carol", Part.CONFIRMER).complete
        assert wider_world.run(record.id).confirmer == "carol"

    def test_of_a_result_that_waits(self, wider_world: World) -> None:
        record = wider_world.running()
        ended = wider_world.change_run(
            record.id, state=RunState.SUCCEEDED, ended_at=wider_world.clock.now(), sheets={"1/look": {"level": 3}}
        )
        hand(wider_world, ALICE, ended, "carol")
        hand(wider_world, CAROL, ended, "carol")
        close(wider_world, BOB, ended)
        assert close(wider_world, CAROL, ended).complete
        assert wider_world.run(record.id).state is RunState.CLOSED

    def test_lapses_when_the_taker_does_not_sign(self, wider_world: World) -> None:
        record = wider_world.running()
        hand(wider_world, ALICE, record, "carol")
        wider_world.clock.pass_by(seconds=299)
        assert waits(wider_world, record) == ["carol"]
        wider_world.clock.pass_by(seconds=1)
        assert waits(wider_world, record) == []
        assert refused(wider_world, CAROL, record, "carol") == "L2:taker-signs-first"
        assert wider_world.run(record.id).executor == "alice"

    def test_survives_a_restart_of_the_service(self, wider_world: World) -> None:
        record = wider_world.running()
        hand(wider_world, ALICE, record, "carol")
        wider_world.reload()
        assert hand(wider_world, CAROL, record, "carol").complete
        wider_world.reload()
        assert wider_world.run(record.id).executor == "carol"
        assert not sheet(wider_world, CAROL, record).complete

    def test_is_shown_with_its_history(self, wider_world: World) -> None:
        record = wider_world.running()
        hand(wider_world, ALICE, record, "carol")
        world = wider_world
        with world.store.reading() as transaction:
            shown = run_shown(world.premises, transaction, record.id, world.clock.now())
            listed = waiting(world.premises, transaction, "carol", world.clock.now())
        assert shown.hand_over is not None
        assert shown.hand_over in listed.acts
        hand(world, CAROL, record, "carol")
        with world.store.reading() as transaction:
            shown = run_shown(world.premises, transaction, record.id, world.clock.now())
        assert shown.hand_over is None
        assert [(each.giver, each.taker) for each in shown.hand_overs] == [("alice", "carol")]


def waits(world: World, record: RunRecord) -> list[str]:
    """Who can take the run over now."""
    with world.store.reading() as transaction:
        act = run_shown(world.premises, transaction, record.id, world.clock.now()).hand_over
    return list(act.people) if act else []


class TestRefused:
    def test_the_taker_alone(self, wider_world: World) -> None:
        assert refused(wider_world, CAROL, wider_world.running(), "carol") == "L2:taker-signs-first"

    def test_the_giver_alone(self, wider_world: World) -> None:
        record = wider_world.running()
        hand(wider_world, ALICE, record, "carol")
        assert refused(wider_world, ALICE, record, "carol") == "L1:signed-already"

    def test_a_third_person_in_the_takers_place(self, full_world: World) -> None:
        record = full_world.running()
        hand(full_world, ALICE, record, "carol")
        assert refused(full_world, DAVE, record, "carol") == "L2:not-the-taker"

    def test_to_the_other_of_the_two(self, wider_world: World) -> None:
        assert refused(wider_world, ALICE, wider_world.running(), "bob") == "L2:taker-had-other-part"

    def test_to_oneself(self, wider_world: World) -> None:
        assert refused(wider_world, ALICE, wider_world.running(), "alice") in {
            "L2:taker-is-giver",
            "L2:taker-signs-first",
        }

    def test_to_a_stranger(self, wider_world: World) -> None:
        assert refused(wider_world, ALICE, wider_world.running(), "mallory") == "L1:unknown-person"

    def test_of_the_others_part(self, wider_world: World) -> None:
        record = wider_world.running()
        assert refused(wider_world, ALICE, record, "carol", Part.CONFIRMER) == "L2:stands-in-for-other"

    def test_by_somebody_who_has_given_it_away(self, full_world: World) -> None:
        record = full_world.running()
        hand(full_world, ALICE, record, "carol")
        hand(full_world, CAROL, record, "carol")
        now = full_world.run(record.id)
        with pytest.raises(SignatureError) as caught:
            hand(full_world, ALICE, now, "dave", giver="alice")
        assert caught.value.rule == "L1:statement-differs"
        assert refused(full_world, ALICE, now, "dave") == "L2:stands-in-for-other"

    def test_back_as_the_other_of_the_two(self, wider_world: World) -> None:
        record = wider_world.running()
        hand(wider_world, ALICE, record, "carol")
        hand(wider_world, CAROL, record, "carol")
        now = wider_world.run(record.id)
        assert refused(wider_world, BOB, now, "alice", Part.CONFIRMER) == "L2:taker-had-other-part"

    def test_to_an_approver_as_executor(self, wider_world: World) -> None:
        number = wider_world.requested().number
        wider_world.approve(CAROL, number)
        started = wider_world.start(ALICE, number)
        wider_world.confirm(BOB, started)
        record = wider_world.run(started.run)
        assert refused(wider_world, ALICE, record, "carol") == "L2:executor-is-approver"

    def test_while_an_attempt_is_in_progress(self, wider_world: World) -> None:
        record = wider_world.running()
        wider_world.change_run(record.id, sheets={"1/look": {"level": 3}}, gates=((1, "restart"),))
        assert refused(wider_world, ALICE, record, "carol") == "state:not-parked"

    def test_while_the_start_waits_for_its_confirmer(self, wider_world: World) -> None:
        started = wider_world.start(ALICE, wider_world.approved().number)
        record = wider_world.run(started.run)
        assert refused(wider_world, ALICE, record, "carol") == "state:not-parked"

    def test_without_a_reason_or_a_part(self, wider_world: World) -> None:
        record = wider_world.running()
        wanted = HandOver(Part.EXECUTOR, "alice", "carol", reason="")
        content = statements.hand_over_content(record.id, record.plan, wanted)
        for changed in (content, {**content, "reason": AWAY, "part": "both"}, {**content, "taker": 3}):
            with pytest.raises(UsageError):
                wider_world.submit(ALICE, StatementKind.HAND_OVER, record.id, changed)

    def test_under_other_words_than_the_givers(self, wider_world: World) -> None:
        record = wider_world.running()
        hand(wider_world, ALICE, record, "carol")
        other = HandOver(Part.EXECUTOR, "alice", "carol", reason="another reason")
        content = statements.hand_over_content(record.id, record.plan, other)
        with pytest.raises(RefusedError) as caught:
            wider_world.submit(CAROL, StatementKind.HAND_OVER, record.id, content)
        assert caught.value.rule == "L2:taker-signs-first"


class TestInPlaceOfAnother:
    def test_an_approver_without_a_part_signs(self, full_world: World) -> None:
        record = full_world.running()
        first = hand(full_world, DAVE, record, "carol")
        assert not first.complete
        assert full_world.payload_of("person:run:hand_over_signed")["stands_in"] is True
        assert hand(full_world, CAROL, record, "carol").complete
        assert full_world.run(record.id).hand_overs[0].by == "dave"

    def test_who_stands_in_does_not_take_it_too(self, full_world: World) -> None:
        record = full_world.running()
        assert refused(full_world, DAVE, record, "dave") == "L2:taker-signs-first"

    def test_a_run_can_be_paused_first(self, full_world: World) -> None:
        record = full_world.running()
        parked = full_world.change_run(
            record.id,
            sheets={"1/look": {"level": 3}},
            gates=((1, "restart"),),
            wish=Wish(pause=True),
            state=RunState.PAUSED,
        )
        hand(full_world, DAVE, parked, "carol")
        assert hand(full_world, CAROL, parked, "carol").complete
        assert replace(full_world.run(record.id)).executor == "carol"
