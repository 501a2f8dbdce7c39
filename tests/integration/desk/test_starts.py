"""Starting: two people within minutes, and everything looked at again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from runner.errors import RefusedError, SignatureError
from runner.model.plan import Runtime
from runner.model.policy import Drift
from runner.model.request import RequestState
from runner.model.run import RunKind, RunState
from runner.model.statement import StatementKind
from runner.model.time import Window
from runner.rules import statements
from runner.wire.api_request import Outcome
from tests.desk_world import ALICE, BOB, CAROL, NOW, World


class TestStart:
    def test_makes_a_run_that_waits_for_its_confirmer(self, world: World) -> None:
        outcome = world.start(ALICE, world.approved().number)
        record = world.run(outcome.run)
        assert (record.state, record.executor, record.confirmer) == (RunState.CONFIRMING, "alice", "")
        assert outcome.next is not None
        assert (outcome.next.kind, outcome.next.people) == (StatementKind.CONFIRM, ("bob",))
        assert outcome.next.until == NOW + timedelta(seconds=300)
        assert world.runs.warmed == world.runs.woken == [outcome.run]
        assert world.runs.begun == []

    def test_is_not_the_approvers(self, world: World) -> None:
        with pytest.raises(RefusedError) as caught:
            world.start(BOB, world.approved().number)
        assert caught.value.rule == "L2:executor-is-approver"

    def test_needs_an_approval(self, world: World) -> None:
        with pytest.raises(RefusedError) as caught:
            world.start(ALICE, world.requested().number)
        assert caught.value.rule == "L2:not-approved"

    @pytest.mark.parametrize(
        "window, rule",
        [
            (Window(NOW + timedelta(minutes=1), NOW + timedelta(hours=2)), "L8:window-not-open"),
            (Window(NOW - timedelta(hours=1), NOW + timedelta(minutes=5)), "L8:window-closed"),
        ],
    )
    def test_needs_the_window_to_be_open(self, world: World, window: Window, rule: str) -> None:
        number = world.request(ALICE, world.plan(world.publish(), window)).request
        world.approve(BOB, number)
        if rule == "L8:window-closed":
            world.clock.pass_by(minutes=5)
        with pytest.raises(RefusedError) as caught:
            world.start(ALICE, number)
        assert caught.value.rule == rule
        assert world.payload_of("service:statement:refused")["rule"] == rule

    @pytest.mark.parametrize(
        "opens, closes, rule",
        [
            (NOW + timedelta(hours=1), NOW + timedelta(hours=2), "L4:not-yet-valid"),
            (NOW, NOW + timedelta(minutes=5), "L4:no-longer-valid"),
        ],
    )
    def test_needs_the_approval_to_be_valid(self, world: World, opens: object, closes: object, rule: str) -> None:
        request = world.requested()
        assert isinstance(opens, type(NOW))
        assert isinstance(closes, type(NOW))
        content = statements.approve_content(request, opens, closes, 1)
        world.submit(BOB, StatementKind.APPROVE, request.number, content)
        world.clock.pass_by(minutes=5)
        with pytest.raises(RefusedError) as caught:
            world.start(ALICE, request.number)
        assert caught.value.rule == rule

    def test_says_which_plan(self, world: World) -> None:
        request = world.approved()
        content = statements.start_content(replace(request, plan="sha256:" + "0" * 64))
        with pytest.raises(SignatureError) as caught:
            world.submit(ALICE, StatementKind.START, request.number, content)
        assert caught.value.facts["field"] == "plan"

    def test_waits_for_the_result_of_an_earlier_run(self, world: World) -> None:
        number = world.approved(max_runs=2).number
        started = world.start(ALICE, number)
        with pytest.raises(RefusedError) as caught:
            world.start(ALICE, number)
        assert caught.value.rule == "L13:result-unsigned"
        world.change_run(started.run, state=RunState.LAPSED)
        again = world.start(ALICE, number)
        assert again.run == f"{number}/2"

    def test_waits_for_a_host_that_is_held(self, world: World) -> None:
        number = world.approved().number
        holder = hold_host(world)
        with pytest.raises(RefusedError) as caught:
            world.start(ALICE, number)
        assert caught.value.rule == "L7:host-held"
        assert caught.value.facts["run"] == holder

    def test_a_major_change_needs_three_people(self, world: World) -> None:
        hosts = world.site.inventory / "hosts.yml"
        hosts.write_text(hosts.read_text().replace("colour: green", "twokey_key: true"))
        number = world.requested().number
        assert world.approve(BOB, number).state == "approved"
        with pytest.raises(RefusedError) as caught:
            world.start(ALICE, number)
        assert caught.value.rule == "L2:major-needs-three"

    def test_a_major_change_of_three_people(self, wider_world: World) -> None:
        world = wider_world
        hosts = world.site.inventory / "hosts.yml"
        hosts.write_text(hosts.read_text().replace("colour: green", "twokey_key: true"))
        number = world.requested().number
        world.approve(BOB, number)
        started = world.start(ALICE, number)
        with pytest.raises(RefusedError) as caught:
            world.confirm(BOB, started)
        assert caught.value.rule == "L2:major-approver-confirms"
        assert world.confirm(CAROL, started).state == "running"


class TestDrift:
    def test_a_changed_variable_refuses_and_is_named(self, world: World) -> None:
        number = world.approved().number
        hosts = world.site.inventory / "hosts.yml"
        hosts.write_text(hosts.read_text().replace("green", "red"))
        with pytest.raises(RefusedError) as caught:
            world.start(ALICE, number)
        assert caught.value.rule == "L3:binding-changed"
        assert caught.value.facts["place"] == "binding.groups.all.variables.colour"
        assert (caught.value.facts["approved"], caught.value.facts["present"]) == ("green", "red")

    def test_a_host_that_is_gone_refuses(self, world: World) -> None:
        number = world.approved().number
        hosts = world.site.inventory / "hosts.yml"
        hosts.write_text(hosts.read_text().replace("web1", "web2"))
        with pytest.raises(RefusedError) as caught:
            world.start(ALICE, number)
        assert caught.value.rule == "L3:binding-changed"
        assert "web1" in str(caught.value)

    def test_an_inventory_with_problems_refuses(self, world: World) -> None:
        number = world.approved().number
        (world.site.inventory / "hosts.yml").write_text("all: [")
        with pytest.raises(RefusedError) as caught:
            world.start(ALICE, number)
        assert caught.value.rule == "L3:binding-changed"

    def test_a_changed_playbook_changes_nothing_for_what_is_approved(self, world: World) -> None:
        request = world.approved()
        (world.site.playbooks / "web" / "restart.yml").write_text("- hosts: all\n  tasks: []\n")
        assert world.start(ALICE, request.number).state == "confirming"
        assert world.open(request.plan).digests.content == request.content

    def drifted(self, world: World, version: str) -> None:
        runtime = world.premises.planner.runtime
        world.premises.planner.runtime = replace(runtime, ansible_core=version)

    def test_patch_level_drift_is_recorded(self, world: World) -> None:
        number = world.approved().number
        before: Runtime = world.premises.planner.runtime
        self.drifted(world, before.ansible_core + ".1")
        assert world.start(ALICE, number).state == "confirming"
        differences = world.payload_of("service:plan:drifted")["differences"]
        assert isinstance(differences, list)
        assert str(differences[0]).startswith("runtime.ansible_core: ")

    def test_other_drift_refuses(self, world: World) -> None:
        number = world.approved().number
        self.drifted(world, "3.0.0")
        with pytest.raises(RefusedError) as caught:
            world.start(ALICE, number)
        assert caught.value.rule == "L3:runtime-changed"

    def test_patch_level_drift_refuses_where_policy_says_so(self, world: World) -> None:
        number = world.approved().number
        self.drifted(world, world.premises.planner.runtime.ansible_core + ".1")
        world.use_policy(replace(world.premises.policy, runtime_drift=Drift.REFUSE))
        with pytest.raises(RefusedError) as caught:
            world.start(ALICE, number)
        assert caught.value.rule == "L3:runtime-changed"


class TestConfirm:
    def test_begins_the_run_and_uses_the_approval(self, world: World) -> None:
        number = world.approved().number
        started = world.start(ALICE, number)
        outcome = world.confirm(BOB, started)
        record = world.run(started.run)
        assert (outcome.state, record.confirmer, record.started_at) == ("running", "bob", NOW)
        assert world.runs.begun == [started.run]
        assert world.found_request(number).state is RequestState.USED
        with world.store.reading() as transaction:
            assert [approval.used for approval in transaction.approvals.of(number)] == [1]

    def test_is_not_the_executors(self, world: World) -> None:
        started = world.start(ALICE, world.approved().number)
        with pytest.raises(RefusedError) as caught:
            world.confirm(ALICE, started)
        assert caught.value.rule == "L2:confirmer-is-executor"
        assert world.runs.begun == []

    def test_is_given_once(self, world: World) -> None:
        started = world.start(ALICE, world.approved().number)
        world.confirm(BOB, started)
        with pytest.raises(RefusedError) as caught:
            world.confirm(BOB, started)
        assert caught.value.rule == "state:not-confirming"
        assert world.runs.begun == [started.run]

    def test_comes_before_the_start_lapses(self, world: World) -> None:
        started = world.start(ALICE, world.approved().number)
        world.clock.pass_by(seconds=300)
        with pytest.raises(RefusedError) as caught:
            world.confirm(BOB, started)
        assert caught.value.rule == "L2:start-lapsed"
        world.change_run(started.run, state=RunState.LAPSED)
        with pytest.raises(RefusedError) as caught:
            world.confirm(BOB, started)
        assert caught.value.rule == "L2:start-lapsed"
        assert world.runs.begun == []

    def test_looks_at_the_window_again(self, world: World) -> None:
        window = Window(NOW - timedelta(hours=1), NOW + timedelta(minutes=2))
        number = world.request(ALICE, world.plan(world.publish(), window)).request
        world.approve(BOB, number)
        started = world.start(ALICE, number)
        world.clock.pass_by(minutes=2)
        with pytest.raises(RefusedError) as caught:
            world.confirm(BOB, started)
        assert caught.value.rule == "L8:window-closed"

    def test_looks_at_the_plan_again(self, world: World) -> None:
        started = world.start(ALICE, world.approved().number)
        hosts = world.site.inventory / "hosts.yml"
        hosts.write_text(hosts.read_text().replace("green", "red"))
        with pytest.raises(RefusedError) as caught:
            world.confirm(BOB, started)
        assert caught.value.rule == "L3:binding-changed"

    def test_names_the_very_start(self, world: World) -> None:
        number = world.approved().number
        first = world.start(ALICE, number)
        world.change_run(first.run, state=RunState.LAPSED)
        second = world.start(ALICE, number)
        with pytest.raises(SignatureError) as caught:
            world.confirm(BOB, replace(second, statement=first.statement))
        assert caught.value.facts["field"] == "start"

    def test_a_refused_confirmation_uses_nothing_up(self, world: World) -> None:
        number = world.approved().number
        started = world.start(ALICE, number)
        hold_host(world)
        with pytest.raises(RefusedError) as caught:
            world.confirm(BOB, started)
        assert caught.value.rule == "L7:host-held"
        with world.store.reading() as transaction:
            assert [approval.used for approval in transaction.approvals.of(number)] == [0]
        assert world.run(started.run).state is RunState.CONFIRMING

    def test_an_approval_of_two_runs_allows_two(self, world: World) -> None:
        number = world.approved(max_runs=2).number
        first = world.start(ALICE, number)
        world.confirm(BOB, first)
        assert world.found_request(number).state is RequestState.APPROVED
        world.release(first.run)
        second = world.start(ALICE, number)
        world.confirm(BOB, second)
        assert world.found_request(number).state is RequestState.USED
        world.release(second.run)
        with pytest.raises(RefusedError) as caught:
            world.start(ALICE, number)
        assert caught.value.rule == "state:not-approved"


class TestCheck:
    def test_needs_one_signature_and_no_request(self, world: World) -> None:
        document = world.plan(world.publish(), None)
        outcome = check(world, document.digests.plan)
        record = world.run(outcome.run)
        assert (record.kind, record.state, record.request) == (RunKind.CHECK, RunState.RUNNING, "")
        assert outcome.run == "CHECK-2026-0001/1"

    def test_needs_published_content(self, world: World) -> None:
        digest = world.desk.propose(world.proposal(ALICE, world.reach())).subject
        document = world.plan(digest, None)
        with pytest.raises(RefusedError) as caught:
            check(world, document.digests.plan)
        assert caught.value.rule == "L1:not-published"

    def test_needs_the_inventory_to_be_that_of_the_plan(self, world: World) -> None:
        document = world.plan(world.publish(), None)
        hosts = world.site.inventory / "hosts.yml"
        hosts.write_text(hosts.read_text().replace("green", "red"))
        with pytest.raises(RefusedError) as caught:
            check(world, document.digests.plan)
        assert caught.value.rule == "L3:binding-changed"


def test_an_embedded_service_refuses_production(world: World) -> None:
    number = world.approved().number
    world.use_site(replace(world.site, production=True))
    with pytest.raises(RefusedError) as caught:
        world.start(ALICE, number)
    assert caught.value.rule == "L1:embedded-production"


def check(world: World, plan: str) -> Outcome:
    opened = world.open(plan)
    content = statements.check_content(opened.digests, opened.runbook.id, opened.runbook.version)
    return world.submit(ALICE, StatementKind.CHECK, plan, content)


def hold_host(world: World) -> str:
    """Have another run hold the one host there is."""
    other = check(world, world.plan(world.found_content(), None).digests.plan).run
    world.release(other)
    with world.store.writing() as transaction:
        identity = world.premises.planner.inventory().hosts[0].identity
        transaction.locks.take(other, [identity], NOW, exclusive=True)
    return other
