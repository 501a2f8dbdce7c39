from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from runner.errors import RefusedError, UsageError
from runner.model.grant import Appoint, Exempt, Grant, GrantState, Leave, Relieve, RevokeKey, SetPolicy, Suspend
from runner.model.people import PersonRole, Register
from runner.model.policy import GrantArea, GrantTerms, Policy, Post, Unit
from runner.model.statement import StatementKind
from runner.model.text import Text
from runner.rules.granting import is_governed, require_lawful
from runner.rules.policy import decide, who_may
from runner.rules.register import enter
from runner.rules.ruling import Facts
from tests.registers import NOON, applied, everyone

DAY = timedelta(days=1)


def post(*roles: PersonRole, **more: object) -> Post:
    return Post(Text("post", "岗位"), roles, **more)  # type: ignore[arg-type]  # named by the test


POSTS: Mapping[str, Post] = {
    "security": post(PersonRole.SECURITY_ADMIN, key=True, most=1),
    "system": post(PersonRole.SYSTEM_ADMIN, key=True, most=1),
    "operator": post(PersonRole.OPERATOR, operations=True, marks=("training",)),
    "auditor": post(PersonRole.AUDITOR),
}
TERMS = GrantTerms(apply=(PersonRole.SYSTEM_ADMIN,), approve=(PersonRole.SECURITY_ADMIN,), check=(PersonRole.AUDITOR,))
BANK = Policy(
    name="bank",
    posts=POSTS,
    incompatible=(("security", "system"), ("auditor", "operator")),
    units={"head": Unit(Text("head", "总行")), "branch": Unit(Text("branch", "支行"), "head")},
    grants=dict.fromkeys(GrantArea, TERMS),
)
STAFF = everyone(S=("system",), C=("security",), A=("auditor",), O=("operator",))


def rule(action: StatementKind, person: str, grant: Grant, register: Register = STAFF, **record: object) -> str:
    asked = replace(applied(grant, "S"), **record)  # type: ignore[arg-type]  # named by the test
    return decide(action, person, Facts(register=register, now=NOON, grant=asked), BANK).rule


class TestParts:
    GRANT = Appoint("O", "operator")

    def test_roles_apply_approve_and_inspect(self) -> None:
        assert rule(StatementKind.APPLY, "S", self.GRANT) == ""
        assert rule(StatementKind.GRANT, "C", self.GRANT) == ""
        assert rule(StatementKind.INSPECT, "A", self.GRANT, state=GrantState.GRANTED, approver="C") == ""

    @pytest.mark.parametrize("person", ["C", "A", "O"])
    def test_nobody_else_applies(self, person: str) -> None:
        assert rule(StatementKind.APPLY, person, self.GRANT) == "policy:role"

    @pytest.mark.parametrize("person, refused_by", [("S", "L1:applicant-approves"), ("A", "policy:role")])
    def test_nobody_else_approves(self, person: str, refused_by: str) -> None:
        assert rule(StatementKind.GRANT, person, self.GRANT) == refused_by

    def test_nobody_approves_what_is_about_themselves(self) -> None:
        assert rule(StatementKind.GRANT, "C", Appoint("C", "operator")) == "L1:own-grant"

    def test_what_is_decided_is_not_decided_again(self) -> None:
        for state in set(GrantState) - {GrantState.APPLIED}:
            for action in (StatementKind.GRANT, StatementKind.DENY):
                assert rule(action, "C", self.GRANT, state=state) == "state:grant-decided"

    def test_only_the_applicant_takes_it_back(self) -> None:
        assert rule(StatementKind.RETRACT, "S", self.GRANT) == ""
        assert rule(StatementKind.RETRACT, "C", self.GRANT) == "L2:retracts-anothers"

    def test_whoever_put_it_into_effect_does_not_inspect_it(self) -> None:
        assert rule(StatementKind.INSPECT, "A", self.GRANT, state=GrantState.GRANTED, approver="A") == (
            "L1:approver-inspects"
        )
        assert rule(StatementKind.INSPECT, "S", self.GRANT, state=GrantState.GRANTED) == "L1:approver-inspects"
        assert rule(StatementKind.INSPECT, "A", self.GRANT) == "state:not-granted"

    def test_everyone_gives_their_own_key_up(self) -> None:
        assert rule(StatementKind.APPLY, "O", RevokeKey("O", "SHA256:O", "lost")) == ""
        assert rule(StatementKind.APPLY, "O", RevokeKey("A", "SHA256:A", "lost")) == "policy:role"

    def test_a_refusal_says_who_may(self) -> None:
        facts = Facts(register=STAFF, now=NOON, grant=applied(self.GRANT, "S"))
        assert who_may(StatementKind.GRANT, facts, BANK) == ("C",)

    def test_an_administrator_grants_within_their_own_unit(self) -> None:
        people = dict(STAFF.people)
        people["O"] = replace(people["O"], unit="head")
        people["S"] = replace(people["S"], appointments=(replace(people["S"].appointments[0], unit="branch"),))
        register = replace(STAFF, people=people)
        assert rule(StatementKind.APPLY, "S", Suspend("O", "x"), register) == "policy:role"
        people["O"] = replace(people["O"], unit="branch")
        assert rule(StatementKind.APPLY, "S", Suspend("O", "x"), register) == ""


