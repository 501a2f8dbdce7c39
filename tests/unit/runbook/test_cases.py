"""One small runbook for each situation in tests/cases/runbooks, with the lines it must be answered with beside it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from runner.errors import InvalidContentError
from runner.runbook.loader import parse_runbook

CASES = Path(__file__).parents[2] / "cases" / "runbooks"
NAMES = sorted(path.stem for path in CASES.glob("*.yml"))
_LINE = re.compile(r"[\w-]+\.yml:[1-9]\d*:[1-9]\d*: \S.*")


def problems_of(name: str) -> tuple[str, ...]:
    with pytest.raises(InvalidContentError) as caught:
        parse_runbook((CASES / f"{name}.yml").read_bytes(), f"{name}.yml")
    return caught.value.problems


@pytest.mark.parametrize("name", NAMES)
def test_answers_exactly(name: str) -> None:
    assert list(problems_of(name)) == (CASES / f"{name}.txt").read_text("utf-8").splitlines()


@pytest.mark.parametrize("name", NAMES)
def test_every_line_begins_with_its_place(name: str) -> None:
    for line in problems_of(name):
        assert _LINE.fullmatch(line), line


@pytest.mark.parametrize("name", NAMES)
def test_lines_stand_in_file_order(name: str) -> None:
    places = [tuple(int(part) for part in line.split(":")[1:3]) for line in problems_of(name)]
    assert places == sorted(places)


def test_every_case_has_its_answer() -> None:
    assert NAMES
    assert sorted(path.stem for path in CASES.glob("*.txt")) == NAMES
