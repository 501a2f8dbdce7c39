from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.model.grant import Appoint, Attest, Enrol, Exempt, Grant, Relieve, SetVendor
from runner.model.people import PersonRole, Register, Standing, Vendor
from runner.model.policy import ApprovalNeed, ClassTerms, Policy, Post, Strength, Unit
from runner.model.runbook import Risk
from runner.model.statement import StatementKind
from runner.model.text import Text
from runner.rules.duties import is_within, roles_of
from runner.rules.oversight import remarks
from runner.rules.policy import decide, who_may
from runner.rules.register import enter
from runner.rules.ruling import Facts
from runner.rules.staffing import prove
from tests.registers import NOON, applied, everyone
from tests.ssh_keys import software_key

DAY = timedelta(days=1)
OPERATOR, APPROVER, BUSINESS = PersonRole.OPERATOR, PersonRole.APPROVER, PersonRole.BUSINESS_OWNER


def post(*roles: PersonRole, operations: bool = False, key: bool = False, marks: tuple[str, ...] = ()) -> Post:
    return Post(Text("post", "岗位"), roles, key, operations, 0, marks)


ORDINARY = ClassTerms(
    approvals=(ApprovalNeed((APPROVER,), other_unit=True),),
    request=(OPERATOR,),
    execute=(OPERATOR,),
    confirm=(OPERATOR,),
)
MAJOR = replace(ORDINARY, approvals=(*ORDINARY.approvals, ApprovalNeed((BUSINESS,))))
POSTS: Mapping[str, Post] = {
    "operator": post(OPERATOR, operations=True),
    "developer": post(OPERATOR),
    "head": post(APPROVER),
    "owner": post(BUSINESS),
    "auditor": post(PersonRole.AUDITOR),
    "engineer": post(PersonRole.VENDOR),
}
POLICY = Policy(
    name="bank",
    posts=POSTS,
    incompatible=(("operator", "auditor"),),
    units={
        "bank": Unit(Text("bank", "总行")),
        "it": Unit(Text("it", "科技部"), "bank"),
        "ops": Unit(Text("ops", "运维"), "it"),
        "office": Unit(Text("office", "办公室"), "bank"),
    },
    classes={**dict.fromkeys(Risk, ORDINARY), Risk.MAJOR: MAJOR, Risk.EMERGENCY: replace(ORDINARY, approvals=())},
    publish=(OPERATOR,),
)


def staff(**units: tuple[str, str]) -> Register:
    """People with the post and the unit given."""
    register = everyone(**{name: (held,) for name, (held, _unit) in units.items()})
    people = {name: replace(register.people[name], unit=unit) for name, (_held, unit) in units.items()}
    return replace(register, people=people)


STAFF = staff(
    O=("operator", "ops"), P=("operator", "ops"), D=("developer", "it"), H=("head", "office"), B=("owner", "office")
)
FACTS = Facts(register=STAFF, now=NOON, environment="production", production=True, author="D", requester="O")
APPROVED = replace(FACTS, approvers=("H",))
STARTED = replace(APPROVED, executor="O")


def rule(action: StatementKind, person: str, facts: Facts, policy: Policy = POLICY) -> str:
    return decide(action, person, facts, policy).rule


def entered(*grants: Grant, register: Register = STAFF) -> Register:
    for grant in grants:
        register = enter(register, grant, NOON)
    return register


