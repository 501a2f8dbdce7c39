from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.model.people import PersonRole
from runner.model.policy import USUAL_TERMS, ApprovalNeed, ClassTerms, Policy, SignedAt, Strength, Unit
from runner.model.runbook import Risk
from runner.model.text import Text
from runner.model.time import Seconds
from runner.rules.terms import inherited_by_unit, laxer_than, settle, stricter, terms_of, unmet

OPERATOR, APPROVER, BUSINESS = PersonRole.OPERATOR, PersonRole.APPROVER, PersonRole.BUSINESS_OWNER
TITLE = Text("a unit", "单位")

ROLES = st.lists(st.sampled_from([OPERATOR, APPROVER, BUSINESS, PersonRole.VENDOR]), unique=True, min_size=1).map(tuple)
NEEDS = st.builds(ApprovalNeed, ROLES, st.integers(1, 3), st.booleans())
TERMS = st.builds(
    ClassTerms,
    approvals=st.lists(NEEDS, max_size=3).map(tuple),
    request=ROLES,
    execute=ROLES,
    confirm=ROLES,
    strength=st.sampled_from(Strength),
    attachments=st.lists(st.sampled_from("abc"), unique=True).map(tuple),
    business=st.booleans(),
    terminals=st.sampled_from(SignedAt),
    approval_valid_for=st.none() | st.integers(1, 9).map(Seconds),
    max_runs=st.none() | st.integers(1, 9),
)
CLASSES = st.dictionaries(st.sampled_from(Risk), TERMS)
UNITS = st.sampled_from(["a", "b", "c", "d"])
POLICIES = st.builds(
    Policy,
    units=st.dictionaries(UNITS, st.builds(Unit, st.just(TITLE), UNITS | st.just("") | st.just("gone"))),
    classes=CLASSES,
    environments=st.dictionaries(st.sampled_from(["e", "f"]), CLASSES),
    unit_classes=st.dictionaries(UNITS, CLASSES),
    approval_valid_for=st.integers(1, 9).map(Seconds),
    max_runs=st.integers(1, 9),
)


def need(*roles: PersonRole, count: int = 1, other_unit: bool = False) -> ApprovalNeed:
    return ApprovalNeed(roles, count, other_unit)


@given(POLICIES, st.sampled_from(Risk), st.sampled_from(["e", "f", "g"]), UNITS | st.just(""))
def test_terms_are_never_laxer_than_what_they_inherit(policy: Policy, risk: Risk, environment: str, unit: str) -> None:
    terms = terms_of(policy, risk, environment, unit)
    owners = [policy.unit_classes.get(each, {}) for each in policy.lineage(unit)]
    for classes in (*owners, policy.environments.get(environment, {}), policy.classes):
        if risk in classes and risk is not Risk.EMERGENCY:
            assert laxer_than(terms, settle(classes[risk], policy)) == ()
        elif risk in classes:
            assert laxer_than(terms, replace(settle(classes[risk], policy), approvals=())) == ()
            assert terms.approvals == (), "L12"
    assert terms_of(policy, risk, environment, unit) == terms


@given(TERMS, TERMS)
def test_the_stricter_of_two_is_laxer_than_neither(one: ClassTerms, other: ClassTerms) -> None:
    both = stricter(one, other)
    assert laxer_than(both, one) == laxer_than(both, other) == ()


@given(TERMS, TERMS)
def test_what_is_stricter_already_stays_as_it_is(one: ClassTerms, other: ClassTerms) -> None:
    if not laxer_than(one, other):
        again = stricter(one, other)
        assert again.approvals == one.approvals
        assert replace(again, attachments=()) == replace(one, attachments=())
        assert set(again.attachments) == set(one.attachments)


@given(TERMS)
def test_nothing_is_laxer_than_itself(terms: ClassTerms) -> None:
    assert laxer_than(terms, terms) == ()
    assert stricter(terms, terms) == terms


@given(TERMS, TERMS, TERMS)
def test_tightening_is_handed_on(one: ClassTerms, other: ClassTerms, third: ClassTerms) -> None:
    assert laxer_than(stricter(stricter(one, other), third), one) == ()


@pytest.mark.parametrize(
    "wanted, offered, missing",
    [
        ((), (), ()),
        ((need(APPROVER),), (), (need(APPROVER),)),
        ((need(APPROVER),), (need(BUSINESS),), (need(APPROVER),)),
        ((need(APPROVER, BUSINESS),), (need(BUSINESS),), ()),
        ((need(APPROVER),), (need(APPROVER, BUSINESS),), (need(APPROVER),)),
        ((need(APPROVER, count=2),), (need(APPROVER),), (need(APPROVER),)),
        ((need(APPROVER, count=2),), (need(APPROVER), need(APPROVER, other_unit=True)), ()),
        ((need(APPROVER), need(APPROVER)), (need(APPROVER, count=2),), ()),
        ((need(APPROVER), need(BUSINESS)), (need(APPROVER, count=2),), (need(BUSINESS),)),
        ((need(APPROVER, other_unit=True),), (need(APPROVER, count=3),), (need(APPROVER, other_unit=True),)),
        ((need(APPROVER),), (need(APPROVER, other_unit=True),), ()),
        # the one that could be given by either is kept for what only it can meet
        ((need(APPROVER, BUSINESS), need(BUSINESS)), (need(BUSINESS), need(APPROVER)), ()),
    ],
)
def test_what_of_the_approvals_is_missing(
    wanted: tuple[ApprovalNeed, ...], offered: tuple[ApprovalNeed, ...], missing: tuple[ApprovalNeed, ...]
) -> None:
    assert unmet(wanted, offered) == missing


