"""Steps 2, 3.5 and 5.2 of docs/audit-verification.md: statements that should not be as they are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from runner.audit.verify import Terms, verify_log
from runner.model.log import About, ActorKind, Entry
from runner.model.statement import Seen, SignedStatement, StatementKind
from runner.rules.tags import Tag
from tests.logs import FORGED_KEY, LogWorld, OwnVerifier, failed
from tests.signed import ANN, BOB, EVE
from tests.stores import NOON, ORIGIN, digest


@pytest.fixture
def world(tmp_path: Path) -> Iterator[LogWorld]:
    """A log with its first entries only."""
    founded = LogWorld(tmp_path)
    founded.found(ANN, BOB)
    yield founded
    founded.close()


def test_a_statement_that_no_entry_names_is_found(world: LogWorld) -> None:
    with world.store.writing() as transaction:
        transaction.statements.put(ANN.sign(StatementKind.REQUEST, digest("4")), NOON)
    world.sequence()
    assert failed(world.verify()) == ("5.2", None)


@pytest.mark.parametrize(
    "signed",
    [
        EVE.sign(StatementKind.REQUEST, digest("4")),
        ANN.sign(StatementKind.REQUEST, digest("4"), origin="other.example/log"),
        ANN.sign(StatementKind.REQUEST, digest("4"), seen=Seen(1, "00" * 32)),
        ANN.sign(StatementKind.REQUEST, digest("4"), seen=Seen(99, "00" * 32)),
        ANN.sign(StatementKind.GENESIS, ORIGIN, {"people": []}),
    ],
    ids=["by nobody known", "of another log", "saw another log", "saw the future", "another genesis"],
)
def test_a_statement_that_should_not_be_there_is_found(world: LogWorld, signed: SignedStatement) -> None:
    world.say(Tag.REQUEST_SUBMITTED, signed, About())
    world.sequence()
    assert failed(world.verify())[0] in {"2.2", "2.3", "2.4", "4.5"}


def test_an_entry_that_names_another_person_than_its_statement_is_found(world: LogWorld) -> None:
    said = ANN.sign(StatementKind.REQUEST, digest("4"))
    with world.store.writing() as transaction:
        transaction.statements.put(said, NOON)
    world.put(Entry(Tag.REQUEST_SUBMITTED, NOON, ActorKind.PERSON, "bob", About(statement=said.id)))
    world.sequence()
    assert failed(world.verify()) == ("3.5", 2)


def test_a_genesis_statement_for_another_log_key_is_found(world: LogWorld) -> None:
    world.sequence()
    terms = Terms(FORGED_KEY.key, NOON, timedelta(days=1))
    with world.store.reading() as transaction:
        verdict = verify_log(transaction.evidence, terms, OwnVerifier())
    assert failed(verdict) == ("2.3", 0)
