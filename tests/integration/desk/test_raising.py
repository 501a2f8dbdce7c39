"""The risk class raised by whoever requests: what is signed is the raised one, and its terms follow."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runner.errors import RefusedError, SignatureError
from runner.model.runbook import Risk
from runner.model.statement import StatementKind
from runner.service.request_view import request_shown
from tests.desk_world import ALICE, BOB, CAROL, World, make_world, opened_world


def test_a_raised_change_has_the_terms_of_its_class(tmp_path: Path) -> None:
    make_world(tmp_path, (ALICE, BOB, CAROL))
    with opened_world(tmp_path) as world:
        number = world.request(ALICE, world.plan(world.publish(), risk=Risk.MAJOR)).request
        assert world.found_request(number).risk is Risk.MAJOR
        world.approve(BOB, number)
        started = world.start(ALICE, number)
        with pytest.raises(RefusedError) as refusal:
            world.confirm(BOB, started)
        assert refusal.value.rule == "L2:major-approver-confirms"
        world.confirm(CAROL, started)


def test_the_page_says_by_which_rule(world: World) -> None:
    number = world.request(ALICE, world.plan(world.publish(), risk=Risk.MAJOR)).request
    with world.store.reading() as transaction:
        shown = request_shown(world.premises, transaction, number, world.clock.now())
    assert [rule.message for rule in shown.risk_rules] == ["raised by whoever requests it"]


@pytest.mark.parametrize("wanted, rule", [(Risk.STANDARD, "risk:lowered"), (Risk.EMERGENCY, "risk:emergency")])
def test_it_is_neither_lowered_nor_made_an_emergency(world: World, wanted: Risk, rule: str) -> None:
    content = world.publish()
    with pytest.raises(RefusedError) as refusal:
        world.plan(content, risk=wanted)
    assert refusal.value.rule == rule


def test_the_class_it_has_anyway_makes_the_same_plan(world: World) -> None:
    content = world.publish()
    assert world.plan(content, risk=Risk.ORDINARY).digests == world.plan(content).digests
    assert world.plan(content, risk=Risk.MAJOR).digests != world.plan(content).digests


def test_raising_does_not_shed_what_the_lower_class_asks_for(world: World) -> None:
    """A policy that tightens one class and forgets a higher one is no way around it."""
    policy = world.premises.policy
    tight = replace(policy.classes[Risk.ORDINARY], attachments=("risk_analysis",))
    world.use_policy(replace(policy, classes={**policy.classes, Risk.ORDINARY: tight}))
    content = world.publish()
    with pytest.raises(RefusedError) as refusal:
        world.request(ALICE, world.plan(content, risk=Risk.MAJOR))
    assert (refusal.value.rule, refusal.value.facts["field"]) == ("risk:laxer-terms", "attachments")


def test_nor_is_one_started_once_a_policy_has_made_it_so(tmp_path: Path) -> None:
    make_world(tmp_path, (ALICE, BOB, CAROL))
    with opened_world(tmp_path) as world:
        number = world.request(ALICE, world.plan(world.publish(), risk=Risk.MAJOR)).request
        world.approve(BOB, number)
        policy = world.premises.policy
        tight = replace(policy.classes[Risk.ORDINARY], max_runs=1)
        world.use_policy(replace(policy, classes={**policy.classes, Risk.ORDINARY: tight}))
        with pytest.raises(RefusedError) as refusal:
            world.start(ALICE, number)
        assert refusal.value.rule == "risk:laxer-terms"


def test_a_statement_of_another_class_than_the_plans_is_refused(world: World) -> None:
    document = world.plan(world.publish(), risk=Risk.MAJOR)
    content = {**world.request_content(document), "risk": Risk.ORDINARY.value}
    with pytest.raises(SignatureError) as refusal:
        world.submit(ALICE, StatementKind.REQUEST, document.digests.plan, content)
    assert refusal.value.facts["field"] == "risk"
