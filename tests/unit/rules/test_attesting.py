"""Where a password is enough to sign: where the terms say so, and to stop."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runner.errors import RefusedError
from runner.model.policy import USUAL_CLASSES, Policy, SessionTerms, Strength
from runner.model.runbook import Risk
from runner.model.statement import StatementKind
from runner.rules.attesting import KEY_ONLY, is_enough
from runner.rules.changing import STOPPING
from runner.rules.ruling import Ask, Facts
from runner.rules.sessions import require_own_session

LENIENT = Policy(
    name="lenient", classes={risk: replace(terms, strength=Strength.PASSWORD) for risk, terms in USUAL_CLASSES.items()}
)
STRICT = Policy(name="strict")


def rule(action: StatementKind, policy: Policy, strength: Strength | None = Strength.PASSWORD) -> str:
    ruling = is_enough(Ask(action, "ann", Facts(strength=strength, risk=Risk.ORDINARY), policy))
    return "" if ruling is None else ruling.rule


@pytest.mark.parametrize("kind", StatementKind)
def test_every_kind_has_its_answer(kind: StatementKind) -> None:
    strict = "policy:key-only" if kind in KEY_ONLY else "" if kind in STOPPING else "policy:strength"
    assert rule(kind, STRICT) == strict
    assert rule(kind, LENIENT) == ("policy:key-only" if kind in KEY_ONLY else "")


@pytest.mark.parametrize("strength", [Strength.KEY, Strength.TOUCH, None])
def test_keys_are_not_its_business(strength: Strength | None) -> None:
    assert {rule(kind, STRICT, strength) for kind in StatementKind} == {""}


def test_a_password_is_typed_under_ones_own_session() -> None:
    require_own_session("ann", "ann", SessionTerms())
    require_own_session("ann", "bob", SessionTerms(shared_terminal=True))
    with pytest.raises(RefusedError) as caught:
        require_own_session("ann", "bob", SessionTerms())
    assert caught.value.rule == "access:shared-terminal"
