from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from runner.errors import RefusedError
from runner.model.grant import (
    Appoint,
    Attest,
    Delegate,
    Enrol,
    Grant,
    GrantState,
    Recertify,
    Reinstate,
    Relieve,
    Suspend,
    Transfer,
)
from runner.model.people import PersonRole, Register, Standing
from runner.model.policy import GrantArea, GrantTerms, Policy, Post, Unit, UpkeepTerms
from runner.model.runbook import Risk
from runner.model.statement import StatementKind
from runner.model.text import Text
from runner.model.time import Seconds
from runner.rules.granting import is_governed, require_lawful, require_stopped
from runner.rules.oversight import remarks
from runner.rules.policy import decide, who_may
from runner.rules.register import enter
from runner.rules.ruling import Facts
from runner.rules.staffing import prove
from runner.rules.upkeep import Upheld, asked_since, certification_due, overdue, upheld, vacancies
from tests.registers import NOON, applied, everyone

DAY = timedelta(days=1)
YEAR = Seconds(365 * 86400)
UNITS = {name: Unit(Text(name, name)) for name in ("east", "west")}


def post(*roles: PersonRole, **more: object) -> Post:
    return Post(Text("post", "岗位"), roles, **more)  # type: ignore[arg-type]  # named by the test


SECURITY = post(PersonRole.SECURITY_ADMIN)
POLICY = Policy(
    name="bank",
    posts={
        "security": SECURITY,
        "system": post(PersonRole.SYSTEM_ADMIN),
        "operator": post(PersonRole.OPERATOR, marks=("training",)),
        "head": post(PersonRole.APPROVER),
        "auditor": post(PersonRole.AUDITOR),
    },
    units=UNITS,
    grants=dict.fromkeys(
        GrantArea, GrantTerms((PersonRole.SYSTEM_ADMIN,), (PersonRole.SECURITY_ADMIN,), (PersonRole.AUDITOR,))
    ),
    upkeep=UpkeepTerms(
        recertify=(PersonRole.APPROVER,),
        recertify_every=Seconds(100 * 86400),
        dormant_after=Seconds(10 * 86400),
        unused_after=Seconds(90 * 86400),
    ),
)
STAFF = replace(
    everyone(S=("system",), C=("security",), H=("head",), A=("auditor",), O=("operator",), P=("operator",)),
    founded=NOON,
)


def trained(register: Register = STAFF) -> Register:
    for name in ("O", "P"):
        register = enter(register, Attest(name, "training", NOON), NOON)
    return register


def upheld_at(register: Register, used: Mapping[str, datetime], at: datetime, policy: Policy = POLICY) -> Upheld:
    return upheld(register, overdue(register, used, policy.upkeep, at), policy, at, "")


def counted(
    register: Register, at: datetime, used: Mapping[str, datetime] | None = None, policy: Policy = POLICY
) -> Register:
    return upheld_at(register, used or {}, at, policy).register


def rule(action: StatementKind, name: str, register: Register, at: datetime, **more: object) -> str:
    facts = Facts(register=register, now=at, **more)  # type: ignore[arg-type]  # named by the test
    return decide(action, name, facts, POLICY).rule


