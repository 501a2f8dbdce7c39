"""Verification follows the register: who could sign when is what the grants before it say, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from runner.audit.bundle_verify import verify_bundle
from runner.audit.ssh_keygen import SshKeygen
from runner.model.document import JsonObject
from runner.model.grant import (
    AddKey,
    Attest,
    Enrol,
    Grant,
    GrantRecord,
    GrantState,
    Leave,
    Reinstate,
    RevokeKey,
    Suspend,
    kind_of,
)
from runner.model.log import About
from runner.model.statement import SignedStatement, StatementKind
from runner.model.verdict import Verdict, VerdictWord
from runner.rules import grant_statements
from runner.rules.granting import AT_ONCE
from runner.rules.tags import Tag
from runner.wire.documents import to_document
from tests.bundles import bundle_of, members_of, written
from tests.logs import LOG_KEY, LogWorld, small_world
from tests.signed import ANN, BOB, Signer
from tests.ssh_keys import software_key
from tests.stores import NOON, ORIGIN, digest

EVE = Signer("eve", software_key("ssh-ed25519", 3))
ENROL_EVE = Enrol("eve", "Eve", "", EVE.key.public.to_line())


class GrantWorld(LogWorld):
    """A log with grants in it, put there as the service does."""

    def apply(self, person: Signer, grant: Grant) -> GrantRecord:
        content = grant_statements.apply_content(kind_of(grant), to_document(grant), "needed")
        said = person.sign(StatementKind.APPLY, ORIGIN, content)
        self.say(Tag.GRANT_APPLIED, said, About())
        at_once = kind_of(grant) in AT_ONCE
        record = GrantRecord(
            number="",
            grant=grant,
            reason="needed",
            state=GrantState.GRANTED if at_once else GrantState.APPLIED,
            applicant=person.name,
            application=said.id,
            applied_at=NOON,
            decided_at=NOON if at_once else None,
        )
        with self.store.writing() as transaction:
            entered = transaction.grants.next_place() if at_once else None
            added = transaction.grants.add(record)
            added = replace(added, entered=entered)
            transaction.grants.put(added)
        return added

    def approve(self, person: Signer, record: GrantRecord, **changes: object) -> SignedStatement:
        content: JsonObject = {**grant_statements.grant_content(record, to_document(record.grant)), **changes}  # type: ignore[dict-item]  # named by the test
        said = person.sign(StatementKind.GRANT, record.number, content)
        self.say(Tag.GRANT_APPROVED, said, About(request=record.number))
        with self.store.writing() as transaction:
            granted = replace(
                record,
                state=GrantState.GRANTED,
                approver=person.name,
                approval=said.id,
                decided_at=NOON,
                entered=transaction.grants.next_place(),
            )
            transaction.grants.put(granted)
        return said

    def granted(self, grant: Grant) -> None:
        self.approve(BOB, self.apply(ANN, grant))

    def ask(self, person: Signer) -> None:
        self.say(Tag.REQUEST_SUBMITTED, person.sign(StatementKind.REQUEST, digest("4")), About())


@pytest.fixture
def world(tmp_path: Path) -> Iterator[GrantWorld]:
    made = GrantWorld(tmp_path)
    made.found(ANN, BOB)
    yield made
    made.store.close()


def step(verdict: Verdict) -> str:
    """The step that failed, or nothing."""
    return verdict.failure.step if verdict.failure else ""


def test_what_somebody_signs_after_their_enrolment_is_verified(world: GrantWorld) -> None:
    world.granted(ENROL_EVE)
    world.ask(EVE)
    world.sequence()
    assert world.verify().word is VerdictWord.VERIFIED


def test_whoever_was_stopped_for_want_of_use_is_reinstated_though_no_grant_had_stopped_them(
    world: GrantWorld,
) -> None:
    world.granted(ENROL_EVE)
    world.granted(Reinstate("eve", "back"))
    world.ask(EVE)
    world.sequence()
    assert world.verify().word is VerdictWord.VERIFIED


def test_an_application_from_before_its_kind_came_to_say_more_is_approved_as_it_was(world: GrantWorld) -> None:
    world.granted(ENROL_EVE)
    leave = Leave("eve", "moved")
    content = grant_statements.apply_content(kind_of(leave), {"person": "eve", "reason": "moved"}, "needed")
    said = ANN.sign(StatementKind.APPLY, ORIGIN, content)
    world.say(Tag.GRANT_APPLIED, said, About())
    record = GrantRecord("", leave, "needed", GrantState.APPLIED, ANN.name, said.id, NOON)
    with world.store.writing() as transaction:
        record = transaction.grants.add(record)
    world.approve(BOB, record)
    world.sequence()
    assert world.verify().word is VerdictWord.VERIFIED


def test_what_was_handed_back_is_what_was_applied_for(world: GrantWorld) -> None:
    world.granted(ENROL_EVE)
    record = world.apply(ANN, Leave("eve", "moved", ("badge",)))
    world.approve(BOB, replace(record, grant=Leave("eve", "moved", ("badge", "laptop"))))
    world.sequence()
    assert step(world.verify()) == "2.6"


def test_before_it_they_could_sign_nothing(world: GrantWorld) -> None:
    record = world.apply(ANN, ENROL_EVE)
    world.ask(EVE)
    world.approve(BOB, record)
    world.sequence()
    assert step(world.verify()) == "2.4"


@pytest.mark.parametrize(
    "grant",
    [
        RevokeKey("eve", EVE.key.public.fingerprint, "lost"),
        Suspend("eve", "on leave"),
    ],
)
def test_after_a_revocation_they_could_no_longer_and_before_it_they_could(world: GrantWorld, grant: Grant) -> None:
    world.granted(ENROL_EVE)
    world.ask(EVE)
    world.apply(ANN, grant)
    world.sequence()
    assert world.verify().word is VerdictWord.VERIFIED
    world.ask(EVE)
    world.sequence()
    assert step(world.verify()) == "2.4"


def test_nor_after_they_left(world: GrantWorld) -> None:
    world.granted(ENROL_EVE)
    world.granted(Leave("eve", "gone"))
    world.ask(EVE)
    world.sequence()
    assert step(world.verify()) == "2.4"


def test_a_grant_by_one_person_alone_is_found(world: GrantWorld) -> None:
    world.approve(ANN, world.apply(ANN, ENROL_EVE))
    world.sequence()
    assert step(world.verify()) == "2.6"


@pytest.mark.parametrize(
    "changes",
    [
        {"terms": to_document(Enrol("eve", "Eve", "", BOB.key.public.to_line()))},
        {"application": "0" * 64},
        {"grant": "leave"},
        {"grant": "nothing"},
    ],
)
def test_a_grant_nobody_applied_for_is_found(world: GrantWorld, changes: JsonObject) -> None:
    world.approve(BOB, world.apply(ANN, ENROL_EVE), **changes)
    world.sequence()
    assert step(world.verify()) == "2.6"


def test_an_application_is_answered_once(world: GrantWorld) -> None:
    record = world.apply(ANN, Attest("bob", "training", NOON))
    world.approve(BOB, record)
    world.sequence()
    assert world.verify().word is VerdictWord.VERIFIED
    world.approve(BOB, record)
    world.sequence()
    assert step(world.verify()) == "2.6"


@pytest.mark.parametrize("kind, person", [(StatementKind.DENY, BOB), (StatementKind.RETRACT, ANN)])
def test_what_was_turned_down_or_taken_back_is_not_granted_later(
    world: GrantWorld, kind: StatementKind, person: Signer
) -> None:
    record = world.apply(ANN, ENROL_EVE)
    content = grant_statements.end_content(record, to_document(record.grant), "no")
    world.say(Tag.GRANT_DENIED, person.sign(kind, record.number, content), About(request=record.number))
    world.approve(BOB, record)
    world.sequence()
    assert step(world.verify()) == "2.6"


def test_a_key_given_to_a_second_person_is_found(world: GrantWorld) -> None:
    world.granted(AddKey("bob", EVE.key.public.to_line()))
    world.granted(ENROL_EVE)
    world.sequence()
    assert step(world.verify()) == "2.6"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE grants SET entered = NULL WHERE entered = 1",
        "DELETE FROM grants WHERE entered = 1",
        "UPDATE grants SET entered = 3 - entered WHERE entered < 3",
        "UPDATE grants SET terms = replace(terms, 'eve', 'adam') WHERE entered = 1",
    ],
)
def test_grants_that_are_not_what_was_signed_are_found(world: GrantWorld, change: str) -> None:
    world.granted(ENROL_EVE)
    world.granted(AddKey("eve", software_key("ssh-ed25519", 9).public.to_line()))
    world.sequence()
    assert world.verify().word is VerdictWord.VERIFIED
    world.tamper(*_in_steps(change))
    assert step(world.verify()) == "2.7"


def _in_steps(change: str) -> tuple[str, ...]:
    """A swap without two rows in one place meanwhile."""
    if "3 - entered" not in change:
        return (change,)
    return ("UPDATE grants SET entered = -entered", "UPDATE grants SET entered = 3 + entered")


def test_a_bundle_holds_what_it_takes_to_verify_who_could_sign(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    world = small_world(tmp_path / "log")
    grown = GrantWorld.__new__(GrantWorld)
    grown.__dict__ = world.__dict__
    grown.granted(ENROL_EVE)
    grown.sequence()
    archive = bundle_of(grown)
    verdict = verify_bundle(written(tmp_path, archive), SshKeygen(), LOG_KEY.key)
    assert verdict.word is VerdictWord.VERIFIED
    assert b"eve" in members_of(archive)["allowed_signers"]
    world.close()