class TestRoles:
    def test_each_part_is_for_those_whose_posts_say_so(self) -> None:
        assert who_may(StatementKind.REQUEST, FACTS, POLICY) == ("O", "P", "D")
        assert who_may(StatementKind.APPROVE, FACTS, POLICY) == ("H",)
        assert who_may(StatementKind.START, APPROVED, POLICY) == ("O", "P")
        assert who_may(StatementKind.CONFIRM, STARTED, POLICY) == ("P",)
        assert rule(StatementKind.APPROVE, "P", FACTS) == "policy:role"

    def test_production_is_executed_and_confirmed_from_operations_posts(self) -> None:
        assert rule(StatementKind.START, "D", APPROVED) == "L2:operations-post"
        assert rule(StatementKind.CONFIRM, "D", STARTED) == "L2:operations-post"
        assert rule(StatementKind.CONFIRM, "D", replace(STARTED, production=False)) == ""

    def test_an_auditor_acts_on_nothing(self) -> None:
        facts = replace(STARTED, register=staff(O=("operator", "ops"), P=("auditor", "ops"), H=("head", "office")))
        for action in set(StatementKind) - {StatementKind.GENESIS, StatementKind.APPLY}:
            asked = replace(facts, grant=applied(Relieve("O", "operator", "x"), "H"))
            assert rule(action, "P", asked), action

    def test_the_approval_comes_from_another_unit(self) -> None:
        facts = replace(FACTS, register=staff(O=("operator", "ops"), H=("head", "ops")))
        assert rule(StatementKind.APPROVE, "H", facts) == "policy:other-unit"

    def test_a_post_reaches_its_unit_and_those_below(self) -> None:
        assert is_within(POLICY, "ops", "it")
        assert not is_within(POLICY, "office", "it")
        head = enter(enter(STAFF, Relieve("H", "head", "x"), NOON), Appoint("H", "head", "it"), NOON)
        assert rule(StatementKind.APPROVE, "H", replace(FACTS, register=head)) == ""
        away = enter(enter(STAFF, Relieve("H", "head", "x"), NOON), Appoint("H", "head", "office"), NOON)
        assert rule(StatementKind.APPROVE, "H", replace(FACTS, register=away)) == "policy:role"

    def test_a_post_counts_in_its_environments(self) -> None:
        register = enter(
            enter(STAFF, Relieve("P", "operator", "x"), NOON), Appoint("P", "operator", "", ("lab",)), NOON
        )
        assert roles_of(register.people["P"], POLICY, NOON, "lab") == {OPERATOR}
        assert roles_of(register.people["P"], POLICY, NOON, "production") == frozenset()

    def test_a_weaker_credential_than_the_class_asks_for_is_refused(self) -> None:
        facts = replace(FACTS, strength=Strength.PASSWORD)
        assert rule(StatementKind.APPROVE, "H", facts) == "policy:strength"
        assert rule(StatementKind.PAUSE, "O", replace(STARTED, strength=Strength.PASSWORD, confirmer="P")) == ""

    def test_units_in_a_circle_end(self) -> None:
        ring = replace(POLICY, units={"a": Unit(Text("a", "a"), "b"), "b": Unit(Text("b", "b"), "a")})
        assert not is_within(ring, "a", "c")


class TestApprovals:
    FACTS = replace(FACTS, risk=Risk.MAJOR)

    def test_every_need_is_met_by_a_person_of_its_own(self) -> None:
        assert rule(StatementKind.START, "O", replace(self.FACTS, approvers=("H",))) == "L2:not-approved"
        assert rule(StatementKind.START, "O", replace(self.FACTS, approvers=("H", "B"))) == ""

    def test_one_person_with_both_roles_is_one_approval(self) -> None:
        both = replace(POLICY, posts={**POSTS, "head": post(APPROVER, BUSINESS)})
        assert rule(StatementKind.START, "O", replace(self.FACTS, approvers=("H",)), both) == "L2:not-approved"
        assert rule(StatementKind.START, "O", replace(self.FACTS, approvers=("B", "H")), both) == ""

    def test_an_approver_who_no_longer_holds_the_post_does_not_count(self) -> None:
        register = entered(Relieve("H", "head", "moved"))
        assert rule(StatementKind.START, "O", replace(APPROVED, register=register)) == "L2:not-approved"


class TestFitness:
    def test_incompatible_posts_are_refused_when_acting_too(self) -> None:
        register = entered(Appoint("O", "auditor"))
        facts = replace(APPROVED, register=register)
        assert rule(StatementKind.START, "O", facts) == "L2:incompatible-posts"
        exempt = entered(Exempt("O", ("auditor", "operator"), NOON, NOON + DAY, "x"), register=register)
        assert rule(StatementKind.START, "O", replace(facts, register=exempt)) == ""
        assert rule(StatementKind.START, "O", replace(facts, register=exempt, now=NOON + DAY)) == (
            "L2:incompatible-posts"
        )

    def test_an_attestation_that_ran_out_stops_new_changes_but_no_run_and_no_emergency(self) -> None:
        strict = replace(POLICY, posts={**POSTS, "operator": post(OPERATOR, operations=True, marks=("training",))})
        trained = entered(*(Attest(name, "training", NOON, NOON + DAY) for name in "OP"))
        facts = replace(STARTED, register=trained)
        assert rule(StatementKind.REQUEST, "O", facts, strict) == ""
        late = replace(facts, now=NOON + DAY)
        assert rule(StatementKind.REQUEST, "O", late, strict) == "people:attestation"
        assert rule(StatementKind.CONFIRM, "P", late, strict) == "people:attestation"
        running = replace(late, confirmer="P")
        assert rule(StatementKind.GATE, "O", running, strict) == ""
        assert rule(StatementKind.CONFIRM, "P", replace(late, risk=Risk.EMERGENCY), strict) == ""


