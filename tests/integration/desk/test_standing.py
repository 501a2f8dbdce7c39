"""Standing approvals: asked for by one, given by another, used by one person's start, ended by anybody who may."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from runner.client import drafts
from runner.engine.desk.expiry import expire_requests
from runner.errors import RefusedError, RunnerError, SignatureError, UsageError
from runner.model.grant import Leave, Reinstate, Suspend
from runner.model.policy import Policy
from runner.model.request import Request, RequestState, StandingTerms
from runner.model.run import RunState, Wish
from runner.model.runbook import Risk
from runner.model.statement import StatementKind
from runner.rules import statements
from runner.rules.tags import Tag
from tests.desk_grants import apply, granted
from tests.desk_world import ALICE, BOB, CAROL, NOW, RESTART, WINDOW, Signer, World, opened_world
from tests.integration.desk.test_joint_acts import close, gate, sheet


def refused(world: World, person: Signer, number: str) -> str:
    with pytest.raises(RunnerError) as caught:
        world.start(person, number)
    assert isinstance(caught.value, RefusedError)
    assert caught.value.exit_code == 4
    return caught.value.rule


def rewrite(world: World, old: str, new: str) -> None:
    path = world.site.root / RESTART
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def asked(world: World) -> Request:
    return world.found_request(world.standing(ALICE, world.plan(world.publish(), window=None)).request)


class TestAsking:
    def test_is_of_class_standard_and_names_its_bounds(self, world: World) -> None:
        request = asked(world)
        assert request.state is RequestState.SUBMITTED
        assert request.risk is Risk.STANDARD
        assert request.standing == StandingTerms(NOW + timedelta(days=1), 2)

    def test_no_window_is_needed_without_one(self, world: World) -> None:
        document = world.plan(world.publish(), window=WINDOW)
        with pytest.raises(RefusedError) as caught:
            world.standing(ALICE, document)
        assert caught.value.rule == "standing:window"

    @pytest.mark.parametrize(
        "old, new, rule",
        [
            ("risk: ordinary", "risk: major", "standing:class"),
            ("family: restart", "family: batch", "standing:family"),
            ("    rollback: none", "    irreversible: true\n    rollback: none", "standing:class"),
        ],
    )
    def test_what_people_look_at_each_time_has_none(self, world: World, old: str, new: str, rule: str) -> None:
        rewrite(world, old, new)
        document = world.plan(world.publish(), window=None)
        with pytest.raises(RefusedError) as caught:
            world.standing(ALICE, document)
        assert (caught.value.rule, caught.value.exit_code) == (rule, 4)
        assert "with a window" in caught.value.hint

    def test_a_key_target_has_none(self, world: World) -> None:
        hosts = world.site.inventory / "hosts.yml"
        hosts.write_text(hosts.read_text().replace("colour: green", "twokey_key: true"))
        with pytest.raises(RefusedError) as caught:
            asked(world)
        assert caught.value.rule == "standing:class"

    @pytest.mark.parametrize("days, runs, rule", [(0, 1, "L4:validity"), (1, 0, "L4:max-runs"), (1, 3, "L4:max-runs")])
    def test_has_an_end_and_a_number_within_policy(self, world: World, days: int, runs: int, rule: str) -> None:
        document = world.plan(world.publish(), window=None)
        with pytest.raises(RefusedError) as caught:
            world.standing(ALICE, document, days, runs)
        assert caught.value.rule == rule

    @pytest.mark.parametrize(
        "standing",
        ["yes", {}, {"until": "tomorrow", "max_runs": 1}, {"until": "2026-11-24T02:00:00Z", "max_runs": True}],
    )
    def test_terms_that_are_none_are_bad_input(self, world: World, standing: object) -> None:
        plan = world.open(world.plan(world.publish(), window=None).digests.plan)
        draft = drafts.request(plan, "nightly", standing=StandingTerms(NOW + timedelta(days=1), 1))
        content = {**draft.content, "standing": standing}
        with pytest.raises(UsageError):
            world.submit(ALICE, StatementKind.REQUEST, draft.subject, content)  # type: ignore[arg-type]  # bad on purpose

    def test_class_and_terms_are_what_the_service_would_write(self, world: World) -> None:
        plan = world.open(world.plan(world.publish(), window=None).digests.plan)
        draft = drafts.request(plan, "nightly", standing=StandingTerms(NOW + timedelta(days=1), 1))
        with pytest.raises(SignatureError) as caught:
            world.submit(ALICE, StatementKind.REQUEST, draft.subject, {**draft.content, "risk": "ordinary"})
        assert caught.value.facts["field"] == "risk"


class TestApproving:
    def test_takes_another_person(self, world: World) -> None:
        request = asked(world)
        with pytest.raises(RefusedError) as caught:
            world.approve_standing(ALICE, request.number)
        assert caught.value.rule == "L2:approver-is-requester"
        assert world.approve_standing(BOB, request.number).state == "approved"

    def test_stays_within_what_was_asked_for(self, world: World) -> None:
        request = asked(world)
        for changes in ({"max_runs": 3}, {"until": NOW + timedelta(days=2)}):
            draft = drafts.approve(request, world.clock.now(), timedelta(days=7), **changes)
            with pytest.raises(RefusedError) as caught:
                world.submit(BOB, draft.kind, draft.subject, draft.content)
            assert caught.value.rule in ("L4:max-runs", "L4:validity")

    def test_says_that_it_stands(self, world: World) -> None:
        request = asked(world)
        plain = replace(request, standing=None)
        content = statements.approve_content(plain, NOW, NOW + timedelta(days=1), 1)
        with pytest.raises(SignatureError) as caught:
            world.submit(BOB, StatementKind.APPROVE, request.number, content)
        assert caught.value.facts["field"] == "standing"

    def test_nobody_approves_what_its_requester_left_behind(self, wider_world: World) -> None:
        world = wider_world
        request = asked(world)
        granted(world, Leave("alice", "gone"), by=BOB, and_by=CAROL)
        assert world.found_request(request.number).state is RequestState.REVOKED
        with pytest.raises(RefusedError):
            world.approve_standing(BOB, request.number)


class TestStarting:
    def test_one_person_begins_at_once(self, world: World) -> None:
        request = world.standing_approved()
        outcome = world.start(ALICE, request.number)
        record = world.run(outcome.run)
        assert (record.state, record.executor, record.confirmer, record.standing) == (
            RunState.RUNNING,
            "alice",
            "",
            True,
        )
        assert record.window is not None
        assert record.window.closes == NOW + timedelta(days=1)
        assert world.runs.begun == [record.id]
        assert world.payload_of(Tag.STANDING_USED)["left"] == 1
        assert Tag.RUN_START_SIGNED in world.tags()

    def test_not_the_approver(self, world: World) -> None:
        assert refused(world, BOB, world.standing_approved().number) == "L2:executor-is-approver"

    def test_not_before_it_is_approved(self, world: World) -> None:
        assert refused(world, ALICE, asked(world).number) == "L2:not-approved"

    def test_each_run_uses_it_once_more_until_none_is_left(self, world: World) -> None:
        number = world.standing_approved().number
        for _ in range(2):
            assert world.found_request(number).state is RequestState.APPROVED
            world.release(world.start(ALICE, number).run)
        assert world.found_request(number).state is RequestState.USED
        assert refused(world, ALICE, number) == "standing:over"
        assert len(world.runs.begun) == 2

    def test_not_while_the_result_of_the_run_before_is_unsigned(self, world: World) -> None:
        number = world.standing_approved().number
        world.start(ALICE, number)
        assert refused(world, ALICE, number) == "L13:result-unsigned"

    def test_not_after_its_end(self, world: World) -> None:
        number = world.standing_approved().number
        world.clock.pass_by(days=1)
        assert refused(world, ALICE, number) == "L4:no-longer-valid"
        assert expire_requests(world.premises) == 1
        assert world.found_request(number).state is RequestState.EXPIRED
        assert refused(world, ALICE, number) == "standing:over"

    def test_what_nobody_approved_in_time_expires(self, world: World) -> None:
        number = asked(world).number
        world.clock.pass_by(days=1)
        assert expire_requests(world.premises) == 1
        assert world.found_request(number).state is RequestState.EXPIRED

    @pytest.mark.parametrize("old, new", [("green", "red"), ("web1", "web2")])
    def test_not_once_a_variable_or_a_host_has_changed(self, world: World, old: str, new: str) -> None:
        number = world.standing_approved().number
        hosts = world.site.inventory / "hosts.yml"
        hosts.write_text(hosts.read_text().replace(old, new))
        assert refused(world, ALICE, number) == "L3:binding-changed"

    def test_a_start_of_one_run_is_no_start_of_a_standing_approval(self, world: World) -> None:
        request = world.standing_approved()
        content = statements.start_content(replace(request, standing=None))
        with pytest.raises(SignatureError) as caught:
            world.submit(ALICE, StatementKind.START, request.number, content)
        assert caught.value.facts["field"] == "standing"

    def test_a_run_has_nobody_to_confirm_it(self, world: World) -> None:
        outcome = world.start(ALICE, world.standing_approved().number)
        with pytest.raises(RefusedError) as caught:
            world.confirm(BOB, outcome)
        assert caught.value.rule == "state:not-confirming"

    def test_two_services_do_not_use_the_last_run_twice(self, world: World, tmp_path: Path) -> None:
        number = world.standing_approved(max_runs=1).number
        signed = [
            world.signed(
                ALICE,
                world.statement(
                    ALICE, StatementKind.START, number, statements.start_content(world.found_request(number))
                ),
            )
            for _ in range(2)
        ]
        with opened_world(tmp_path / "two") as other, ThreadPoolExecutor(2) as pool:
            tries = [
                pool.submit(desk.submit, each) for desk, each in zip((world.desk, other.desk), signed, strict=True)
            ]
            errors = [each.exception() for each in tries]
        assert sorted(type(error).__name__ for error in errors) == ["NoneType", "RefusedError"]
        with world.store.reading() as transaction:
            assert [each.used for each in transaction.approvals.of(number)] == [1]
            assert len(transaction.runs.page(10, request=number)) == 1


class TestInside:
    def test_a_sheet_and_a_gate_wait_for_any_two_who_could_be_its_people(self, wider_world: World) -> None:
        world = wider_world
        record = world.run(world.start(ALICE, world.standing_approved().number).run)
        first = sheet(world, CAROL, record, {"level": 3})
        assert not first.complete
        assert first.next is not None
        assert set(first.next.people) == {"alice", "bob"}
        with pytest.raises(RefusedError) as caught:
            sheet(world, CAROL, record, {"level": 3})
        assert caught.value.rule == "L1:signed-already"
        assert sheet(world, BOB, record, {"level": 3}).complete
        assert world.payload_of(Tag.RUN_SHEET_DONE)["signed"] == ["carol", "bob"]
        record = world.run(record.id)
        assert not gate(world, ALICE, record).complete
        assert gate(world, CAROL, record).complete

    def test_two_of_whom_neither_could_execute_are_not_enough(self, full_world: World) -> None:
        world = full_world
        number = world.standing(ALICE, world.plan(world.publish(), window=None)).request
        world.approve_standing(BOB, number)
        world.approve_standing(CAROL, number)
        record = world.run(world.start(ALICE, number).run)
        assert not sheet(world, BOB, record, {"level": 3}).complete
        with pytest.raises(RefusedError) as caught:
            sheet(world, CAROL, record, {"level": 3})
        assert caught.value.rule == "standing:two-people"

    def test_the_result_is_signed_by_two(self, world: World) -> None:
        record = world.run(world.start(ALICE, world.standing_approved().number).run)
        record = world.change_run(record.id, state=RunState.SUCCEEDED, ended_at=world.clock.now())
        assert not close(world, ALICE, record).complete
        assert close(world, BOB, record).state == "closed"
        assert world.start(ALICE, record.request).run.endswith("/2")

    def test_either_pauses_or_aborts_it_alone(self, world: World) -> None:
        record = world.run(world.start(ALICE, world.standing_approved().number).run)
        draft = drafts.pause(record.id, "noise")
        world.submit(BOB, draft.kind, draft.subject, draft.content)
        assert world.run(record.id).wish == Wish(pause=True)


class TestRevoking:
    @pytest.mark.parametrize("person", [ALICE, BOB, CAROL])
    def test_takes_one_signature_and_no_run_begins_afterwards(self, wider_world: World, person: Signer) -> None:
        world = wider_world
        number = world.standing_approved().number
        assert world.revoke(person, number).state == "revoked"
        assert refused(world, ALICE, number) == "standing:over"
        assert Tag.REQUEST_REVOKED in world.tags()

    def test_not_by_somebody_whom_neither_it_nor_policy_names(self, wider_world: World) -> None:
        world = wider_world
        number = world.standing_approved().number
        rules = world.premises.policy
        nobody = replace(rules, standing=replace(rules.standing, revoke=()))
        world.use_policy(nobody)
        with pytest.raises(RefusedError) as caught:
            world.revoke(CAROL, number)
        assert caught.value.rule == "policy:role"
        assert world.revoke(ALICE, number).state == "revoked"

    def test_goes_on_with_what_is_running(self, world: World) -> None:
        number = world.standing_approved().number
        run = world.start(ALICE, number).run
        world.revoke(BOB, number)
        assert world.run(run).state is RunState.RUNNING

    def test_only_what_stands(self, world: World) -> None:
        request = world.approved()
        with pytest.raises(RefusedError) as caught:
            world.revoke(ALICE, request.number)
        assert caught.value.rule == "state:not-standing"
        stands = world.standing(ALICE, world.plan(request.content, window=None)).request
        world.revoke(ALICE, stands)
        with pytest.raises(RefusedError) as caught:
            world.revoke(ALICE, stands)
        assert caught.value.rule == "state:not-standing"


class TestLeavers:
    @pytest.mark.parametrize("name", ["alice", "bob"])
    def test_it_lapses_with_whoever_leaves(self, full_world: World, name: str) -> None:
        world = full_world
        number = world.standing_approved().number
        others = [each for each in (ALICE, BOB, CAROL) if each.name != name]
        granted(world, Leave(name, "gone"), by=others[0], and_by=others[1])
        assert world.found_request(number).state is RequestState.REVOKED
        assert world.payload_of(Tag.STANDING_LAPSED)["person"] == name
        assert refused(world, CAROL, number) in ("standing:lapsed", "standing:over")

    def test_it_lapses_with_whoever_is_suspended_and_does_not_come_back(self, wider_world: World) -> None:
        world = wider_world
        number = world.standing_approved().number
        apply(world, ALICE, Suspend("bob", "ill"))
        assert world.found_request(number).state is RequestState.REVOKED
        granted(world, Reinstate("bob", "well"), by=ALICE, and_by=CAROL)
        assert refused(world, ALICE, number) == "standing:over"

    def test_somebody_elses_goes_on(self, wider_world: World) -> None:
        world = wider_world
        number = world.standing_approved().number
        granted(world, Leave("carol", "gone"))
        assert world.start(ALICE, number).state == "running"


def test_policy_bounds_it_by_the_terms_of_class_standard(world: World) -> None:
    rules = world.premises.policy
    assert rules.classes[Risk.STANDARD].max_runs is None
    world.use_policy(replace(rules, max_runs=5))
    assert world.standing_approved(max_runs=5).standing == StandingTerms(NOW + timedelta(days=1), 5)
    classes = {**rules.classes, Risk.STANDARD: replace(rules.classes[Risk.STANDARD], max_runs=1)}
    world.use_policy(replace(rules, classes=classes, max_runs=5))
    with pytest.raises(RefusedError) as caught:
        world.standing(ALICE, world.plan(world.found_content(), window=None), max_runs=2)
    assert caught.value.rule == "L4:max-runs"
    assert Policy().standing.revoke
