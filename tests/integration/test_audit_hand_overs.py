"""Verification follows a run through its hand-overs: whoever signs must be one of its two people then."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.model.document import JsonObject
from runner.model.log import About
from runner.model.statement import StatementKind
from runner.model.verdict import Verdict, VerdictWord
from runner.rules.tags import Tag
from tests.logs import LogWorld, failed
from tests.signed import ANN, BOB, EVE, Signer


@pytest.fixture
def world(tmp_path: Path) -> Iterator[LogWorld]:
    """A site of ann, bob and eve, and a run of ann's that bob has confirmed."""
    opened = LogWorld(tmp_path)
    opened.found(ANN, BOB, EVE)
    yield opened
    opened.close()


def hand(world: LogWorld, about: About, person: Signer, giver: str = "ann", taker: str = "eve") -> None:
    content: JsonObject = {"part": "executor", "giver": giver, "taker": taker, "reason": "end of the shift"}
    said = person.sign(StatementKind.HAND_OVER, about.run, content, seen=world.head())
    world.say(Tag.RUN_HAND_OVER_SIGNED, said, about)


def close(world: LogWorld, about: About, *people: Signer) -> Verdict:
    for person in people:
        world.say(
            Tag.RUN_RESULT_SIGNED, person.sign(StatementKind.CLOSE, about.run, {"x": 1}, seen=world.head()), about
        )
    world.sequence()
    return world.verify()


def test_a_result_of_the_new_two_verifies(world: LogWorld) -> None:
    about = world.request()
    hand(world, about, ANN)
    hand(world, about, EVE)
    assert close(world, about, EVE, BOB).word is VerdictWord.VERIFIED


@pytest.mark.parametrize(
    "signers", [(EVE,), (ANN, EVE)], ids=["an outsider's result", "an outsider's beside the executor's"]
)
def test_an_outsiders_result_fails(world: LogWorld, signers: tuple[Signer, ...]) -> None:
    assert failed(close(world, world.request(), *signers))[0] == "2.8"


def test_a_result_by_whoever_has_given_the_run_away_fails(world: LogWorld) -> None:
    about = world.request()
    hand(world, about, ANN)
    hand(world, about, EVE)
    assert failed(close(world, about, ANN))[0] == "2.8"


def test_nobody_takes_what_nobody_gave(world: LogWorld) -> None:
    about = world.request()
    hand(world, about, EVE)
    assert failed(close(world, about, EVE))[0] == "2.8"


def test_nobody_gives_away_what_is_the_others(world: LogWorld) -> None:
    about = world.request()
    hand(world, about, BOB)
    assert failed(close(world, about))[0] == "2.8"


def test_an_offer_alone_changes_nothing(world: LogWorld) -> None:
    about = world.request()
    hand(world, about, ANN)
    assert failed(close(world, about, EVE))[0] == "2.8"


def test_a_terminal_that_nobody_registered_fails(world: LogWorld) -> None:
    about = world.request()
    said = ANN.sign(StatementKind.PAUSE, about.run, {"reason": "smoke"}, seen=world.head(), terminal="T-EAST")
    world.say(Tag.RUN_PAUSE_ASKED, said, about)
    world.sequence()
    assert failed(world.verify())[0] == "2.9"
