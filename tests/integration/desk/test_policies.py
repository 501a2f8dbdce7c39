"""A policy with a date of effect: granted now, in force then, and the approvals before it start nothing any more."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

import pytest

from runner.engine.desk.expiry import expire_requests
from runner.engine.desk.policies import switch_policies
from runner.errors import InvalidContentError, RefusedError
from runner.model.grant import SetPolicy
from runner.model.request import RequestState
from runner.model.statement import StatementKind
from runner.model.time import Window, to_rfc3339
from runner.proof.canonical import digest
from runner.service.policy_view import policy_shown
from runner.service.request_view import request_shown, waiting
from tests.desk_grants import answer, apply, granted
from tests.desk_site import POLICY
from tests.desk_world import ALICE, BOB, NOW, WINDOW, World

LATER = NOW + timedelta(minutes=30)
LONG = Window(NOW, NOW + timedelta(hours=6))


def policy(runs: int = 5, *more: str) -> SetPolicy:
    text = POLICY.replace("max_runs: 2", f"max_runs: {runs}") + "".join(f"{line}\n" for line in more)
    return SetPolicy(digest(text.encode()), text)


def from_later(runs: int = 5, *more: str) -> SetPolicy:
    return policy(runs, f'in_effect_from: "{LATER:%Y-%m-%dT%H:%MZ}"', *more)


def approved(world: World) -> str:
    number = world.request(ALICE, world.plan(world.publish(), LONG)).request
    world.approve(BOB, number)
    return number


def refused_start(world: World, number: str) -> RefusedError:
    with pytest.raises(RefusedError) as refusal:
        world.start(ALICE, number)
    return refusal.value


class TestTheDate:
    def test_it_is_granted_now_and_counts_then(self, world: World) -> None:
        number = granted(world, from_later())
        assert world.premises.policy.max_runs == 2
        with world.store.reading() as transaction:
            (coming,) = policy_shown(world.premises, transaction).coming
        assert (coming.number, coming.at) == (number, LATER)
        world.clock.pass_by(minutes=29)
        assert switch_policies(world.premises) == 0
        world.clock.pass_by(minutes=1)
        assert switch_policies(world.premises) == 1
        assert world.premises.policy.max_runs == 5
        assert world.tags()[-1] == "service:policy:in_force"
        assert switch_policies(world.premises) == 0
        with world.store.reading() as transaction:
            shown = policy_shown(world.premises, transaction)
        assert (shown.grant, shown.coming) == (number, ())

    def test_a_restart_before_and_after_the_date_forgets_nothing(self, world: World) -> None:
        granted(world, from_later())
        world.reload()
        assert world.premises.policy.max_runs == 2
        world.clock.pass_by(hours=1)
        world.reload()
        assert switch_policies(world.premises) == 1
        world.reload()
        assert world.premises.policy.max_runs == 5

    def test_a_clock_set_back_does_not_bring_the_former_one_back(self, world: World) -> None:
        granted(world, from_later())
        world.clock.pass_by(hours=1)
        switch_policies(world.premises)
        world.clock.pass_by(hours=-1)
        world.reload()
        assert switch_policies(world.premises) == 0
        assert world.premises.policy.max_runs == 5

    def test_the_first_statement_after_the_date_is_decided_by_the_new_one(self, world: World) -> None:
        number = world.request(ALICE, world.plan(world.publish(), LONG)).request
        granted(world, from_later(5))
        world.clock.pass_by(hours=1)
        world.approve(BOB, number, max_runs=5)
        assert world.tags().index("service:policy:in_force") < world.tags().index("person:request:approved")

    def test_a_date_that_is_past_counts_at_once(self, world: World) -> None:
        granted(world, policy(5, 'in_effect_from: "2020-01-01"'))
        assert world.premises.policy.max_runs == 5

    def test_two_come_in_the_order_of_their_dates(self, world: World) -> None:
        later = (LATER + timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%MZ")
        granted(world, policy(4, f'in_effect_from: "{later}"'))
        granted(world, from_later(3))
        world.clock.pass_by(hours=1)
        assert switch_policies(world.premises) == 2
        assert world.premises.policy.max_runs == 4

    @pytest.mark.parametrize("written", ["2027-02-30", "soon", "2027-01-01T25:00"])
    def test_a_day_that_is_none_is_refused(self, world: World, written: str) -> None:
        with pytest.raises(InvalidContentError):
            apply(world, ALICE, policy(5, f'in_effect_from: "{written}"'))


class TestTheVersion:
    def test_it_rises(self, world: World) -> None:
        granted(world, policy(3, "version: 3"))
        for more in ((), ("version: 3",), ("version: 2",)):
            with pytest.raises(RefusedError) as refusal:
                apply(world, ALICE, policy(4, *more))
            assert refusal.value.rule == "policy:version"
        granted(world, policy(4, "version: 4"))

    def test_a_higher_one_at_once_overtakes_one_to_come(self, world: World) -> None:
        granted(world, from_later(3, "version: 3"))
        granted(world, policy(4, "version: 4"))
        assert world.premises.in_force.coming == ()
        world.clock.pass_by(hours=1)
        assert switch_policies(world.premises) == 0
        assert world.premises.policy.max_runs == 4

    def test_two_applications_of_one_number_are_not_both_approved(self, world: World) -> None:
        first = apply(world, ALICE, policy(3, "version: 3")).subject
        second = apply(world, ALICE, policy(4, "version: 3")).subject
        answer(world, BOB, StatementKind.GRANT, first)
        with pytest.raises(RefusedError) as refusal:
            answer(world, BOB, StatementKind.GRANT, second)
        assert refusal.value.rule == "policy:version"


class TestApprovals:
    def test_they_start_nothing_under_another_policy_until_given_again(self, world: World) -> None:
        number = approved(world)
        granted(world, from_later())
        world.clock.pass_by(hours=1)
        refusal = refused_start(world, number)
        assert refusal.rule == "policy:approval-lapsed"
        assert "approve" in refusal.advice()
        assert world.found_request(number).state is RequestState.SUBMITTED
        with world.store.reading() as transaction:
            acts = waiting(world.premises, transaction, "bob", world.clock.now()).acts
        assert (StatementKind.APPROVE, number) in [(act.kind, act.request) for act in acts]
        world.approve(BOB, number)
        world.confirm(BOB, world.start(ALICE, number))
        assert world.found_request(number).state is RequestState.USED

    def test_a_start_that_waits_for_its_confirmer_is_not_confirmed(self, world: World) -> None:
        started = world.start(ALICE, approved(world))
        granted(world, policy())
        with pytest.raises(RefusedError) as refusal:
            world.confirm(BOB, started)
        assert refusal.value.rule == "policy:approval-lapsed"

    def test_the_same_policy_granted_again_changes_nothing(self, world: World) -> None:
        granted(world, policy())
        number = approved(world)
        granted(world, policy())
        world.start(ALICE, number)

    def test_they_are_listed_beforehand(self, world: World) -> None:
        number = approved(world)
        granted(world, from_later())
        with world.store.reading() as transaction:
            shown = policy_shown(world.premises, transaction)
            change = request_shown(world.premises, transaction, number, world.clock.now())
        assert [(each.request, each.approver, each.not_after) for each in shown.approvals] == [
            (number, "bob", LONG.closes)
        ]
        (mark,) = change.marks
        assert mark.facts["at"] == to_rfc3339(LATER)

    def test_one_that_is_over_before_the_date_is_not_marked(self, world: World) -> None:
        number = approved(world)
        far = (WINDOW.closes + timedelta(days=2)).strftime("%Y-%m-%dT%H:%MZ")
        granted(world, policy(5, f'in_effect_from: "{far}"'))
        with world.store.reading() as transaction:
            assert request_shown(world.premises, transaction, number, world.clock.now()).marks == ()

    def test_an_approval_in_the_database_under_another_digest_counts_for_nothing(self, world: World) -> None:
        number = approved(world)
        with sqlite3.connect(world.state.database) as database:
            database.execute("UPDATE approvals SET policy = NULL")
        database.close()
        assert refused_start(world, number).rule == "policy:approval-lapsed"

    def test_a_lapsed_one_does_not_end_a_request_that_was_approved_again(self, world: World) -> None:
        number = approved(world)
        granted(world, policy())
        world.approve(BOB, number)
        assert expire_requests(world.premises) == 0
        assert world.found_request(number).state is RequestState.APPROVED