class TestCertification:
    def test_it_is_due_so_long_after_the_grant_and_again_after_each_certification(self) -> None:
        person = STAFF.people["O"]
        assert certification_due(person, STAFF, POLICY.upkeep, NOON) == NOON + 100 * DAY
        later = enter(STAFF, Recertify("O", "still on shift"), NOON + 50 * DAY)
        assert certification_due(later.people["O"], later, POLICY.upkeep, NOON + 60 * DAY) == NOON + 150 * DAY

    def test_it_counts_from_when_the_policy_first_asked_for_it(self) -> None:
        old = replace(STAFF, asked=asked_since({}, POLICY, NOON + 400 * DAY))
        assert certification_due(old.people["O"], old, POLICY.upkeep, NOON + 401 * DAY) == NOON + 500 * DAY

    def test_another_policy_that_asks_for_it_too_grants_no_respite(self) -> None:
        first = asked_since({}, POLICY, NOON)
        assert asked_since(first, POLICY, NOON + 50 * DAY) == first
        without = replace(POLICY, upkeep=UpkeepTerms())
        assert asked_since(asked_since(first, without, NOON + DAY), POLICY, NOON + 2 * DAY) != first

    def test_a_new_post_does_not_certify_the_older_ones(self) -> None:
        register = enter(STAFF, Appoint("O", "head"), NOON + 99 * DAY)
        assert certification_due(register.people["O"], register, POLICY.upkeep, NOON + 99 * DAY) == NOON + 100 * DAY
        relieved = enter(register, Relieve("O", "operator", "moved"), NOON + 99 * DAY)
        assert certification_due(relieved.people["O"], relieved, POLICY.upkeep, NOON + 99 * DAY) == NOON + 199 * DAY

    def test_without_posts_or_without_the_key_nothing_is_due(self) -> None:
        bare = enter(STAFF, Relieve("O", "operator", "x"), NOON)
        assert certification_due(bare.people["O"], bare, POLICY.upkeep, NOON + DAY) is None
        assert certification_due(STAFF.people["O"], STAFF, UpkeepTerms(), NOON + 900 * DAY) is None

    def test_posts_lie_dormant_only_after_the_further_span(self) -> None:
        assert not counted(STAFF, NOON + 110 * DAY - timedelta(seconds=1)).people["O"].lapsed
        assert counted(STAFF, NOON + 110 * DAY).people["O"].lapsed

    @pytest.mark.parametrize("action", [StatementKind.REQUEST, StatementKind.CHECK, StatementKind.PUBLISH])
    def test_dormant_posts_sign_nothing_new_and_it_says_by_which_rule(self, action: StatementKind) -> None:
        register = counted(trained(), NOON + 110 * DAY)
        assert rule(action, "O", register, NOON + 110 * DAY) == "people:recertify"

    def test_neither_an_emergency_nor_a_run_that_has_begun_waits(self) -> None:
        at = NOON + 110 * DAY
        register = counted(trained(), at)
        running = {"requester": "H", "executor": "O", "confirmer": "P"}
        assert rule(StatementKind.REQUEST, "O", register, at, risk=Risk.EMERGENCY) == ""
        assert rule(StatementKind.START, "O", register, at, risk=Risk.EMERGENCY, requester="H") == ""
        for action in (StatementKind.GATE, StatementKind.DECIDE, StatementKind.CLOSE, StatementKind.ABORT):
            assert rule(action, "O", register, at, **running) == ""

    def test_it_ends_with_a_certification(self) -> None:
        at = NOON + 110 * DAY
        again = enter(trained(), Recertify("O", "on shift"), at)
        assert rule(StatementKind.REQUEST, "O", counted(again, at), at) == ""

    def test_nobody_certifies_themselves_and_two_people_sign(self) -> None:
        asked = applied(Recertify("O", "on shift"), "H")
        facts = Facts(register=STAFF, now=NOON, grant=asked)
        assert who_may(StatementKind.APPLY, facts, POLICY) == ("H",)
        assert who_may(StatementKind.GRANT, facts, POLICY) == ("C",)
        own = Facts(register=STAFF, now=NOON, grant=applied(Recertify("H", "I need it"), "H"))
        assert decide(StatementKind.APPLY, "H", own, POLICY).rule == "L1:own-grant"
        granted = replace(asked, state=GrantState.GRANTED, approver="C")
        assert who_may(StatementKind.INSPECT, replace(facts, grant=granted), POLICY) == ("A",)

    def test_only_somebody_with_a_post_is_certified(self) -> None:
        bare = enter(STAFF, Relieve("O", "operator", "x"), NOON)
        with pytest.raises(RefusedError) as refused:
            enter(bare, Recertify("O", "why not"), NOON + DAY)
        assert refused.value.rule == "people:no-post"

    def test_it_is_announced_then_owed_then_reported_as_dormant(self) -> None:
        def said(days: int) -> list[str]:
            at = NOON + days * DAY
            found = remarks(counted(STAFF, at), POLICY, (), at)
            return [each.message for each in found if each.facts.get("person") == "O" and "certified" in each.message]

        assert said(69) == []
        assert [len(said(days)) for days in (70, 100, 110)] == [1, 1, 1]
        assert len({said(70)[0], said(100)[0], said(110)[0]}) == 3


class TestUnused:
    AT = NOON + 90 * DAY

    def test_an_account_that_nobody_used_counts_as_suspended(self) -> None:
        register = counted(trained(), self.AT, {"O": NOON, "P": NOON + DAY})
        assert register.people["O"].standing is Standing.UNUSED
        assert register.people["O"].standing_since == self.AT
        assert register.people["P"].standing is Standing.ACTIVE
        assert rule(StatementKind.REQUEST, "O", register, self.AT) == "people:unused"

    def test_also_for_an_emergency(self) -> None:
        register = counted(trained(), self.AT, {"O": NOON})
        assert rule(StatementKind.REQUEST, "O", register, self.AT, risk=Risk.EMERGENCY) == "people:unused"

    def test_whoever_is_suspended_or_has_left_stays_so(self) -> None:
        register = counted(enter(STAFF, Suspend("O", "x"), NOON), self.AT, {"O": NOON})
        assert register.people["O"].standing is Standing.SUSPENDED

    def test_without_the_key_no_account_is_stopped(self) -> None:
        policy = replace(POLICY, upkeep=UpkeepTerms())
        assert counted(STAFF, NOON + 999 * DAY, {"O": NOON}, policy) == STAFF

    def test_only_a_stopped_account_is_reinstated(self) -> None:
        stopped = counted(STAFF, self.AT, {"O": NOON})
        require_stopped(stopped, Reinstate("O", "back"))
        assert enter(stopped, Reinstate("O", "back"), self.AT).people["O"].standing is Standing.ACTIVE
        with pytest.raises(RefusedError) as refused:
            require_stopped(STAFF, Reinstate("O", "why not"))
        assert refused.value.rule == "people:standing"

    def test_it_is_reported(self) -> None:
        register = counted(STAFF, self.AT, {"O": NOON})
        assert any("for want of use" in each.message for each in remarks(register, POLICY, (), self.AT))


