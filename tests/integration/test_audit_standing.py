"""Step 2.10 of docs/audit-verification.md: what a log shows of runs under standing approvals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from runner.model.document import JsonObject
from runner.model.log import About
from runner.model.request import StandingTerms
from runner.model.statement import SignedStatement, StatementKind
from runner.rules import statements
from runner.rules.tags import Tag
from tests.logs import LogWorld, failed
from tests.signed import ANN, BOB, Signer
from tests.stores import NOON, request

TERMS = StandingTerms(NOON + timedelta(days=1), 2)
WANTED = replace(request(), number="BG-2026-0001", requester="ann", window=None, standing=TERMS)
APPROVED = statements.approve_content(WANTED, NOON, NOON + timedelta(days=1), 2)
STARTED = statements.start_content(WANTED)
ASKED = statements.with_standing({"plan": WANTED.plan}, TERMS)


class StandingWorld(LogWorld):
    """A log with a standing approval in it."""

    def signs(self, person: Signer, kind: StatementKind, content: JsonObject, subject: str = WANTED.number) -> None:
        said: SignedStatement = person.sign(kind, subject, content)
        self.say(_TAGS[kind], said, About(request=WANTED.number))

    def asks(self, person: Signer = ANN, content: JsonObject = ASKED) -> None:
        self.signs(person, StatementKind.REQUEST, content, WANTED.plan)

    def approves(self, person: Signer = BOB, **changes: object) -> None:
        self.signs(person, StatementKind.APPROVE, {**APPROVED, **changes})  # type: ignore[dict-item]  # named by the test

    def starts(self, person: Signer = ANN, **changes: object) -> None:
        self.signs(person, StatementKind.START, {**STARTED, **changes})  # type: ignore[dict-item]  # named by the test

    def step(self) -> str:
        self.sequence()
        verdict = self.verify()
        return failed(verdict)[0] if verdict.failure else ""


_TAGS = {
    StatementKind.REQUEST: Tag.REQUEST_SUBMITTED,
    StatementKind.APPROVE: Tag.REQUEST_APPROVED,
    StatementKind.START: Tag.RUN_START_SIGNED,
    StatementKind.REVOKE: Tag.REQUEST_REVOKED,
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[StandingWorld]:
    made = StandingWorld(tmp_path)
    made.found(ANN, BOB)
    yield made
    made.close()


def test_starts_within_an_approval_by_another_person_are_good(world: StandingWorld) -> None:
    world.asks()
    world.approves()
    world.starts()
    world.starts()
    assert world.step() == ""


def test_a_start_more_than_it_allows_is_found(world: StandingWorld) -> None:
    world.asks()
    world.approves()
    for _ in range(3):
        world.starts()
    assert world.step() == "2.10"


def test_a_start_after_its_revocation_is_found(world: StandingWorld) -> None:
    world.asks()
    world.approves()
    world.starts()
    world.signs(BOB, StatementKind.REVOKE, statements.revoke_content(WANTED, "enough"))
    world.starts()
    assert world.step() == "2.10"


def test_a_start_that_nobody_approved_or_asked_for_is_found(world: StandingWorld) -> None:
    world.approves()
    world.starts()
    assert world.step() == "2.10"


def test_a_start_before_the_approval_is_found(world: StandingWorld) -> None:
    world.asks()
    world.starts()
    world.approves()
    assert world.step() == "2.10"


def test_an_approval_by_its_requester_is_found(world: StandingWorld) -> None:
    world.asks(BOB)
    world.approves(BOB, requester="bob")
    world.starts()
    assert world.step() == "2.10"


def test_an_approval_of_what_somebody_else_asked_for_is_found(world: StandingWorld) -> None:
    world.asks(BOB)
    world.approves(BOB)
    world.starts()
    assert world.step() == "2.10"


def test_a_start_by_its_approver_is_found(world: StandingWorld) -> None:
    world.asks()
    world.approves()
    world.starts(BOB)
    assert world.step() == "2.10"


@pytest.mark.parametrize(
    "changes",
    [
        {"plan": "sha256:" + "0" * 64},
        {"standing": {"until": "2027-01-01T00:00:00.000000Z", "max_runs": 99}},
        {"not_after": "2026-01-01T00:00:00.000000Z"},
        {"not_after": None},
        {"max_runs": True},
        {"max_runs": "2"},
    ],
)
def test_an_approval_of_something_else_is_found(world: StandingWorld, changes: dict[str, object]) -> None:
    world.asks()
    world.signs(BOB, StatementKind.APPROVE, {**APPROVED, **changes})  # type: ignore[dict-item]  # bad on purpose
    world.starts()
    assert world.step() == "2.10"


def test_an_approval_that_does_not_stand_is_none(world: StandingWorld) -> None:
    world.asks()
    plain = statements.approve_content(replace(WANTED, standing=None), NOON, NOON + timedelta(days=1), 2)
    world.signs(BOB, StatementKind.APPROVE, plain)
    world.starts()
    assert world.step() == "2.10"
