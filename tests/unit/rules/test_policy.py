from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import RefusedError
from runner.model.grant import Suspend
from runner.model.policy import Policy
from runner.model.runbook import Risk
from runner.model.statement import StatementKind
from runner.rules.changing import STOPPING
from runner.rules.policy import decide, require, who_may
from runner.rules.ruling import Facts
from tests.registers import applied, everyone

POLICY = Policy()
TWO = ("A", "B")
THREE = ("A", "B", "C")
SITE = Facts(register=everyone(*TWO))
OF_THREE = everyone(*THREE)
NEW = replace(SITE, author="A")
REQUESTED = replace(NEW, requester="A")
APPROVED = replace(REQUESTED, approvers=("B",))
STARTED = replace(APPROVED, executor="A")
RUNNING = replace(STARTED, confirmer="B")
GRANT = applied(Suspend("B", "on leave"), "A")
JOINT = (StatementKind.GATE, StatementKind.SHEET, StatementKind.DECIDE, StatementKind.CLOSE)


def rule(action: StatementKind, person: str, facts: Facts) -> str:
    """The rule that refuses, or nothing."""
    ruling = decide(action, person, facts, POLICY)
    assert ruling.allowed is not bool(ruling.rule)
    return ruling.rule


def test_in_a_site_of_two_one_requests_and_executes_the_other_approves_and_confirms() -> None:
    assert rule(StatementKind.REQUEST, "A", NEW) == ""
    assert rule(StatementKind.APPROVE, "B", REQUESTED) == ""
    assert rule(StatementKind.START, "A", APPROVED) == ""
    assert rule(StatementKind.CONFIRM, "B", STARTED) == ""
    for kind, person in product(JOINT, TWO):
        assert rule(kind, person, RUNNING) == ""


def test_content_is_signed_by_its_author_and_by_another() -> None:
    assert rule(StatementKind.PUBLISH, "A", SITE) == ""
    assert rule(StatementKind.PUBLISH, "B", NEW) == ""


def test_nothing_is_production_or_embedded_unless_that_is_said() -> None:
    assert (NEW.production, NEW.embedded) == (False, False)


@pytest.mark.parametrize(
    "action, person, facts, refused_by",
    [
        (StatementKind.APPROVE, "A", REQUESTED, "L2:approver-is-requester"),
        (StatementKind.REJECT, "A", REQUESTED, "L2:rejecter-is-requester"),
        (StatementKind.WITHDRAW, "B", REQUESTED, "L2:withdrawer-is-not-requester"),
        (StatementKind.APPROVE, "A", replace(REQUESTED, requester="B"), "L2:author-is-only-approver"),
        (StatementKind.APPROVE, "B", APPROVED, "L4:approved-already"),
        (StatementKind.APPROVE, "B", replace(REQUESTED, executor="B"), "L2:approver-is-executor"),
        (StatementKind.START, "A", REQUESTED, "L2:not-approved"),
        (StatementKind.START, "B", APPROVED, "L2:executor-is-approver"),
        (StatementKind.CONFIRM, "A", STARTED, "L2:confirmer-is-executor"),
        (StatementKind.CONFIRM, "B", APPROVED, "L2:not-started"),
        (StatementKind.CONFIRM, "A", replace(APPROVED, executor="B"), "L2:executor-is-approver"),
        (StatementKind.PUBLISH, "A", NEW, "L1:author-countersigns"),
        (StatementKind.PUBLISH, "B", replace(NEW, countersigner="B"), "L1:published"),
        (StatementKind.GATE, "A", STARTED, "L2:needs-two"),
        (StatementKind.GATE, "C", replace(RUNNING, register=OF_THREE), "L2:not-of-this-run"),
        (StatementKind.GATE, "A", replace(RUNNING, signed=("A",)), "L1:signed-already"),
        (StatementKind.CLOSE, "B", replace(RUNNING, signed=("B",)), "L1:signed-already"),
        (StatementKind.PAUSE, "C", replace(RUNNING, register=OF_THREE), "L2:not-of-this-run"),
        (StatementKind.GENESIS, "A", replace(SITE, signed=("A",)), "L1:signed-already"),
        (StatementKind.REQUEST, "X", NEW, "L1:unknown-person"),
        (StatementKind.GENESIS, "X", NEW, "L1:unknown-person"),
    ],
)
def test_what_the_law_forbids_is_refused(action: StatementKind, person: str, facts: Facts, refused_by: str) -> None:
    assert rule(action, person, facts) == refused_by