def lawful(grant: Grant, register: Register = STAFF, policy: Policy = BANK) -> None:
    require_lawful(enter(register, grant, NOON), grant, policy, NOON, "lab")


def refused(grant: Grant, register: Register = STAFF, policy: Policy = BANK) -> str:
    with pytest.raises(RefusedError) as caught:
        lawful(grant, register, policy)
    return caught.value.rule


class TestLawful:
    def test_incompatible_posts_never_meet(self) -> None:
        trained = replace(BANK, posts={**POSTS, "operator": post(PersonRole.OPERATOR)})
        assert refused(Appoint("A", "operator"), policy=trained) == "L2:incompatible-posts"

    def test_nor_by_a_stand_in_or_by_a_later_day(self) -> None:
        for grant in (Appoint("A", "operator", stand_in=True), Appoint("A", "operator", since=NOON + DAY)):
            trained = replace(BANK, posts={**POSTS, "operator": post(PersonRole.OPERATOR)})
            assert refused(grant, policy=trained) == "L2:incompatible-posts"

    def test_nor_by_a_chain_of_grants(self) -> None:
        one = enter(everyone("N", S=("system",), C=("security",)), Relieve("N", "member", "x"), NOON)
        two = enter(one, Appoint("N", "auditor"), NOON)
        trained = replace(BANK, posts={**POSTS, "operator": post(PersonRole.OPERATOR)})
        lawful(Appoint("N", "auditor"), one, trained)
        assert refused(Appoint("N", "operator"), two, trained) == "L2:incompatible-posts"

    def test_an_exemption_lets_them_for_a_while(self) -> None:
        trained = replace(BANK, posts={**POSTS, "operator": post(PersonRole.OPERATOR)})
        exempt = enter(STAFF, Exempt("A", ("operator", "auditor"), NOON, NOON + DAY, "short of staff"), NOON)
        lawful(Appoint("A", "operator"), exempt, trained)
        later = enter(exempt, Appoint("A", "operator"), NOON)
        with pytest.raises(RefusedError):
            require_lawful(later, Suspend("A", "x"), trained, NOON + DAY, "lab")

    def test_a_post_has_so_many_holders_and_any_number_of_stand_ins(self) -> None:
        register = everyone(S=("system",), C=("security",), O=("operator",))
        assert refused(Appoint("O", "system"), register) == "people:post-full"
        lawful(Appoint("O", "system", stand_in=True), register)

    def test_a_post_asks_for_its_attestations(self) -> None:
        register = everyone("N", S=("system",), C=("security",))
        assert refused(Appoint("N", "operator"), register) == "people:attestation"

    @pytest.mark.parametrize("grant", [Appoint("O", "pilot"), Appoint("O", "auditor", "moon")])
    def test_posts_and_units_are_those_of_the_policy(self, grant: Grant) -> None:
        with pytest.raises(UsageError):
            lawful(grant)

    @pytest.mark.parametrize(
        "grant",
        [
            Suspend("C", "x"),
            Leave("S", "x"),
            Relieve("S", "system", "x"),
            RevokeKey("C", "SHA256:C", "lost"),
        ],
    )
    def test_the_last_two_who_can_grant_anything_stay(self, grant: Grant) -> None:
        assert refused(grant) == "L1:nobody-left"

    def test_a_policy_that_leaves_nobody_to_change_it_is_refused(self) -> None:
        dead = replace(BANK, grants={**BANK.grants, GrantArea.POLICY: replace(TERMS, approve=(PersonRole.VENDOR,))})
        assert refused(SetPolicy("sha256:0", ""), policy=dead) == "L1:nobody-left"
        assert not is_governed(STAFF, dead, NOON, "lab")

    def test_one_person_with_both_parts_is_not_two(self) -> None:
        both = replace(TERMS, apply=(PersonRole.SYSTEM_ADMIN,), approve=(PersonRole.SYSTEM_ADMIN,))
        alone = replace(BANK, grants=dict.fromkeys(GrantArea, both))
        assert not is_governed(everyone(S=("system",)), alone, NOON, "lab")
        assert is_governed(everyone(S=("system",), T=("system",)), alone, NOON, "lab")