@pytest.mark.parametrize(
    "one, other, both",
    [
        ((need(APPROVER),), (need(APPROVER, other_unit=True),), (need(APPROVER, other_unit=True),)),
        (
            (need(APPROVER, count=2),),
            (need(APPROVER, other_unit=True),),
            (need(APPROVER, other_unit=True), need(APPROVER)),
        ),
        ((need(APPROVER),), (need(BUSINESS),), (need(APPROVER), need(BUSINESS))),
        ((need(APPROVER, BUSINESS),), (need(BUSINESS, OPERATOR),), (need(BUSINESS),)),
        ((need(APPROVER, BUSINESS), need(APPROVER)), (need(APPROVER),), (need(APPROVER, BUSINESS), need(APPROVER))),
    ],
)
def test_approvals_are_brought_together_without_asking_more_people_than_needed(
    one: tuple[ApprovalNeed, ...], other: tuple[ApprovalNeed, ...], both: tuple[ApprovalNeed, ...]
) -> None:
    assert stricter(replace(USUAL_TERMS, approvals=one), replace(USUAL_TERMS, approvals=other)).approvals == both


SITE = Policy(
    units={"head": Unit(TITLE), "tech": Unit(TITLE, "head"), "ops": Unit(TITLE, "tech"), "audit": Unit(TITLE, "head")},
    environments={"production": {Risk.ORDINARY: replace(USUAL_TERMS, strength=Strength.TOUCH, max_runs=1)}},
    unit_classes={"tech": {Risk.ORDINARY: replace(USUAL_TERMS, attachments=("plan",), max_runs=2)}},
    max_runs=3,
)


@pytest.mark.parametrize(
    "environment, unit, strength, attachments, runs",
    [
        ("test", "", Strength.KEY, (), 3),
        ("test", "nowhere", Strength.KEY, (), 3),
        ("test", "audit", Strength.KEY, (), 3),
        ("test", "ops", Strength.KEY, ("plan",), 2),
        ("production", "", Strength.TOUCH, (), 1),
        ("production", "tech", Strength.TOUCH, ("plan",), 1),
        ("production", "ops", Strength.TOUCH, ("plan",), 1),
    ],
)
def test_terms_by_environment_and_unit(
    environment: str, unit: str, strength: Strength, attachments: tuple[str, ...], runs: int
) -> None:
    terms = terms_of(SITE, Risk.ORDINARY, environment, unit)
    assert (terms.strength, terms.attachments, terms.max_runs) == (strength, attachments, runs)
    assert terms.approval_valid_for == SITE.approval_valid_for


def test_terms_of_another_class_are_not_touched() -> None:
    assert terms_of(SITE, Risk.MAJOR, "production", "ops") == settle(USUAL_TERMS, SITE)


def test_an_emergency_needs_no_approval_as_shipped() -> None:
    assert {risk: len(terms_of(Policy(), risk, "", "").approvals) for risk in Risk} == {
        Risk.STANDARD: 1,
        Risk.ORDINARY: 1,
        Risk.MAJOR: 1,
        Risk.EMERGENCY: 0,
    }


def test_a_class_the_policy_does_not_speak_of_is_as_shipped() -> None:
    assert terms_of(Policy(classes={}), Risk.MAJOR, "", "") == settle(USUAL_TERMS, Policy())


def test_what_a_unit_tightens() -> None:
    assert inherited_by_unit(SITE, Risk.ORDINARY, "ops")[0] == "units.tech.classes.ordinary"
    assert inherited_by_unit(SITE, Risk.ORDINARY, "tech") == ("classes.ordinary", USUAL_TERMS)
    assert inherited_by_unit(SITE, Risk.MAJOR, "ops") == ("classes.major", USUAL_TERMS)


def test_findings_name_what_is_laxer_and_than_what() -> None:
    inherited = replace(USUAL_TERMS, business=True, max_runs=2)
    found = laxer_than(replace(USUAL_TERMS, max_runs=None), inherited, "classes.major")
    assert [(finding.path, finding.facts["than"]) for finding in found] == [
        (("business",), "classes.major"),
        (("max_runs",), "classes.major"),
    ]
    assert found[1].facts["got"] == "∞"


def test_units_that_lie_below_each_other_end_somewhere() -> None:
    circle = Policy(units={"a": Unit(TITLE, "b"), "b": Unit(TITLE, "a")})
    assert circle.lineage("a") == ("a", "b")
    assert circle.lineage("gone") == ()