def test_an_approval_by_the_author_alone_starts_nothing() -> None:
    facts = replace(APPROVED, register=OF_THREE, requester="C", approvers=("A",))
    assert rule(StatementKind.START, "C", facts) == "L2:not-approved"
    assert rule(StatementKind.START, "C", replace(facts, approvers=("A", "B"))) == ""


def test_the_author_may_approve_beside_another() -> None:
    facts = replace(REQUESTED, register=OF_THREE, requester="C")
    assert rule(StatementKind.APPROVE, "A", facts) == "L2:author-is-only-approver"
    assert rule(StatementKind.APPROVE, "A", replace(facts, approvers=("B",))) == ""


class TestMajor:
    FACTS = replace(APPROVED, risk=Risk.MAJOR)

    def test_two_people_cannot_start_one_and_are_told_why(self) -> None:
        assert rule(StatementKind.START, "A", self.FACTS) == "L2:major-needs-three"
        ruling = decide(StatementKind.START, "A", self.FACTS, POLICY)
        assert "three people" in ruling.message

    def test_three_people_can(self) -> None:
        facts = replace(self.FACTS, register=OF_THREE)
        assert rule(StatementKind.START, "A", facts) == ""
        started = replace(facts, executor="A")
        assert rule(StatementKind.CONFIRM, "B", started) == "L2:major-approver-confirms"
        assert rule(StatementKind.CONFIRM, "C", started) == ""

    def test_somebody_else_may_execute_for_the_requester(self) -> None:
        started = replace(self.FACTS, register=OF_THREE, executor="C")
        assert rule(StatementKind.CONFIRM, "A", started) == ""


@pytest.mark.parametrize("action", list(StatementKind))
def test_an_embedded_service_refuses_production_but_never_a_stop(action: StatementKind) -> None:
    facts = replace(RUNNING, embedded=True, production=True, grant=GRANT)
    assert (rule(action, "A", facts) == "L1:embedded-production") is (action not in STOPPING)
    assert "embedded" not in rule(action, "A", replace(facts, production=False))
    assert "embedded" not in rule(action, "A", replace(facts, embedded=False))


@pytest.mark.parametrize("action", list(StatementKind))
def test_two_people_need_two_keys(action: StatementKind) -> None:
    facts = replace(RUNNING, key="SHA256:B", grant=GRANT)
    assert rule(action, "A", facts) == "L1:same-key"
    assert rule(action, "A", replace(facts, key="SHA256:A")) != "L1:same-key"


@pytest.mark.parametrize("action", sorted(STOPPING))
@pytest.mark.parametrize("person", TWO)
def test_one_person_of_the_run_may_always_stop_it(action: StatementKind, person: str) -> None:
    assert rule(action, person, replace(RUNNING, signed=TWO)) == ""


def test_a_refusal_says_who_could_do_it() -> None:
    with pytest.raises(RefusedError) as refusal:
        require(StatementKind.APPROVE, "A", REQUESTED, POLICY)
    assert refusal.value.rule == "L2:approver-is-requester"
    assert str(refusal.value) == "A requested it and cannot approve it"
    assert refusal.value.advice() == "this can be signed by: B"


def test_a_refusal_says_when_nobody_could() -> None:
    with pytest.raises(RefusedError) as refusal:
        require(StatementKind.APPROVE, "A", replace(REQUESTED, register=everyone("A")), POLICY)
    assert refusal.value.advice() == "nobody enrolled here can sign it"


def test_who_may_is_who_is_allowed() -> None:
    assert who_may(StatementKind.APPROVE, REQUESTED, POLICY) == ("B",)
    assert who_may(StatementKind.GATE, replace(RUNNING, signed=("A",)), POLICY) == ("B",)
    assert who_may(StatementKind.START, replace(APPROVED, key="SHA256:B"), POLICY) == ("A",)


