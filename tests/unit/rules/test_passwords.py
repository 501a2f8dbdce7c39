from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from runner.errors import RefusedError
from runner.model.access import Credential
from runner.model.policy import SessionTerms
from runner.rules.passwords import is_change_due, remembered, require_new_password, wait_after
from tests.stores import NOON

TERMS = SessionTerms()
ANNS = Credential("ann", "h0", NOON, ("h1", "h2", "h3", "h4", "h5", "h6"), must_change=False, secret=b"")


@pytest.mark.parametrize("good", ["correct horse", "0123456789ab", "密码要长一点才安全可靠对吗" + "abc"])
def test_a_password_that_will_do(good: str) -> None:
    require_new_password(good, "ann", TERMS)


@pytest.mark.parametrize(
    "bad,rule",
    [
        ("", "access:password-length"),
        ("short", "access:password-length"),
        ("x1y2" * 65, "access:password-length"),
        ("aaaaaaaaaaaa", "access:password-easy"),
        ("abababababab", "access:password-easy"),
        ("correct ANN horse", "access:password-easy"),
        ("correct\thorse\n", "access:password-easy"),
    ],
)
def test_a_password_that_will_not_do(bad: str, rule: str) -> None:
    with pytest.raises(RefusedError) as refused:
        require_new_password(bad, "ann", TERMS)
    assert refused.value.rule == rule
    assert bad not in str(refused.value) or not bad


def test_a_password_is_due_for_another() -> None:
    age = timedelta(seconds=TERMS.password_age)
    assert not is_change_due(ANNS, TERMS, NOON + age - timedelta(seconds=1))
    assert is_change_due(ANNS, TERMS, NOON + age)
    assert is_change_due(replace(ANNS, must_change=True), TERMS, NOON)


def test_so_many_are_remembered() -> None:
    assert remembered(ANNS, TERMS) == ("h0", "h1", "h2", "h3", "h4")
    assert remembered(ANNS, replace(TERMS, password_history=0)) == ("h0",)


def test_an_account_waits_longer_each_time() -> None:
    waits = [wait_after(failures, TERMS) for failures in range(4, 16)]
    assert waits[0] is None
    assert [wait.total_seconds() for wait in waits[1:] if wait] == [
        30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600,
    ]  # fmt: skip
    longest = wait_after(10**6, TERMS)
    assert longest is not None
    assert longest.total_seconds() == 3600
