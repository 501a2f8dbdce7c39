"""One small policy for each situation in tests/cases/policies, with the lines it must be answered with beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.errors import InvalidContentError
from runner.runbook.settings import parse_policy

CASES = Path(__file__).parents[2] / "cases" / "policies"
NAMES = sorted(path.stem for path in CASES.glob("*.yml"))


def problems_of(name: str) -> tuple[str, ...]:
    with pytest.raises(InvalidContentError) as caught:
        parse_policy((CASES / f"{name}.yml").read_bytes(), f"{name}.yml")
    return caught.value.problems


@pytest.mark.parametrize("name", NAMES)
def test_answers_exactly(name: str) -> None:
    assert list(problems_of(name)) == (CASES / f"{name}.txt").read_text("utf-8").splitlines()


@pytest.mark.parametrize("name", NAMES)
def test_lines_stand_in_file_order(name: str) -> None:
    places = [tuple(int(part) for part in line.split(":")[1:3]) for line in problems_of(name)]
    assert places == sorted(places)


def test_every_case_has_its_answer() -> None:
    assert NAMES
    assert sorted(path.stem for path in CASES.glob("*.txt")) == NAMES
