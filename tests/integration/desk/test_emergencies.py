"""Emergencies: no approver, two people all the same, past every window, and only once."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from runner.engine.desk.desk import Desk
from runner.engine.desk.expiry import expire_requests
from runner.errors import RefusedError, RunnerError
from runner.model.grant import GrantKind, Suspend
from runner.model.people import PersonRole
from runner.model.policy import ApprovalNeed, Policy
from runner.model.request import RequestState
from runner.model.run import RunState
from runner.model.runbook import Risk
from runner.model.statement import StatementKind
from runner.model.time import Window
from runner.rules import grant_statements, statements
from runner.service.request_view import request_shown
from runner.wire.api_request import Outcome, Signed
from runner.wire.documents import to_document
from tests import desk_emergency as emergency
from tests.desk_world import ALICE, BOB, CAROL, NOW, Signer, World

OPEN = Window(NOW - timedelta(hours=1), NOW + timedelta(hours=1))


class TestRequest:
    def test_is_approved_as_soon_as_it_is_submitted(self, world: World) -> None:
        request = emergency.requested(world)
        assert (request.state, request.risk) == (RequestState.APPROVED, Risk.EMERGENCY)
        moved = world.payload_of("service:request:moved")
        assert moved == {"from": "submitted", "to": "approved", "revision": 1, "why": "L12"}

    def test_says_that_two_people_start_it(self, world: World) -> None:
        outcome = world.request(ALICE, world.plan(emergency.publish(world), emergency.CLOSED))
        assert outcome.state == "approved"
        assert outcome.next is not None
        assert (outcome.next.kind, outcome.next.people, outcome.next.until) == (
            StatementKind.START,
            ("alice", "bob"),
            None,
        )

    def test_tells_people_outside_at_once_and_nothing_but_number_class_state_and_time(self, world: World) -> None:
        request = emergency.requested(world)
        (notice,) = world.runs.told
        assert str(notice) == f"number={request.number} class=emergency state=approved at=2026-11-23T02:00:00Z"
        assert notice.loud

    @pytest.mark.parametrize("window", [None, OPEN, emergency.CLOSED], ids=["none", "open", "closed"])
    def test_needs_no_window(self, world: World, window: Window | None) -> None:
        assert emergency.requested(world, window).state is RequestState.APPROVED

    def test_is_approved_whatever_approvals_a_policy_asks_for(self, world: World) -> None:
        need = ApprovalNeed((PersonRole.APPROVER,), count=2)
        classes = {risk: replace(terms, approvals=(need,)) for risk, terms in Policy().classes.items()}
        world.use_policy(Policy(classes=classes))
        request = emergency.requested(world)
        assert world.confirm(BOB, world.start(ALICE, request.number)).state == "running"

    def test_needs_published_content(self, world: World) -> None:
        emergency.publish(world)
        path = world.site.root / emergency.RUNBOOK
        path.write_text(emergency.TEXT.replace("version: 1", "version: 2"), encoding="utf-8")
        digest = world.desk.propose(world.proposal(ALICE, world.reach(emergency.RUNBOOK))).subject
        with pytest.raises(RefusedError) as caught:
            world.request(ALICE, world.plan(digest, None))
        assert caught.value.rule == "L1:not-published"

    @pytest.mark.parametrize("kind", [StatementKind.APPROVE, StatementKind.REJECT])
    def test_is_neither_approved_nor_rejected_by_anybody(self, world: World, kind: StatementKind) -> None:
        request = emergency.requested(world)
        content = statements.approve_content(request, NOW, NOW + timedelta(hours=1), 1)
        if kind is StatementKind.REJECT:
            content = statements.reject_content(request, "not now")
        with pytest.raises(RefusedError) as caught:
            world.submit(BOB, kind, request.number, content)
        assert caught.value.rule == "L12:no-approval"
        assert world.found_request(request.number).state is RequestState.APPROVED

    def test_is_withdrawn_by_its_requester(self, world: World) -> None:
        request = emergency.requested(world)
        content = statements.withdraw_content(request, "a false alarm")
        assert world.submit(ALICE, StatementKind.WITHDRAW, request.number, content).state == "withdrawn"

    def test_does_not_expire_with_its_window_but_when_nobody_starts_it_for_long(self, world: World) -> None:
        request = emergency.requested(world)
        assert expire_requests(world.premises) == 0
        world.clock.pass_by(days=7)
        assert expire_requests(world.premises) == 1
        assert world.found_request(request.number).state is RequestState.EXPIRED


class TestStart:
    def test_passes_a_closed_window_and_is_marked(self, world: World) -> None:
        record = emergency.begun(world)
        assert (record.state, record.executor, record.confirmer) == (RunState.RUNNING, "alice", "bob")
        assert world.payload_of("person:run:start_signed")["outside_window"] is True
        assert world.payload_of("person:run:confirm_signed")["outside_window"] is True
        marked = world.payload_of("service:run:outside_window")
        assert marked == {"opens": "2026-11-22T23:00:00Z", "closes": "2026-11-23T01:00:00Z"}

    def test_inside_its_window_is_not_marked(self, world: World) -> None:
        world.confirm(BOB, world.start(ALICE, emergency.requested(world, OPEN).number))
        assert "service:run:outside_window" not in world.tags()
        assert "outside_window" not in world.payload_of("person:run:start_signed")

    def test_needs_another_confirmer(self, world: World) -> None:
        started = world.start(ALICE, emergency.requested(world).number)
        with pytest.raises(RefusedError) as caught:
            world.confirm(ALICE, started)
        assert caught.value.rule == "L2:confirmer-is-executor"
        assert world.run(started.run).state is RunState.CONFIRMING

    def test_needs_a_signature_of_the_confirmer_s_own_key(self, world: World) -> None:
        started = world.start(ALICE, emergency.requested(world).number)
        imposter = Signer("bob", ALICE.key)
        with pytest.raises(RefusedError):
            world.confirm(imposter, started)
        assert world.run(started.run).state is RunState.CONFIRMING

    def test_needs_the_inventory_to_be_that_of_the_plan(self, world: World) -> None:
        number = emergency.requested(world).number
        hosts = world.site.inventory / "hosts.yml"
        hosts.write_text(hosts.read_text().replace("green", "red"))
        with pytest.raises(RefusedError) as caught:
            world.start(ALICE, number)
        assert caught.value.rule == "L3:binding-changed"

    def test_lapses_when_nobody_confirms_and_may_be_made_again(self, world: World) -> None:
        number = emergency.requested(world).number
        started = world.start(ALICE, number)
        world.clock.pass_by(seconds=300)
        with pytest.raises(RefusedError) as caught:
            world.confirm(BOB, started)
        assert caught.value.rule == "L2:start-lapsed"
        world.change_run(started.run, state=RunState.LAPSED)
        assert world.confirm(BOB, world.start(ALICE, number)).state == "running"

    def test_is_refused_to_who_is_suspended(self, wider_world: World) -> None:
        world = wider_world
        number = emergency.requested(world).number
        suspend(world, BOB, "carol")
        with pytest.raises(RefusedError) as caught:
            world.start(CAROL, number)
        assert caught.value.rule == "people:suspended"

    def test_is_refused_on_production_to_an_embedded_service(self, world: World) -> None:
        number = emergency.requested(world).number
        world.use_site(replace(world.site, production=True))
        with pytest.raises(RefusedError) as caught:
            world.start(ALICE, number)
        assert caught.value.rule == "L1:embedded-production"


class TestOnce:
    def test_one_request_is_one_run(self, world: World) -> None:
        record = emergency.ended(world)
        assert world.found_request(record.request).state is RequestState.USED
        world.release(record.id)
        with pytest.raises(RefusedError) as caught:
            world.start(ALICE, record.request)
        assert caught.value.rule == "state:not-approved"

    def test_two_confirmations_at_once_begin_one_run(self, wider_world: World) -> None:
        world = wider_world
        request = emergency.requested(world)
        started = world.start(ALICE, request.number)
        content = statements.confirm_content(request, started.run, started.statement, "alice")
        signed = [
            world.signed(person, world.statement(person, StatementKind.CONFIRM, started.run, content))
            for person in (BOB, CAROL)
        ]
        outcomes, refusals = at_once(world, signed)
        assert [outcome.run for outcome in outcomes] == [started.run] == world.runs.begun
        assert len(refusals) == 1
        assert world.tags().count("service:review:owed") == 1
        assert world.found_request(request.number).state is RequestState.USED


def test_what_may_be_signed_is_a_start_or_a_withdrawal(world: World) -> None:
    request = emergency.requested(world)
    with world.store.reading() as transaction:
        shown = request_shown(world.premises, transaction, request.number, NOW)
    assert [act.kind for act in shown.acts] == [StatementKind.START, StatementKind.WITHDRAW]
    assert shown.hindrances == ()


def at_once(world: World, signed: list[Signed]) -> tuple[list[Outcome], list[RunnerError]]:
    """Hand statements in at two desks of one store at the same moment."""
    outcomes: list[Outcome] = []
    refusals: list[RunnerError] = []
    line = threading.Barrier(len(signed))

    def hand_in(one: Signed) -> None:
        desk = Desk(world.premises)
        line.wait(10)
        try:
            outcomes.append(desk.submit(one))
        except RunnerError as error:
            refusals.append(error)

    threads = [threading.Thread(target=hand_in, args=(one,)) for one in signed]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return outcomes, refusals


def suspend(world: World, person: Signer, name: str) -> None:
    """Suspend somebody; it takes effect at once."""
    content = grant_statements.apply_content(GrantKind.SUSPEND, to_document(Suspend(name, "on leave")), "on leave")
    world.submit(person, StatementKind.APPLY, world.site.origin, content)
