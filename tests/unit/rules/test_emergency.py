"""Emergencies as law and policy decide them (L12): no approver, two people always, and others who review."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.model.grant import Suspend
from runner.model.people import PersonRole
from runner.model.policy import (
    ApprovalNeed,
    ClassTerms,
    EmergencyTerms,
    Policy,
    Post,
    Strength,
)
from runner.model.review import ReviewRecord, ReviewState
from runner.model.runbook import Risk
from runner.model.statement import StatementKind
from runner.model.text import Text
from runner.rules.policy import decide, who_may
from runner.rules.register import enter
from runner.rules.reviewing import panel_of
from runner.rules.ruling import Facts
from runner.rules.staffing import prove
from runner.rules.terms import terms_of
from tests.registers import NOON, everyone

POLICY = Policy()
FOUR = everyone("A", "B", "C", "D")
FACTS = Facts(register=FOUR, now=NOON, risk=Risk.EMERGENCY, author="A", countersigner="B", requester="A")
STARTED = replace(FACTS, executor="A")
BEGUN = replace(STARTED, confirmer="B")
DEBT = ReviewRecord(
    "BG-2026-0001/1", "BG-2026-0001", "", "A", "A", "B", NOON - timedelta(days=2), NOON - timedelta(days=1)
)
NEEDS = (ApprovalNeed((PersonRole.APPROVER,), count=2), ApprovalNeed((PersonRole.BUSINESS_OWNER,)))


def rule(action: StatementKind, person: str, facts: Facts, policy: Policy = POLICY) -> str:
    return decide(action, person, facts, policy).rule


def asking_for_approvals() -> Policy:
    """A policy that asks for approvals in every class."""
    return Policy(classes={risk: replace(terms, approvals=NEEDS) for risk, terms in POLICY.classes.items()})


@pytest.mark.parametrize("policy", [POLICY, asking_for_approvals()], ids=["shipped", "asking"])
def test_one_starts_and_another_confirms_without_an_approval(policy: Policy) -> None:
    assert rule(StatementKind.REQUEST, "A", replace(FACTS, requester=""), policy) == ""
    assert rule(StatementKind.START, "A", FACTS, policy) == ""
    assert rule(StatementKind.CONFIRM, "B", STARTED, policy) == ""
    assert rule(StatementKind.START, "A", replace(FACTS, risk=Risk.ORDINARY), policy) == "L2:not-approved"


@pytest.mark.parametrize("action", [StatementKind.APPROVE, StatementKind.REJECT])
def test_there_is_nothing_to_approve_or_reject(action: StatementKind) -> None:
    assert rule(action, "B", FACTS) == "L12:no-approval"
    assert rule(action, "B", replace(FACTS, risk=Risk.ORDINARY)) == ""


def test_no_terms_of_an_emergency_ask_for_approvals() -> None:
    policy = asking_for_approvals()
    policy = replace(policy, environments={"lab": policy.classes})
    for environment in ("", "lab"):
        assert terms_of(policy, Risk.EMERGENCY, environment, "").approvals == ()
        assert terms_of(policy, Risk.ORDINARY, environment, "").approvals == NEEDS


def test_a_site_of_two_can_carry_an_emergency_through() -> None:
    proofs = prove(Facts(register=everyone("A", "B"), now=NOON), asking_for_approvals())
    (proof,) = [proof for proof in proofs if proof.risk is Risk.EMERGENCY]
    assert proof.team is not None
    assert (proof.team.approvers, {proof.team.executor, proof.team.confirmer}) == ((), {"A", "B"})


ACTIONS = st.sampled_from([StatementKind.REQUEST, StatementKind.APPROVE, StatementKind.START, StatementKind.CONFIRM])
KEYS = st.sampled_from(["", "SHA256:A", "SHA256:B", "SHA256:C"])
TERMS = st.builds(
    ClassTerms,
    approvals=st.sampled_from([(), NEEDS]),
    request=st.just((PersonRole.OPERATOR,)),
    execute=st.sampled_from([(PersonRole.OPERATOR,), (PersonRole.OPERATOR, PersonRole.APPROVER)]),
    confirm=st.sampled_from([(PersonRole.OPERATOR,), (PersonRole.APPROVER,)]),
    strength=st.sampled_from(Strength),
)


@given(
    people=st.sampled_from([("A",), ("A", "B"), ("A", "B", "C")]),
    terms=TERMS,
    debts=st.sampled_from([(), (DEBT,)]),
    production=st.booleans(),
    tries=st.lists(st.tuples(ACTIONS, st.sampled_from("ABCX"), KEYS), max_size=40),
)
def test_no_emergency_starts_with_fewer_than_two_people(
    people: tuple[str, ...],
    terms: ClassTerms,
    debts: tuple[ReviewRecord, ...],
    production: bool,  # noqa: FBT001 - drawn by name
    tries: list[tuple[StatementKind, str, str]],
) -> None:
    policy = Policy(classes=dict.fromkeys(Risk, terms))
    facts = Facts(register=everyone(*people), now=NOON, risk=Risk.EMERGENCY, overdue=debts, production=production)
    keys: dict[StatementKind, str] = {}
    for action, person, key in tries:
        due = {
            StatementKind.REQUEST: not facts.requester,
            StatementKind.APPROVE: bool(facts.requester),
            StatementKind.START: bool(facts.requester) and not facts.executor,
            StatementKind.CONFIRM: bool(facts.executor) and not facts.confirmer,
        }
        if not due[action] or not decide(action, person, replace(facts, key=key), policy).allowed:
            continue
        keys[action] = key
        facts = _after(facts, action, person)
    assert facts.approvers == ()
    if facts.confirmer:
        assert {facts.executor, facts.confirmer} <= set(people)
        assert facts.executor != facts.confirmer
        start, confirm = keys[StatementKind.START], keys[StatementKind.CONFIRM]
        assert start != confirm or not start


def _after(facts: Facts, action: StatementKind, person: str) -> Facts:
    changes: Mapping[StatementKind, Facts] = {
        StatementKind.REQUEST: replace(facts, requester=person),
        StatementKind.APPROVE: replace(facts, approvers=(*facts.approvers, person)),
        StatementKind.START: replace(facts, executor=person),
        StatementKind.CONFIRM: replace(facts, confirmer=person),
    }
    return changes[action]


TRAINED = Post(Text("duty", "值班"), (PersonRole.OPERATOR, PersonRole.APPROVER), operations=True, marks=("training",))


@given(
    needs=st.sampled_from([(), NEEDS]),
    debts=st.lists(st.just(DEBT), max_size=3),
    production=st.booleans(),
    trained=st.booleans(),
    pair=st.sampled_from([pair for pair in product("ABC", repeat=2) if pair[0] != pair[1]]),
    requester=st.sampled_from("ABC"),
)
def test_nothing_administrative_stops_two_people(
    needs: tuple[ApprovalNeed, ...],
    debts: list[ReviewRecord],
    production: bool,  # noqa: FBT001 - drawn by name
    trained: bool,  # noqa: FBT001 - drawn by name
    pair: tuple[str, str],
    requester: str,
) -> None:
    post = TRAINED if trained else replace(TRAINED, marks=())
    terms = replace(POLICY.classes[Risk.EMERGENCY], approvals=needs)
    policy = Policy(posts={"duty": post}, classes=dict.fromkeys(Risk, terms))
    facts = Facts(
        register=everyone(A=("duty",), B=("duty",), C=("duty",)),
        now=NOON,
        risk=Risk.EMERGENCY,
        requester=requester,
        production=production,
        overdue=tuple(debts),
    )
    executor, confirmer = pair
    assert rule(StatementKind.START, executor, facts, policy) == ""
    assert rule(StatementKind.CONFIRM, confirmer, replace(facts, executor=executor), policy) == ""
    assert rule(StatementKind.CONFIRM, executor, replace(facts, executor=executor), policy) != ""


class TestDebt:
    APPROVED = replace(FACTS, risk=Risk.ORDINARY, approvers=("C",), overdue=(DEBT,))

    @pytest.mark.parametrize("risk", [Risk.STANDARD, Risk.ORDINARY, Risk.MAJOR])
    def test_refuses_start_and_confirmation_of_other_classes(self, risk: Risk) -> None:
        facts = replace(self.APPROVED, risk=risk)
        assert rule(StatementKind.START, "A", facts) == "L12:review-overdue"
        assert rule(StatementKind.CONFIRM, "B", replace(facts, executor="A")) == "L12:review-overdue"
        paid = replace(facts, overdue=())
        assert rule(StatementKind.START, "A", paid) == ""
        assert rule(StatementKind.CONFIRM, "B", replace(paid, executor="A")) == ""

    def test_refuses_nothing_else(self) -> None:
        running = replace(self.APPROVED, executor="A", confirmer="B")
        for kind in (StatementKind.GATE, StatementKind.DECIDE, StatementKind.CLOSE, StatementKind.PAUSE):
            assert rule(kind, "A", running) == ""
        assert rule(StatementKind.APPROVE, "D", self.APPROVED) == ""
        assert rule(StatementKind.REQUEST, "A", replace(self.APPROVED, requester="", approvers=())) == ""

    def test_names_the_run_since_when_and_who_reviews(self) -> None:
        older = replace(DEBT, run="BG-2026-0003/1", due=NOON - timedelta(days=3))
        ruling = decide(StatementKind.START, "A", replace(self.APPROVED, overdue=(DEBT, older)), POLICY)
        assert (ruling.facts["run"], ruling.facts["since"]) == ("BG-2026-0003/1", "2026-11-25T04:00:00Z")
        assert ruling.facts["reviewers"] == "C, D"
        assert "{reviewers}" in ruling.hint

    def test_an_approval_is_still_missing_before_it(self) -> None:
        assert rule(StatementKind.START, "A", replace(self.APPROVED, approvers=())) == "L2:not-approved"


class TestPanel:
    def test_is_two_who_took_no_part(self) -> None:
        panel = panel_of(BEGUN, POLICY)
        assert (panel.people, panel.needed, panel.deviation) == (("C", "D"), 2, False)
        assert who_may(StatementKind.REVIEW, BEGUN, POLICY) == ("C", "D")
        assert not panel.is_complete(("C",))
        assert not panel.is_complete(("A", "B"))
        assert panel.is_complete(("D", "C"))

    def test_leaves_out_a_requester_who_did_not_execute(self) -> None:
        assert panel_of(replace(BEGUN, requester="C"), POLICY).deviation

    def test_leaves_out_who_is_no_approver_and_who_is_suspended(self) -> None:
        clerk = Post(Text("clerk", "文员"), (PersonRole.OPERATOR, PersonRole.AUDITOR))
        policy = replace(POLICY, posts={**POLICY.posts, "clerk": clerk})
        register = everyone("A", "B", "C", "D", "E", F=("clerk",))
        assert panel_of(replace(BEGUN, register=register), policy).people == ("C", "D", "E")
        left = enter(register, Suspend("D", "on leave"), NOON - timedelta(hours=1))
        assert panel_of(replace(BEGUN, register=left), policy).people == ("C", "E")
        assert rule(StatementKind.REVIEW, "F", replace(BEGUN, register=left), policy) == "L12:not-reviewer"
        assert rule(StatementKind.REVIEW, "D", replace(BEGUN, register=left), policy) == "people:suspended"

    def test_is_the_outside_reviewer_alone_where_there_are_no_two(self) -> None:
        policy = replace(POLICY, emergency=EmergencyTerms(outside_reviewer="C"))
        three = replace(BEGUN, register=everyone("A", "B", "C"))
        panel = panel_of(three, policy)
        assert (panel.people, panel.needed, panel.deviation) == (("C",), 1, False)
        assert panel.is_complete(("C",))
        assert panel_of(BEGUN, policy).needed == 2, "two others are two others"

    @pytest.mark.parametrize("outside", ["", "A", "X"])
    def test_is_both_themselves_as_a_deviation_otherwise(self, outside: str) -> None:
        policy = replace(POLICY, emergency=EmergencyTerms(outside_reviewer=outside))
        panel = panel_of(replace(BEGUN, register=everyone("A", "B")), policy)
        assert (panel.people, panel.needed, panel.deviation) == (("A", "B"), 2, True)

    def test_can_be_filled_when_one_of_the_two_has_gone(self) -> None:
        gone = enter(everyone("A", "B", "C"), Suspend("B", "ill"), NOON - timedelta(hours=1))
        panel = panel_of(replace(BEGUN, register=gone), POLICY)
        assert (panel.people, panel.needed, panel.deviation) == (("A", "C"), 2, True)

    @given(
        names=st.sets(st.sampled_from("ABCDE"), min_size=2),
        requester=st.sampled_from("ABCDE"),
        outside=st.sampled_from(["", *"ABCDE"]),
    )
    def test_never_is_one_person_who_took_part(self, names: set[str], requester: str, outside: str) -> None:
        facts = replace(BEGUN, register=everyone(*sorted({*names, "A", "B"})), requester=requester)
        policy = replace(POLICY, emergency=EmergencyTerms(outside_reviewer=outside))
        panel = panel_of(facts, policy)
        took_part = {requester, "A", "B"} & set(panel.people)
        assert len(panel.people) >= panel.needed
        assert panel.deviation is bool(took_part)
        assert panel.needed == 2 or not took_part


def test_an_after_review_is_overdue_from_its_instant_on_until_it_is_done() -> None:
    assert DEBT.state_at(DEBT.due - timedelta(seconds=1)) is ReviewState.OPEN
    assert DEBT.state_at(DEBT.due) is ReviewState.OVERDUE
    assert replace(DEBT, done_at=NOON).state_at(NOON) is ReviewState.DONE
