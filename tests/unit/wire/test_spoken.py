"""Every state, choice and kind that people see has its word in the catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

import pytest

from runner.model import grant, joint, log, people, plan, policy, request, review, run, runbook, statement
from runner.wire import api_run
from runner.wire.spoken import WORDS, spoken
from runner.words import use_language

_UNSPOKEN = {
    runbook.Season,
    people.Standing,
    policy.Allowance,
    policy.Drift,
    policy.GrantArea,
    policy.Reading,
}
"""Enums whose values no command or screen says."""


def _enums() -> Iterator[type[StrEnum]]:
    for module in (grant, joint, log, people, plan, policy, request, review, run, runbook, statement, api_run):
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, StrEnum) and value not in {StrEnum, *_UNSPOKEN}:
                yield value


@pytest.mark.parametrize("kind", sorted(set(_enums()), key=repr))
def test_every_value_has_its_word(kind: type[StrEnum]) -> None:
    assert {value.value for value in kind} - set(WORDS) == set()


def test_no_word_stands_twice() -> None:
    assert len(WORDS) == len(set(WORDS))


def test_words_are_said_without_underscores() -> None:
    use_language("en")
    assert spoken(run.RunState.ROLLING_BACK) == "rolling back"
