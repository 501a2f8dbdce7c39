"""The service finds out where a client is, tells it, and believes nothing else."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from runner.client.service import Service
from runner.errors import RefusedError
from runner.model.grant import AddTerminal
from runner.model.people import Terminal
from runner.model.statement import StatementKind
from runner.rules import statements
from tests.desk_grants import granted
from tests.desk_world import ALICE, World
from tests.integration.service.conftest import serving

EAST = Terminal("T-EAST", "10.0.0.1", "seat 1", operations=True)


class Sitting:
    """Every process of this user's sits at one place."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.asked: list[tuple[int, int]] = []

    def find(self, pid: int, user: int) -> str:
        self.asked.append((pid, user))
        return self.source


def test_a_client_is_told_where_it_is(world: World, short_folder: Path) -> None:
    granted(world, AddTerminal(EAST))
    sitting = Sitting("10.0.0.1")
    with serving(world, short_folder / "s", places=sitting), Service(short_folder / "s") as client:
        here = client.register.here()
    assert (here.source, here.terminal) == ("10.0.0.1", EAST)
    assert set(sitting.asked) == {(os.getpid(), os.geteuid())}


@pytest.mark.parametrize("source", ["", "10.0.0.2"])
def test_elsewhere_is_no_terminal_and_none_can_be_claimed(world: World, short_folder: Path, source: str) -> None:
    granted(world, AddTerminal(EAST))
    number = world.approved().number
    content = statements.start_content(world.found_request(number))
    claimed = replace(world.statement(ALICE, StatementKind.START, number, content), terminal="T-EAST")
    signed = world.signed(ALICE, claimed)
    with serving(world, short_folder / "s", places=Sitting(source)), Service(short_folder / "s") as client:
        assert client.register.here().terminal is None
        with pytest.raises(RefusedError) as caught:
            client.sign(signed)
    assert caught.value.rule == "terminal:elsewhere"


def test_a_statement_from_there_is_taken(world: World, short_folder: Path) -> None:
    granted(world, AddTerminal(EAST))
    number = world.approved().number
    content = statements.start_content(world.found_request(number))
    stated = replace(world.statement(ALICE, StatementKind.START, number, content), terminal="T-EAST")
    with serving(world, short_folder / "s", places=Sitting("10.0.0.1")), Service(short_folder / "s") as client:
        assert client.sign(world.signed(ALICE, stated)).run
