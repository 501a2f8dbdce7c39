"""Fixtures of the desk's world; made once for a session and copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.model.grant import Appoint
from tests.desk_grants import granted
from tests.desk_results import DEPARTMENTS, OWNED
from tests.desk_world import ALICE, BOB, CAROL, DAVE, World, make_world, opened_world


@pytest.fixture(scope="session")
def two_people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A founded site of alice and bob."""
    folder = tmp_path_factory.mktemp("two")
    make_world(folder, (ALICE, BOB))
    return folder


@pytest.fixture(scope="session")
def three_people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A founded site of alice, bob and carol."""
    folder = tmp_path_factory.mktemp("three")
    make_world(folder, (ALICE, BOB, CAROL))
    return folder


@pytest.fixture(scope="session")
def four_people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A founded site of alice, bob, carol and dave."""
    folder = tmp_path_factory.mktemp("four")
    make_world(folder, (ALICE, BOB, CAROL, DAVE))
    return folder


@pytest.fixture
def world(two_people: Path, tmp_path: Path) -> Iterator[World]:
    """A world of two people of the test's own."""
    shutil.copytree(two_people, tmp_path / "two", dirs_exist_ok=True)
    with opened_world(tmp_path / "two") as opened:
        yield opened


@pytest.fixture
def wider_world(three_people: Path, tmp_path: Path) -> Iterator[World]:
    """A world of three people of the test's own."""
    shutil.copytree(three_people, tmp_path / "three", dirs_exist_ok=True)
    with opened_world(tmp_path / "three") as opened:
        yield opened


@pytest.fixture
def full_world(four_people: Path, tmp_path: Path) -> Iterator[World]:
    """A world of four people of the test's own."""
    shutil.copytree(four_people, tmp_path / "four", dirs_exist_ok=True)
    with opened_world(tmp_path / "four") as opened:
        yield opened


@pytest.fixture
def bank(full_world: World) -> World:
    """Four people, dave a business owner too, and every class verified by the business."""
    full_world.use_policy(DEPARTMENTS)
    granted(full_world, Appoint("dave", "business"))
    return full_world


@pytest.fixture
def quiet(full_world: World) -> World:
    """The same, where the business verifies nothing by class."""
    full_world.use_policy(OWNED)
    granted(full_world, Appoint("dave", "business"))
    return full_world