class Change:
    """A change on its way: signatures are tried in any order, and what is allowed takes effect."""

    def __init__(self, people: tuple[str, ...], risk: Risk) -> None:
        self.facts = Facts(register=everyone(*people), risk=risk)
        self.signers: set[str] = set()

    def sign(self, action: StatementKind, person: str) -> bool:
        if not self._is_due(action) or not decide(action, person, self.facts, POLICY).allowed:
            return False
        self.signers.add(person)
        facts = self.facts
        if action is StatementKind.PUBLISH:
            self.facts = replace(facts, countersigner=person) if facts.author else replace(facts, author=person)
        elif action is StatementKind.REQUEST:
            self.facts = replace(facts, requester=person)
        elif action is StatementKind.APPROVE:
            self.facts = replace(facts, approvers=(*facts.approvers, person))
        elif action is StatementKind.START:
            self.facts = replace(facts, executor=person)
        elif action is StatementKind.CONFIRM:
            self.facts = replace(facts, confirmer=person)
        else:
            self.facts = replace(facts, signed=(*facts.signed, person))
        return True

    def _is_due(self, action: StatementKind) -> bool:
        """What the states of request and run ask for, as the service checks it."""
        facts = self.facts
        return {
            StatementKind.PUBLISH: not facts.requester,
            StatementKind.REQUEST: bool(facts.countersigner) and not facts.requester,
            StatementKind.APPROVE: bool(facts.requester),
            StatementKind.START: bool(facts.requester) and not facts.executor,
            StatementKind.CONFIRM: bool(facts.executor) and not facts.confirmer,
            StatementKind.CLOSE: bool(facts.confirmer),
        }[action]


ACTIONS = st.sampled_from(
    [
        StatementKind.PUBLISH,
        StatementKind.REQUEST,
        StatementKind.APPROVE,
        StatementKind.START,
        StatementKind.CONFIRM,
        StatementKind.CLOSE,
    ]
)


@given(
    people=st.sampled_from([("A",), TWO, THREE, (*THREE, "D")]),
    risk=st.sampled_from([Risk.STANDARD, Risk.ORDINARY, Risk.MAJOR]),
    tries=st.lists(st.tuples(ACTIONS, st.sampled_from("ABCDX")), max_size=60),
)
def test_no_order_of_signatures_breaks_the_law(
    people: tuple[str, ...], risk: Risk, tries: list[tuple[StatementKind, str]]
) -> None:
    change = Change(people, risk)
    for action, person in tries:
        change.sign(action, person)
        check_law(change.facts)
    assert change.signers <= set(people)


def check_law(facts: Facts) -> None:
    assert not facts.countersigner or facts.author != facts.countersigner
    assert facts.requester not in facts.approvers or not facts.approvers
    if facts.confirmer:
        others = set(facts.approvers) - {facts.requester, facts.author}
        assert others, "somebody else has approved it"
        assert facts.executor not in facts.approvers
        assert facts.executor != facts.confirmer
        people = {facts.requester, *facts.approvers, facts.executor, facts.confirmer}
        if facts.risk is Risk.MAJOR:
            assert len(people) >= 3
    assert len(facts.signed) == len(set(facts.signed)) <= 2
    assert set(facts.signed) <= {facts.executor, facts.confirmer}


def all_facts() -> Iterator[Facts]:
    names = ("", "A", "B")
    for author, requester, executor, confirmer in product(names, repeat=4):
        for approvers in ((), ("A",), ("B",), ("A", "B")):
            for signed in ((), ("A",), ("B",)):
                yield Facts(
                    register=SITE.register,
                    grant=GRANT,
                    author=author,
                    requester=requester,
                    executor=executor,
                    confirmer=confirmer,
                    approvers=approvers,
                    signed=signed,
                )


def test_every_case_has_an_explained_answer() -> None:
    for facts in all_facts():
        for action in StatementKind:
            for person in (*TWO, "X"):
                ruling = decide(action, person, facts, POLICY)
                assert ruling.allowed or (ruling.rule and ruling.message and ruling.hint), (action, person, facts)


def test_nothing_is_confirmed_without_two_people_and_an_approval_by_another() -> None:
    confirmed = 0
    for facts in all_facts():
        for risk, person in product((Risk.ORDINARY, Risk.MAJOR), TWO):
            here = replace(facts, risk=risk, signed=())
            if facts.requester not in facts.approvers and decide(StatementKind.CONFIRM, person, here, POLICY).allowed:
                confirmed += 1
                check_law(replace(here, confirmer=person))
    assert confirmed
