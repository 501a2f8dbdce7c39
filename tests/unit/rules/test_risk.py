from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import RefusedError
from runner.model.document import JsonValue
from runner.model.plan import Group, RiskRule
from runner.model.runbook import Risk
from runner.rules.risk import (
    DECLARED,
    IRREVERSIBLE,
    KEY_GROUP,
    KEY_HOST,
    RAISED,
    RANKED,
    require_raising,
    risk_of,
)
from tests.runbooks import binding, change, host, look, runbook


def named(rules: tuple[RiskRule, ...]) -> list[tuple[str, dict[str, str]]]:
    return [(rule.rule, dict(rule.facts)) for rule in rules]


@pytest.mark.parametrize("declared", list(Risk))
def test_it_is_what_the_runbook_says(declared: Risk) -> None:
    risk, rules = risk_of(runbook(change("up"), risk=declared), binding(("a",)))
    assert (risk, named(rules)) == (declared, [(DECLARED, {})])


@pytest.mark.parametrize("declared", [Risk.STANDARD, Risk.ORDINARY])
def test_destroying_the_way_back_raises_it_and_the_step_is_named(declared: Risk) -> None:
    made = runbook(change("up"), change("drop", irreversible=True), risk=declared)
    risk, rules = risk_of(made, binding(("a",)))
    assert (risk, named(rules)) == (Risk.MAJOR, [(IRREVERSIBLE, {"step": "drop"})])


def test_nothing_changes_an_emergency() -> None:
    made = runbook(change("drop", irreversible=True), risk=Risk.EMERGENCY)
    risk, rules = risk_of(made, replace(binding(("a",)), raised_to=Risk.MAJOR))
    assert (risk, named(rules)) == (Risk.EMERGENCY, [(DECLARED, {})])


@pytest.mark.parametrize("mark", [True, "yes", 1, "false", []])
def test_a_host_that_is_a_key_target_raises_it_and_is_named(mark: JsonValue) -> None:
    bound = binding(("a", "b"), hosts=(host("a"), host("b", twokey_key=mark)))
    risk, rules = risk_of(runbook(change("up")), bound)
    assert (risk, named(rules)) == (Risk.MAJOR, [(KEY_HOST, {"host": "b"})])


@pytest.mark.parametrize("mark", [None, False])
def test_one_that_is_plainly_none_does_not(mark: JsonValue) -> None:
    bound = binding(("a",), hosts=(host("a", twokey_key=mark),))
    assert risk_of(runbook(change("up")), bound)[0] is Risk.ORDINARY


def test_a_group_of_a_group_counts() -> None:
    groups = (
        Group("core", (), ("databases",), {"twokey_key": True}),
        Group("databases", ("a",), ("core",)),
    )
    risk, rules = risk_of(runbook(change("up")), binding(("a",), groups=groups))
    assert (risk, named(rules)) == (Risk.MAJOR, [(KEY_GROUP, {"group": "core"})])


def test_a_group_without_hosts_does_not() -> None:
    groups = (Group("core", (), (), {"twokey_key": True}), Group("web", ("a",)))
    assert risk_of(runbook(change("up")), binding(("a",), groups=groups))[0] is Risk.ORDINARY


def test_looking_at_a_key_target_changes_nothing() -> None:
    bound = binding(("a",), hosts=(host("a", twokey_key=True),))
    assert risk_of(runbook(look("see"), risk=Risk.STANDARD), bound)[0] is Risk.STANDARD


def test_every_rule_that_asks_for_the_class_is_told() -> None:
    made = runbook(change("drop", irreversible=True), risk=Risk.MAJOR)
    bound = replace(binding(("a",), hosts=(host("a", twokey_key=True),)), raised_to=Risk.MAJOR)
    assert [rule.rule for rule in risk_of(made, bound)[1]] == [DECLARED, IRREVERSIBLE, KEY_HOST, RAISED]


@given(declared=st.sampled_from(list(Risk)), raised=st.sampled_from([None, *Risk]), key=st.booleans())
def test_a_binding_raises_it_and_never_lowers_it(
    declared: Risk,
    raised: Risk | None,
    key: bool,  # noqa: FBT001 - drawn by hypothesis
) -> None:
    made = runbook(change("up"), risk=declared)
    bound = binding(("a",), hosts=(host("a", twokey_key=key),))
    before, _ = risk_of(made, bound)
    after, rules = risk_of(made, replace(bound, raised_to=raised))
    assert rules
    assert list(Risk).index(after) >= list(Risk).index(before)
    assert (after is Risk.EMERGENCY) == (declared is Risk.EMERGENCY)


class TestRaising:
    @pytest.mark.parametrize("wanted", RANKED)
    def test_it_may_be_raised_or_left(self, wanted: Risk) -> None:
        require_raising(runbook(change("up"), risk=Risk.STANDARD), binding(("a",)), wanted)

    @pytest.mark.parametrize("wanted", [Risk.STANDARD, Risk.ORDINARY])
    def test_it_is_not_lowered(self, wanted: Risk) -> None:
        with pytest.raises(RefusedError) as refusal:
            require_raising(runbook(change("drop", irreversible=True)), binding(("a",)), wanted)
        assert refusal.value.rule == "risk:lowered"

    @pytest.mark.parametrize("declared, wanted", [(Risk.ORDINARY, Risk.EMERGENCY), (Risk.EMERGENCY, Risk.MAJOR)])
    def test_an_emergency_is_a_class_apart(self, declared: Risk, wanted: Risk) -> None:
        with pytest.raises(RefusedError) as refusal:
            require_raising(runbook(change("up"), risk=declared), binding(("a",)), wanted)
        assert refusal.value.rule == "risk:emergency"