class TestAttachments:
    POLICY = replace(
        POLICY, classes={**POLICY.classes, Risk.MAJOR: replace(MAJOR, attachments=("risk_analysis", "test_report"))}
    )
    FACTS = replace(FACTS, risk=Risk.MAJOR)

    def test_a_request_names_the_documents_of_its_class(self) -> None:
        for named, expected in (
            (frozenset(), "policy:attachment"),
            (frozenset({"risk_analysis"}), "policy:attachment"),
            (frozenset({"risk_analysis", "test_report"}), ""),
        ):
            assert rule(StatementKind.REQUEST, "O", replace(self.FACTS, attachments=named), self.POLICY) == expected

    def test_what_is_missing_is_named(self) -> None:
        facts = replace(self.FACTS, attachments=frozenset({"risk_analysis"}))
        assert decide(StatementKind.REQUEST, "O", facts, self.POLICY).facts["kinds"] == "test_report"

    def test_other_classes_and_emergencies_wait_for_no_paper(self) -> None:
        strict = replace(self.POLICY, classes=dict.fromkeys(Risk, self.POLICY.classes[Risk.MAJOR]))
        emergency = replace(self.FACTS, risk=Risk.EMERGENCY, attachments=frozenset())
        assert rule(StatementKind.REQUEST, "O", emergency, strict) == ""
        ordinary = replace(self.FACTS, risk=Risk.ORDINARY, attachments=frozenset())
        assert rule(StatementKind.REQUEST, "O", ordinary, self.POLICY) == ""


class TestVendors:
    TERMS = Vendor("Acme", "O", NOON + DAY, "certificate 7", ("web-restart",), ("web",))
    LINE = software_key("ssh-ed25519", 60).public.to_line()
    REGISTER = entered(Enrol("V", "", "ops", LINE, TERMS), Appoint("V", "engineer"))
    FACTS = replace(APPROVED, register=REGISTER, runbook="web-restart", groups=(frozenset({"web", "all"}),))

    def test_somebody_of_a_vendor_executes_what_their_grant_lists(self) -> None:
        assert rule(StatementKind.START, "V", self.FACTS) == ""
        assert rule(StatementKind.START, "V", replace(self.FACTS, runbook="core-restart")) == "L2:vendor-runbook"
        other = replace(self.FACTS, groups=(frozenset({"web"}), frozenset({"core", "all"})))
        assert rule(StatementKind.START, "V", other) == "L2:vendor-hosts"

    def test_but_requests_approves_and_confirms_nothing(self) -> None:
        assert rule(StatementKind.REQUEST, "V", self.FACTS) == "policy:role"
        assert rule(StatementKind.APPROVE, "V", self.FACTS) == "policy:role"
        assert rule(StatementKind.CONFIRM, "V", replace(self.FACTS, executor="O")) == "L2:vendor-confirms"

    def test_only_somebody_of_operations_confirms_a_vendors_run(self) -> None:
        started = replace(self.FACTS, executor="V")
        assert who_may(StatementKind.CONFIRM, started, POLICY) == ("O", "P")

    def test_nothing_outlasts_the_contract_or_the_sponsor(self) -> None:
        late = replace(self.FACTS, now=NOON + DAY)
        assert rule(StatementKind.START, "V", late) == "people:contract-ended"
        people = dict(self.REGISTER.people)
        gone = replace(self.REGISTER, people={**people, "O": replace(people["O"], standing=Standing.LEFT)})
        assert rule(StatementKind.START, "V", replace(self.FACTS, register=gone)) == "people:no-sponsor"
        kept = enter(gone, SetVendor("V", replace(self.TERMS, sponsor="P")), NOON)
        assert rule(StatementKind.START, "V", replace(self.FACTS, register=kept)) == ""


