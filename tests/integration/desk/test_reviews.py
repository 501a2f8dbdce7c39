"""After-reviews: owed as soon as an emergency begins, by two others, and a debt of the unit while overdue."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from runner.engine.desk.expiry import escalate_reviews
from runner.errors import NotFoundError, RefusedError, SignatureError, UsageError
from runner.model.document import JsonObject
from runner.model.policy import EmergencyTerms, Policy
from runner.model.request import Request
from runner.model.result import Achievement
from runner.model.review import ReviewState, Verdict
from runner.model.run import RunState
from runner.model.statement import StatementKind
from runner.model.time import Seconds
from runner.rules import statements
from runner.service.request_view import waiting
from runner.wire.api_request import Act
from tests.desk_emergency import begun, ended, owed, requested, review
from tests.desk_world import ALICE, BOB, CAROL, DAVE, NOW, WINDOW, Signer, World

DAY = timedelta(days=1)


class TestOwed:
    def test_as_soon_as_the_run_begins(self, full_world: World) -> None:
        world = full_world
        record = begun(world)
        found = owed(world, record.id)
        assert (found.requester, found.executor, found.confirmer) == ("alice", "alice", "bob")
        assert (found.since, found.due) == (NOW, NOW + DAY)
        assert found.state_at(NOW) is ReviewState.OPEN
        assert world.payload_of("service:review:owed") == {"unit": "", "due": "2026-11-24T02:00:00Z"}

    def test_within_the_span_of_the_policy(self, world: World) -> None:
        world.use_policy(Policy(emergency=EmergencyTerms(review_within=Seconds(3600))))
        assert owed(world, begun(world).id).due == NOW + timedelta(hours=1)

    def test_by_no_other_change(self, world: World) -> None:
        record = world.running()
        assert "service:review:owed" not in world.tags()
        with pytest.raises(RefusedError) as caught:
            review(world, ALICE, record)
        assert caught.value.rule == "state:no-review-owed"

    def test_not_by_a_start_that_nobody_confirms(self, world: World) -> None:
        world.start(ALICE, requested(world).number)
        assert "service:review:owed" not in world.tags()


class TestSigned:
    def test_by_two_who_took_no_part(self, full_world: World) -> None:
        world = full_world
        record = ended(world)
        first = review(world, CAROL, record, "rightly done", "the alarm came late")
        assert not first.complete
        assert first.next is not None
        assert (first.next.kind, first.next.people, first.next.signed) == (
            StatementKind.REVIEW,
            ("dave",),
            ("carol",),
        )
        world.clock.pass_by(hours=9)
        second = review(world, DAVE, record, "rightly done", "the alarm came late")
        assert (second.complete, second.next) == (True, None)
        found = owed(world, record.id)
        assert (found.done_at, found.deviation) == (world.clock.now(), False)
        assert [each.person for each in found.signatures] == ["carol", "dave"]
        assert found.verdict == Verdict(("the alarm came late",), "rightly done")
        assert world.payload_of("service:review:done") == {
            "reviewers": ["carol", "dave"],
            "deviation": False,
            "late": False,
            "findings": ["the alarm came late"],
            "conclusion": "rightly done",
            "permanent_fix": "",
        }
        assert world.tags().count("person:review:signed") == 2

    @pytest.mark.parametrize("person", [ALICE, BOB], ids=["executor", "confirmer"])
    def test_not_by_who_took_part(self, full_world: World, person: Signer) -> None:
        with pytest.raises(RefusedError) as caught:
            review(full_world, person, ended(full_world))
        assert caught.value.rule == "L12:reviews-own"
        assert caught.value.facts["who"] == "carol, dave"

    def test_not_by_its_requester(self, full_world: World) -> None:
        world = full_world
        record = ended(world, requester=CAROL)
        with pytest.raises(RefusedError) as caught:
            review(world, CAROL, record)
        assert caught.value.rule == "L12:reviews-own"

    def test_not_twice_by_one(self, full_world: World) -> None:
        record = ended(full_world)
        review(full_world, CAROL, record)
        with pytest.raises(RefusedError) as caught:
            review(full_world, CAROL, record)
        assert caught.value.rule == "L1:signed-already"

    def test_not_with_another_s_key(self, full_world: World) -> None:
        record = ended(full_world)
        review(full_world, CAROL, record)
        with pytest.raises(RefusedError):
            review(full_world, Signer("dave", CAROL.key), record)
        assert owed(full_world, record.id).done_at is None

    def test_not_before_the_run_has_ended(self, full_world: World) -> None:
        with pytest.raises(RefusedError) as caught:
            review(full_world, CAROL, begun(full_world))
        assert caught.value.rule == "state:run-goes-on"

    def test_not_again_once_it_is_done(self, full_world: World) -> None:
        record = ended(full_world)
        review(full_world, CAROL, record)
        review(full_world, DAVE, record)
        with pytest.raises(RefusedError) as caught:
            review(full_world, CAROL, record)
        assert caught.value.rule == "state:no-review-owed"

    def test_different_words_are_two_reviews(self, full_world: World) -> None:
        record = ended(full_world)
        review(full_world, CAROL, record, "rightly done")
        assert not review(full_world, DAVE, record, "wrongly done").complete
        assert owed(full_world, record.id).done_at is None

    def test_who_writes_anew_takes_back_what_they_signed_before(self, full_world: World) -> None:
        world = full_world
        record = ended(world)
        review(world, CAROL, record, "rightly done")
        review(world, CAROL, record, "rightly done, but late")
        assert world.payload_of("service:act:dropped")["signed"] == ["carol"]
        assert not review(world, DAVE, record, "rightly done").complete
        assert review(world, DAVE, record, "rightly done, but late").complete

    def test_the_result_is_signed_meanwhile_and_the_first_signature_stands(self, full_world: World) -> None:
        world = full_world
        record = ended(world)
        review(world, CAROL, record)
        for person in (ALICE, BOB):
            content = statements.close_content(record.id, record.plan, record.state, Achievement("made room"))
            world.submit(person, StatementKind.CLOSE, record.id, content)
        assert world.run(record.id).state is RunState.CLOSED
        assert review(world, DAVE, record).complete

    def test_names_another_request_as_the_permanent_fix(self, full_world: World) -> None:
        world = full_world
        record = ended(world)
        for number in (record.request, "BG-2026-0999"):
            with pytest.raises(NotFoundError):
                review(world, CAROL, record, fix=number)
        fix = world.request(ALICE, world.plan(world.publish())).request
        review(world, CAROL, record, fix=fix)
        review(world, DAVE, record, fix=fix)
        verdict = owed(world, record.id).verdict
        assert verdict is not None
        assert verdict.permanent_fix == fix

    @pytest.mark.parametrize(
        "changed",
        [{"conclusion": ""}, {"conclusion": 3}, {"findings": [""]}, {"findings": "none"}, {"findings": ["x"] * 51}],
    )
    def test_says_something(self, full_world: World, changed: JsonObject) -> None:
        world = full_world
        record = ended(world)
        content = statements.review_content(record.id, record.plan, Verdict((), "fine"))
        with pytest.raises(UsageError):
            world.submit(CAROL, StatementKind.REVIEW, record.id, {**content, **changed})

    def test_is_about_this_plan(self, full_world: World) -> None:
        world = full_world
        record = ended(world)
        content = statements.review_content(record.id, "sha256:" + "0" * 64, Verdict((), "fine"))
        with pytest.raises(SignatureError) as caught:
            world.submit(CAROL, StatementKind.REVIEW, record.id, content)
        assert caught.value.facts["field"] == "plan"


class TestTooFewOthers:
    def test_both_review_it_themselves_as_a_deviation(self, world: World) -> None:
        record = ended(world)
        assert not review(world, ALICE, record).complete
        assert review(world, BOB, record).complete
        assert owed(world, record.id).deviation
        assert world.payload_of("service:review:done")["deviation"] is True

    def test_one_of_them_is_not_enough(self, world: World) -> None:
        record = ended(world)
        review(world, ALICE, record)
        assert owed(world, record.id).done_at is None

    def test_the_outside_reviewer_alone(self, wider_world: World) -> None:
        world = wider_world
        world.use_policy(Policy(emergency=EmergencyTerms(outside_reviewer="carol")))
        record = ended(world)
        with pytest.raises(RefusedError) as caught:
            review(world, ALICE, record)
        assert caught.value.rule == "L12:reviews-own"
        assert review(world, CAROL, record).complete
        assert not owed(world, record.id).deviation

    def test_an_outside_reviewer_who_is_not_enrolled_counts_for_nothing(self, world: World) -> None:
        world.use_policy(Policy(emergency=EmergencyTerms(outside_reviewer="eve")))
        record = ended(world)
        review(world, ALICE, record)
        assert review(world, BOB, record).complete
        assert owed(world, record.id).deviation

    def test_an_outside_reviewer_who_took_part_counts_for_nothing(self, world: World) -> None:
        world.use_policy(Policy(emergency=EmergencyTerms(outside_reviewer="bob")))
        record = ended(world)
        assert not review(world, BOB, record).complete
        review(world, ALICE, record)
        assert owed(world, record.id).deviation


class TestDebt:
    def test_refuses_ordinary_starts_of_the_unit(self, full_world: World) -> None:
        world = full_world
        run = ended(world).id
        number = approved(world).number
        world.clock.pass_by(hours=24)
        with pytest.raises(RefusedError) as caught:
            world.start(ALICE, number)
        refusal = caught.value
        assert (refusal.rule, refusal.exit_code) == ("L12:review-overdue", 4)
        assert (refusal.facts["run"], refusal.facts["since"]) == (run, "2026-11-24T02:00:00Z")
        assert refusal.facts["reviewers"] == "carol, dave"
        assert world.payload_of("service:statement:refused")["rule"] == "L12:review-overdue"

    def test_refuses_a_confirmation_too(self, full_world: World) -> None:
        world = full_world
        ended(world)
        number = approved(world).number
        world.clock.pass_by(hours=23, minutes=59)
        started = world.start(ALICE, number)
        world.clock.pass_by(minutes=2)
        with pytest.raises(RefusedError) as caught:
            world.confirm(BOB, started)
        assert caught.value.rule == "L12:review-overdue"
        assert world.run(started.run).state is RunState.CONFIRMING

    def test_refuses_no_emergency(self, full_world: World) -> None:
        world = full_world
        ended(world)
        world.clock.pass_by(hours=25)
        assert begun(world).state is RunState.RUNNING

    def test_refuses_nothing_before_it_is_overdue_or_after_the_review(self, full_world: World) -> None:
        world = full_world
        record = ended(world)
        content = world.publish()
        first, second = approved(world, content), approved(world, content)
        world.clock.pass_by(hours=23)
        world.release(world.start(ALICE, first.number).run)
        world.clock.pass_by(hours=2)
        for person in (CAROL, DAVE):
            review(world, person, record)
        assert world.payload_of("service:review:done")["late"] is True
        assert world.start(ALICE, second.number).state == "confirming"

    def test_of_another_unit_refuses_nothing(self, full_world: World) -> None:
        world = full_world
        record = ended(world)
        with world.store.writing() as transaction:
            found = owed(world, record.id)
            assert found.unit == ""
            assert transaction.reviews.overdue_of("operations", NOW + 2 * DAY) == ()
            assert transaction.reviews.overdue_of("", NOW + 2 * DAY) == (found,)

    def test_stands_in_the_way_before_anybody_signs(self, full_world: World) -> None:
        world = full_world
        ended(world)
        number = approved(world).number
        world.clock.pass_by(hours=25)
        assert StatementKind.START not in {act.kind for act in acts(world) if act.request == number}

    def test_is_recorded_and_told_once(self, full_world: World) -> None:
        world = full_world
        run = ended(world).id
        assert escalate_reviews(world.premises) == 0
        world.clock.pass_by(hours=24)
        assert escalate_reviews(world.premises) == 1
        assert escalate_reviews(world.premises) == 0
        assert world.tags().count("service:review:overdue") == 1
        notice = world.runs.told[-1]
        assert str(notice) == f"number={run} class=emergency state=overdue at=2026-11-24T02:00:00Z"
        assert notice.loud
        assert owed(world, run).escalated_at == world.clock.now()

    def test_that_is_paid_is_not_escalated(self, full_world: World) -> None:
        world = full_world
        record = ended(world)
        for person in (CAROL, DAVE):
            review(world, person, record)
        world.clock.pass_by(hours=30)
        assert escalate_reviews(world.premises) == 0


class TestWaiting:
    def test_lists_the_review_with_who_and_until_when(self, full_world: World) -> None:
        record = ended(full_world)
        (act,) = [act for act in acts(full_world) if act.kind is StatementKind.REVIEW]
        assert (act.run, act.request, act.people) == (record.id, record.request, ("carol", "dave"))
        assert (act.since, act.until) == (NOW, NOW + DAY)

    def test_puts_the_result_of_the_run_before_a_review_that_has_time(self, full_world: World) -> None:
        ended(full_world)
        assert [act.kind for act in acts(full_world)] == [StatementKind.CLOSE, StatementKind.REVIEW]
        full_world.clock.pass_by(days=2)
        assert [act.kind for act in acts(full_world)] == [StatementKind.REVIEW, StatementKind.CLOSE]

    def test_lists_it_for_those_who_may(self, full_world: World) -> None:
        ended(full_world)
        assert StatementKind.REVIEW in {act.kind for act in acts(full_world, "carol")}
        assert StatementKind.REVIEW not in {act.kind for act in acts(full_world, "alice")}

    def test_lists_none_that_cannot_be_signed_yet(self, full_world: World) -> None:
        begun(full_world)
        assert StatementKind.REVIEW not in {act.kind for act in acts(full_world)}


def approved(world: World, content: str = "") -> Request:
    """An ordinary change whose window is long."""
    window = replace(WINDOW, closes=NOW + 3 * DAY)
    number = world.request(ALICE, world.plan(content or world.publish(), window)).request
    world.approve(CAROL, number)
    return world.found_request(number)


def acts(world: World, person: str = "") -> tuple[Act, ...]:
    with world.store.reading() as transaction:
        return waiting(world.premises, transaction, person, world.clock.now()).acts
