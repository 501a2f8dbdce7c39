"""Verification follows the policies: which was in force where, and under which an approval was given (step 3.7)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.model.document import JsonObject
from runner.model.grant import SetPolicy
from runner.model.log import About, ActorKind, Entry
from runner.model.verdict import VerdictWord
from runner.rules.tags import Tag
from tests.integration.test_audit_grants import GrantWorld, step
from tests.signed import ANN, BOB
from tests.stores import digest

FOUNDING = digest("9")


def policy(*more: str) -> SetPolicy:
    text = "".join(f"{line}\n" for line in ("apiVersion: twokey/v1", "kind: Policy", "name: next", *more))
    return SetPolicy("sha256:" + hashlib.sha256(text.encode()).hexdigest(), text)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[GrantWorld]:
    made = GrantWorld(tmp_path)
    made.found(ANN, BOB)
    yield made
    made.store.close()


def note(world: GrantWorld, tag: Tag, payload: JsonObject, statement: str = "") -> None:
    world.put(Entry(tag, world.clock.now(), ActorKind.SERVICE, "twokey", About(statement=statement), payload))


def granted(world: GrantWorld, grant: SetPolicy) -> str:
    return world.approve(BOB, world.apply(ANN, grant)).id


def taken(world: GrantWorld, grant: SetPolicy) -> None:
    note(world, Tag.POLICY_IN_FORCE, {"policy": grant.digest}, granted(world, grant))


def approved(world: GrantWorld, under: str) -> None:
    note(world, Tag.REQUEST_APPROVED, {"policy": under})


def test_approvals_under_the_policy_of_their_time_are_verified(world: GrantWorld) -> None:
    later = policy()
    approved(world, FOUNDING)
    taken(world, later)
    approved(world, later.digest)
    world.sequence()
    assert world.verify().word is VerdictWord.VERIFIED


def test_an_approval_under_one_that_was_granted_and_not_yet_in_force_is_found(world: GrantWorld) -> None:
    later = policy()
    granted(world, later)
    approved(world, later.digest)
    world.sequence()
    assert step(world.verify()) == "3.7"


def test_an_approval_under_the_former_one_is_found(world: GrantWorld) -> None:
    taken(world, policy())
    approved(world, FOUNDING)
    world.sequence()
    assert step(world.verify()) == "3.7"


def test_a_policy_nobody_granted_is_found(world: GrantWorld) -> None:
    granted(world, policy())
    note(world, Tag.POLICY_IN_FORCE, {"policy": policy("max_runs: 9").digest}, granted(world, policy("max_runs: 2")))
    world.sequence()
    assert step(world.verify()) == "3.7"


@pytest.mark.parametrize("date", ["2999-01-01", "2999-01-01T06:00", "2999-01-01T06:00+08:00"])
def test_one_in_force_before_its_date_is_found(world: GrantWorld, date: str) -> None:
    taken(world, policy(f'in_effect_from: "{date}"'))
    world.sequence()
    assert step(world.verify()) == "3.7"


def test_an_entry_of_an_earlier_release_names_no_policy(world: GrantWorld) -> None:
    note(world, Tag.REQUEST_APPROVED, {})
    world.sequence()
    assert world.verify().word is VerdictWord.VERIFIED