class TestStaffing:
    def test_a_team_is_named_for_every_class_that_has_one(self) -> None:
        proofs = {proof.risk: proof for proof in prove(FACTS, POLICY) if proof.unit == "ops"}
        assert set(proofs) == set(Risk)
        team = proofs[Risk.MAJOR].team
        assert team is not None
        assert (set(team.approvers), {team.executor, team.confirmer}) == ({"H", "B"}, {"O", "P"})

    @pytest.mark.parametrize("without, missing", [("H", StatementKind.APPROVE), ("P", StatementKind.START)])
    def test_what_nobody_can_sign_is_named(self, without: str, missing: StatementKind) -> None:
        people = {name: person for name, person in STAFF.people.items() if name != without}
        facts = replace(FACTS, register=replace(STAFF, people=people))
        proof = next(proof for proof in prove(facts, POLICY) if (proof.risk, proof.unit) == (Risk.ORDINARY, "ops"))
        assert (proof.team, proof.missing) == (None, missing)

    def test_a_site_where_nobody_may_request_is_named_too(self) -> None:
        facts = replace(FACTS, register=staff(H=("head", "office")))
        assert [(proof.team, proof.missing) for proof in prove(facts, POLICY)] == [(None, StatementKind.REQUEST)] * len(
            Risk
        )

    def test_a_house_of_a_thousand_is_proved_from_a_few_of_each_kind(self) -> None:
        many = staff(**{f"O{number}": ("operator", "ops") for number in range(1000)}, H=("head", "office"))
        proofs = prove(replace(FACTS, register=many, author=""), POLICY)
        assert [proof.risk for proof in proofs if proof.team is None] == [Risk.MAJOR]


class TestOversight:
    def test_vacant_posts_missing_stand_ins_and_deviations_are_reported(self) -> None:
        policy = replace(POLICY, posts={"operator": post(OPERATOR, key=True), "head": post(APPROVER), "spare": post()})
        register = entered(Exempt("O", ("operator", "auditor"), NOON, NOON + DAY, "short of staff"))
        said = [(each.message.partition("{")[0], each.facts) for each in remarks(register, policy, (), NOON)]
        assert ("key post ", {"post": "operator"}) in said
        assert ("post ", {"post": "spare"}) in said
        assert any(message == "deviation: " and facts["person"] == "O" for message, facts in said)

    def test_what_ends_within_thirty_days_is_announced_and_what_is_later_is_not(self) -> None:
        for days, expected in ((30, 1), (31, 0)):
            register = entered(Attest("O", "training", NOON, NOON + days * DAY))
            found = [each for each in remarks(register, POLICY, (), NOON) if each.facts.get("what") == "training"]
            assert len(found) == expected

    def test_a_grant_nobody_inspected_is_owed(self) -> None:
        record = replace(applied(Relieve("O", "operator", "x"), "H"), decided_at=NOON)
        [soon] = [each for each in remarks(STAFF, POLICY, [record, record], NOON) if "due" in each.facts]
        [late] = [each for each in remarks(STAFF, POLICY, [record], NOON + 8 * DAY) if "due" in each.facts]
        assert (soon.facts["count"], late.facts["number"]) == (2, record.number)


PEOPLE = "OPDHB"


@given(
    parts=st.tuples(*(st.sampled_from(PEOPLE) for _ in range(4))),
    approvers=st.lists(st.sampled_from(PEOPLE), max_size=4, unique=True),
    risk=st.sampled_from(Risk),
    environment=st.sampled_from(["lab", "production"]),
    held=st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(sorted(POSTS))), max_size=6),
)
def test_nothing_is_ever_confirmed_without_two_people(
    parts: tuple[str, ...], approvers: list[str], risk: Risk, environment: str, held: list[tuple[str, str]]
) -> None:
    """Whatever posts people hold: who executes and who confirms are two; an approver is a third where law says so."""
    author, requester, executor, person = parts
    register = STAFF
    for name, given_post in held:
        if not any(each.post == given_post for each in register.people[name].appointments):
            register = enter(register, Appoint(name, given_post), NOON)
    facts = replace(
        FACTS,
        register=register,
        author=author,
        requester=requester,
        approvers=tuple(approvers),
        executor=executor,
        risk=risk,
        environment=environment,
        production=environment == "production",
    )
    if not decide(StatementKind.CONFIRM, person, facts, POLICY).allowed:
        return
    assert executor != person
    assert executor not in approvers
    if risk is not Risk.EMERGENCY:
        assert set(approvers) - {requester, author}
    if risk is Risk.MAJOR:
        assert person not in approvers
        assert len({requester, executor, person, *approvers}) >= 3