class TestNobodyIsShutOut:
    AT = NOON + 500 * DAY
    EVERYBODY = dict.fromkeys(STAFF.people, NOON)

    def test_where_everything_is_over_those_go_on_whom_it_takes(self) -> None:
        found = upheld_at(STAFF, self.EVERYBODY, self.AT)
        assert set(found.spared) == {"S", "C", "H"}
        assert is_governed(found.register, POLICY, self.AT, "")
        assert found.register.people["O"].standing is Standing.UNUSED
        assert found.register.people["O"].lapsed

    def test_no_more_than_it_takes_and_the_last_to_have_used_theirs(self) -> None:
        more = enter(STAFF, Enrol("T", "", "", ""), NOON)
        people = {**more.people, "T": replace(STAFF.people["S"], name="T")}
        used = {**self.EVERYBODY, "T": NOON + DAY}
        found = upheld_at(replace(more, people=people), used, self.AT)
        assert set(found.spared) == {"T", "C", "H"}

    def test_where_others_are_left_nobody_is_spared(self) -> None:
        people = {**STAFF.people, "T": replace(STAFF.people["S"], name="T")}
        found = upheld_at(replace(STAFF, people=people), {"T": NOON}, NOON + 90 * DAY)
        assert found.spared == ()
        assert found.register.people["T"].standing is Standing.UNUSED

    def test_it_is_reported_before_all_else(self) -> None:
        found = upheld_at(STAFF, self.EVERYBODY, self.AT)
        first = remarks(found.register, POLICY, (), self.AT, found.spared)[: len(found.spared)]
        assert {each.facts["person"] for each in first} == set(found.spared)

    def test_a_grant_may_not_leave_only_stopped_people_either(self) -> None:
        people = {**STAFF.people, "T": replace(STAFF.people["S"], name="T")}
        at = NOON + 90 * DAY
        register = counted(replace(STAFF, people=people), at, {"T": NOON})
        grant = Suspend("S", "to stay alone")
        with pytest.raises(RefusedError) as refused:
            require_lawful(enter(register, grant, at), grant, POLICY, at, "")
        assert refused.value.rule == "L1:nobody-left"


def keyed(**more: object) -> Policy:
    return replace(
        POLICY,
        posts={**POLICY.posts, "security": replace(SECURITY, key=True)},
        upkeep=UpkeepTerms(stand_in_within=Seconds(30 * 86400)),
        **more,  # type: ignore[arg-type]  # named by the test
    )


