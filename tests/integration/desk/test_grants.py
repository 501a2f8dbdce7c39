"""Grants at the desk: two people change the register, and what they changed counts for the next signature."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from runner.engine.desk.register import RegisterShelf
from runner.errors import InvalidContentError, RefusedError, RunnerError, SignatureError, UsageError
from runner.model.document import JsonObject
from runner.model.grant import (
    AddKey,
    Appoint,
    Enrol,
    GrantKind,
    GrantState,
    Leave,
    RevokeKey,
    SetPolicy,
    Suspend,
)
from runner.model.people import Standing
from runner.model.statement import StatementKind
from runner.proof.canonical import digest
from runner.rules import grant_statements
from runner.wire.documents import to_document
from tests.desk_grants import answer, apply, granted, record
from tests.desk_site import ORIGIN, POLICY
from tests.desk_world import ALICE, BOB, CAROL, STRANGER, Signer, World, make_world
from tests.ssh_keys import software_key

CAROL_LINE = CAROL.key.public.to_line()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    make_world(tmp_path)
    opened = World(tmp_path)
    yield opened
    opened.close()


def enrolled(world: World) -> None:
    """Carol, with a post."""
    granted(world, Enrol("carol", "Carol", "", CAROL_LINE))
    granted(world, Appoint("carol", "member"))


def people(world: World) -> dict[str, Standing]:
    with world.store.reading() as transaction:
        found = RegisterShelf().of(transaction)
        assert found == world.premises.register.of(transaction), "what is kept is what stands there"
        return {name: person.standing for name, person in found.people.items()}


def test_a_third_person_is_applied_for_approved_and_inspected(world: World) -> None:
    applied = apply(world, ALICE, Enrol("carol", "Carol", "", CAROL_LINE))
    assert (applied.subject, applied.state, applied.complete) == ("SQ-2026-0001", "applied", False)
    assert "carol" not in people(world)
    assert answer(world, BOB, StatementKind.GRANT, applied.subject).state == "granted"
    assert people(world)["carol"] is Standing.ACTIVE
    assert answer(world, ALICE, StatementKind.INSPECT, applied.subject).state == "checked"
    assert world.tags()[-4:] == [
        "person:grant:applied",
        "person:grant:approved",
        "service:grant:entered",
        "person:grant:inspected",
    ]


def test_who_is_enrolled_may_sign_and_only_then(world: World) -> None:
    number = world.requested().number
    with pytest.raises(SignatureError) as caught:
        world.approve(CAROL, number)
    assert caught.value.rule == "L1:unknown-key"
    granted(world, Enrol("carol", "Carol", "", CAROL_LINE))
    with pytest.raises(RefusedError) as refusal:
        world.approve(CAROL, number)
    assert refusal.value.rule == "policy:role"
    granted(world, Appoint("carol", "member"))
    assert world.approve(CAROL, number).state == "approved"


def test_nobody_grants_alone(world: World) -> None:
    number = apply(world, ALICE, Enrol("carol", "Carol", "", CAROL_LINE)).subject
    with pytest.raises(RefusedError) as refusal:
        answer(world, ALICE, StatementKind.GRANT, number)
    assert refusal.value.rule == "L1:applicant-approves"
    assert record(world, number).state is GrantState.APPLIED
    assert "carol" not in people(world)


def test_an_application_is_no_approval(world: World) -> None:
    number = apply(world, ALICE, Enrol("carol", "Carol", "", CAROL_LINE)).subject
    found = record(world, number)
    content = grant_statements.grant_content(found, to_document(found.grant))
    statement = replace(world.statement(BOB, StatementKind.APPLY, number, content))
    signed = world.signed(BOB, statement)
    for forged in (
        replace(signed, statement=signed.statement.replace('"kind":"apply"', '"kind":"grant"')),
        replace(signed, signature=world.signed(BOB, replace(statement, kind=StatementKind.INSPECT)).signature),
    ):
        with pytest.raises(RunnerError):
            world.desk.submit(forged)
    assert record(world, number).state is GrantState.APPLIED


def test_what_is_approved_is_what_was_applied_for(world: World) -> None:
    number = apply(world, ALICE, Enrol("carol", "Carol", "", CAROL_LINE)).subject
    found = record(world, number)
    other: JsonObject = to_document(Enrol("carol", "Carol", "", STRANGER.key.public.to_line()))
    with pytest.raises(SignatureError) as caught:
        world.submit(BOB, StatementKind.GRANT, number, grant_statements.grant_content(found, other))
    assert caught.value.facts["field"] == "terms"


def test_an_approval_is_good_once(world: World) -> None:
    number = granted(world, Enrol("carol", "Carol", "", CAROL_LINE))
    with pytest.raises(RefusedError) as refusal:
        answer(world, BOB, StatementKind.GRANT, number)
    assert refusal.value.rule == "state:grant-decided"


@pytest.mark.parametrize("kind, person", [(StatementKind.DENY, BOB), (StatementKind.RETRACT, ALICE)])
def test_what_is_turned_down_or_taken_back_never_takes_effect(
    world: World, kind: StatementKind, person: Signer
) -> None:
    number = apply(world, ALICE, Enrol("carol", "Carol", "", CAROL_LINE)).subject
    answer(world, person, kind, number)
    with pytest.raises(RefusedError):
        answer(world, BOB, StatementKind.GRANT, number)
    assert "carol" not in people(world)


def test_somebody_who_has_left_signs_nothing_and_their_key_serves_nobody(world: World) -> None:
    enrolled(world)
    number = world.requested().number
    granted(world, Leave("carol", "moved away"))
    with pytest.raises(RefusedError) as refusal:
        world.approve(CAROL, number)
    assert refusal.value.rule == "people:left"
    with pytest.raises(RefusedError) as taken:
        apply(world, ALICE, Enrol("dora", "Dora", "", CAROL_LINE))
    assert taken.value.rule == "L2:one-key-one-person"


def test_one_person_suspends_at_once_and_another_inspects_it(world: World) -> None:
    enrolled(world)
    outcome = apply(world, ALICE, Suspend("carol", "key lost"))
    assert (outcome.state, outcome.complete) == ("granted", True)
    assert people(world)["carol"] is Standing.SUSPENDED
    with pytest.raises(RefusedError) as refusal:
        world.approve(CAROL, world.requested().number)
    assert refusal.value.rule == "people:suspended"
    with pytest.raises(RefusedError) as own:
        answer(world, ALICE, StatementKind.INSPECT, outcome.subject)
    assert own.value.rule == "L1:approver-inspects"
    assert answer(world, BOB, StatementKind.INSPECT, outcome.subject).state == "checked"


def test_neither_of_two_shuts_the_other_out(world: World) -> None:
    for grant in (Suspend("bob", "x"), RevokeKey("bob", BOB.key.public.fingerprint, "x")):
        with pytest.raises(RefusedError) as refusal:
            apply(world, ALICE, grant)
        assert refusal.value.rule == "L1:nobody-left"
    assert people(world) == {"alice": Standing.ACTIVE, "bob": Standing.ACTIVE}


def test_a_revoked_key_signs_nothing_and_the_new_one_does(world: World) -> None:
    new = Signer("alice", software_key("ssh-ed25519", 77))
    granted(world, AddKey("alice", new.key.public.to_line()))
    apply(world, ALICE, RevokeKey("alice", ALICE.key.public.fingerprint, "rotated"))
    reach = world.reach()
    with pytest.raises(RefusedError) as refusal:
        world.desk.propose(world.proposal(ALICE, reach))
    assert refusal.value.rule == "L1:key-revoked"
    assert world.desk.propose(world.proposal(new, reach)).complete is False


def test_an_expired_key_signs_nothing(world: World) -> None:
    new = Signer("alice", software_key("ssh-ed25519", 78))
    granted(world, AddKey("alice", new.key.public.to_line(), world.clock.now() + timedelta(hours=1)))
    world.clock.pass_by(hours=1)
    with pytest.raises(RefusedError) as refusal:
        world.desk.propose(world.proposal(new, world.reach()))
    assert refusal.value.rule == "L1:key-expired"


class TestPolicy:
    LAXER = POLICY.replace("max_runs: 2", "max_runs: 5")

    def test_another_policy_takes_two_people_and_counts_at_once(self, world: World) -> None:
        source = self.LAXER
        number = apply(world, ALICE, SetPolicy(digest(source.encode()), source)).subject
        assert world.premises.policy.max_runs == 2
        answer(world, BOB, StatementKind.GRANT, number)
        assert world.premises.policy.max_runs == 5
        world.reload()
        assert world.premises.policy.max_runs == 5, "and after a restart"

    def test_one_with_problems_is_refused_before_anybody_approves_it(self, world: World) -> None:
        source = POLICY + "no_such_key: 1\n"
        with pytest.raises(InvalidContentError):
            apply(world, ALICE, SetPolicy(digest(source.encode()), source))

    def test_its_digest_is_that_of_its_text(self, world: World) -> None:
        with pytest.raises(UsageError):
            apply(world, ALICE, SetPolicy(digest(b"other"), self.LAXER))


@pytest.mark.parametrize(
    "content",
    [
        {"grant": "rob", "terms": {}, "reason": "x"},
        {"grant": "suspend", "terms": [], "reason": "x"},
        {"grant": "suspend", "terms": {"person": "bob"}, "reason": "x"},
        {"grant": "suspend", "terms": {"person": "bob", "reason": "x", "more": 1}, "reason": "x"},
        {"grant": GrantKind.ENROL.value, "terms": {"person": "", "called": "", "unit": "", "key": ""}, "reason": "x"},
    ],
)
def test_what_is_no_grant_is_refused(world: World, content: JsonObject) -> None:
    with pytest.raises(RunnerError):
        world.submit(ALICE, StatementKind.APPLY, ORIGIN, content)
    assert people(world) == {"alice": Standing.ACTIVE, "bob": Standing.ACTIVE}