class TestStandIns:
    POLICY = keyed()
    STAND_IN = Appoint("P", "security", stand_in=True)

    def since(self, register: Register, at: datetime, unit: str = "") -> datetime | None:
        return next((each.since for each in vacancies(register, self.POLICY, at, unit)), None)

    def refusal(self, action: StatementKind, name: str, register: Register, at: datetime, **more: object) -> str:
        facts = Facts(register=register, now=at, **{"risk": Risk.MAJOR, **more})  # type: ignore[arg-type]  # by the test
        return decide(action, name, facts, self.POLICY).rule

    def test_it_is_vacant_from_the_beginning_until_somebody_is_appointed(self) -> None:
        assert self.since(STAFF, NOON + DAY) == NOON
        assert self.since(enter(STAFF, self.STAND_IN, NOON + DAY), NOON + DAY) is None

    @pytest.mark.parametrize("end", [Relieve("P", "security", "x"), Suspend("P", "x"), Transfer("P", "east", "x")])
    def test_it_is_vacant_again_from_when_the_last_one_ended(self, end: Grant) -> None:
        register = enter(enter(STAFF, Transfer("P", "west", "x"), NOON), self.STAND_IN, NOON)
        assert self.since(enter(register, end, NOON + 40 * DAY), NOON + 50 * DAY) == NOON + 40 * DAY

    def test_an_appointment_that_ran_out_is_none(self) -> None:
        register = enter(STAFF, replace(self.STAND_IN, until=NOON + 5 * DAY), NOON)
        assert self.since(register, NOON + 6 * DAY) == NOON + 5 * DAY

    def test_a_key_post_the_policy_knows_only_since_then_counts_from_then(self) -> None:
        register = replace(STAFF, asked=asked_since({}, self.POLICY, NOON + 300 * DAY))
        assert self.since(register, NOON + 301 * DAY) == NOON + 300 * DAY

    def test_after_its_time_no_major_change_is_requested_or_approved(self) -> None:
        register = trained()
        for at, expected in ((NOON + 30 * DAY - timedelta(seconds=1), ""), (NOON + 30 * DAY, "people:stand-in")):
            assert self.refusal(StatementKind.REQUEST, "O", register, at) == expected
            assert self.refusal(StatementKind.APPROVE, "H", register, at, requester="O") == expected

    def test_other_classes_starts_and_emergencies_go_on(self) -> None:
        register, at = trained(), NOON + 99 * DAY
        for risk in set(Risk) - {Risk.MAJOR}:
            assert self.refusal(StatementKind.REQUEST, "O", register, at, risk=risk) == ""
        approved = {"requester": "P", "approvers": ("H",)}
        three = enter(enter(register, Appoint("S", "operator"), NOON), Attest("S", "training", NOON), NOON)
        assert self.refusal(StatementKind.START, "O", three, at, **approved) == ""

    def test_it_counts_in_the_units_it_reaches(self) -> None:
        register, at = STAFF, NOON + 99 * DAY
        for grant in (Transfer("O", "east", "x"), Transfer("P", "west", "x"), Appoint("A", "security", "east")):
            register = enter(register, grant, NOON)
        register = enter(register, Appoint("H", "security", "east", stand_in=True), NOON)
        people = {**register.people, "C": replace(register.people["C"], appointments=())}
        only_east = replace(register, people=people)
        assert self.since(only_east, at, "east") is None
        assert self.since(only_east, at, "west") is None, "nobody holds it there"
        assert self.since(register, at, "west") == NOON, "its holder reaches the whole site, the stand-in does not"

    def test_the_day_is_reported_before_and_after(self) -> None:
        told = [
            [each for each in remarks(STAFF, self.POLICY, (), at) if "due" in each.facts]
            for at in (NOON + DAY, NOON + 31 * DAY)
        ]
        assert [len(each) for each in told] == [1, 1]
        assert told[0][0].message != told[1][0].message

    def test_a_stand_in_without_the_attestations_is_not_put_to_work(self) -> None:
        grant = Delegate("P", "operator", NOON, NOON + DAY, "ill")
        with pytest.raises(RefusedError) as refused:
            require_lawful(STAFF, grant, self.POLICY, NOON, "")
        assert refused.value.rule == "people:attestation"


class TestStaffing:
    STAFF = trained(enter(enter(STAFF, Appoint("A", "operator"), NOON), Attest("A", "training", NOON), NOON))

    def lacking(self, register: Register, policy: Policy, at: datetime) -> set[Risk]:
        return {proof.risk for proof in prove(Facts(register=register, now=at), policy) if proof.team is None}

    def test_a_team_is_of_people_who_may_act_at_present(self) -> None:
        assert self.lacking(self.STAFF, POLICY, NOON) == set()
        at = NOON + 90 * DAY
        stopped = counted(self.STAFF, at, {"O": NOON, "P": NOON})
        assert self.lacking(stopped, POLICY, at) == set(Risk)

    def test_dormant_posts_are_of_use_in_an_emergency_only(self) -> None:
        at = NOON + 110 * DAY
        assert self.lacking(counted(self.STAFF, at), POLICY, at) == set(Risk) - {Risk.EMERGENCY}

    def test_a_key_post_without_a_stand_in_leaves_no_major_change(self) -> None:
        assert self.lacking(self.STAFF, keyed(), NOON + 30 * DAY) == {Risk.MAJOR}


def test_a_paper_that_was_renewed_is_not_announced_as_ending() -> None:
    register = enter(STAFF, Attest("O", "training", NOON, NOON + 10 * DAY), NOON)
    assert [each for each in remarks(register, POLICY, (), NOON) if each.facts.get("what") == "training"]
    renewed = enter(register, Attest("O", "training", NOON, NOON + 400 * DAY), NOON)
    assert not [each for each in remarks(renewed, POLICY, (), NOON) if each.facts.get("what") == "training"]


def test_an_approval_given_before_still_counts() -> None:
    at = NOON + 110 * DAY
    dormant = replace(counted(trained(), NOON), people=counted(trained(), at).people)
    people = {**dormant.people, "H": replace(dormant.people["H"], lapsed=True)}
    people |= {name: enter(dormant, Recertify(name, "x"), at).people[name] for name in ("O", "P")}
    register = replace(dormant, people=people)
    assert rule(StatementKind.APPROVE, "H", register, at, requester="O") == "people:recertify"
    assert rule(StatementKind.START, "O", register, at, requester="P", approvers=("H",)) == ""
