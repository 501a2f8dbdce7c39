"""People, grants and policy as every backend of the terminal UI shows them, and what two people change there."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from runner.errors import NotFoundError, RefusedError, UsageError
from runner.model.grant import Appoint, Enrol, Grant, GrantState, Leave, Recertify, Relieve, RevokeKey, Suspend
from runner.model.people import Person, Standing
from runner.model.policy import MEMBER
from runner.model.runbook import Risk
from runner.model.statement import StatementKind
from runner.proof.canonical import digest
from runner.wire.api_people import GrantRow
from tests.benches import Bench
from tui.intents import Apply, ApproveGrant, DenyGrant, InspectGrant, RetractGrant


def apply(bench: Bench, grant: Grant, by: Path | None = None) -> str:
    return bench.sign(Apply(grant, "needed"), by or bench.executor).subject


def granted(bench: Bench, grant: Grant) -> str:
    number = apply(bench, grant)
    bench.sign(ApproveGrant(number), bench.confirmer)
    return number


def person(bench: Bench, name: str) -> Person | None:
    found = [each.person for each in bench.backend.register.people().people if each.person.name == name]
    return found[0] if found else None


def row(bench: Bench, number: str) -> GrantRow:
    return bench.backend.register.grant(number).row


def enrolled(bench: Bench, name: str, folder: Path) -> str:
    """Somebody with a key of their own; its fingerprint."""
    path = folder / f"{name}.key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(path)], check=True)
    granted(bench, Enrol(name, "", "", path.with_suffix(".key.pub").read_text("utf-8").strip()))
    found = person(bench, name)
    assert found is not None
    return found.keys[0].fingerprint


def test_everyone_stands_in_the_register_with_posts_and_keys(bench: Bench) -> None:
    register = bench.backend.register.people()
    signers = {bench.key(path).person: bench.key(path).fingerprint for path in (bench.executor, bench.confirmer)}
    by_name = {each.person.name: each for each in register.people}
    for name, fingerprint in signers.items():
        assert by_name[name].posts == (MEMBER,)
        assert [key.fingerprint for key in by_name[name].person.good_keys(register.at)] == [fingerprint]


def test_the_policy_is_its_text(bench: Bench) -> None:
    shown, terms = bench.backend.register.policy(), bench.backend.register.terms()
    assert shown.digest == digest(shown.source.encode())
    assert shown.name == terms.name
    assert MEMBER in terms.posts
    assert (shown.grant, shown.differs) == ("", False)


def test_two_people_are_enough_for_ordinary_changes_and_not_for_major_ones(bench: Bench) -> None:
    rows = {row.risk: row for row in bench.backend.register.staffing().rows if not row.unit}
    assert set(rows) == set(Risk)
    names = {bench.key(path).person for path in (bench.executor, bench.confirmer)}
    assert (rows[Risk.ORDINARY].enough, set(rows[Risk.ORDINARY].team)) == (True, names)
    assert not rows[Risk.MAJOR].enough
    assert rows[Risk.MAJOR].missing is not None


def test_one_applies_another_approves_and_the_first_inspects(bench: Bench) -> None:
    register, name = bench.backend.register, "zhao.min"
    outcome = bench.sign(Apply(Enrol(name, "赵敏", "", ""), "new colleague"), bench.executor)
    number, other = outcome.subject, bench.key(bench.confirmer).person
    assert not outcome.complete
    assert outcome.next is not None
    assert (outcome.next.kind, outcome.next.subject, outcome.next.people) == (StatementKind.GRANT, number, (other,))
    assert person(bench, name) is None
    with pytest.raises(RefusedError) as refusal:
        bench.sign(ApproveGrant(number), bench.executor)
    assert refusal.value.rule == "L1:applicant-approves"
    assert bench.sign(ApproveGrant(number), bench.confirmer).state == GrantState.GRANTED
    found = person(bench, name)
    assert found is not None
    assert (found.called, found.standing) == ("赵敏", Standing.ACTIVE)
    assert [act.kind for act in register.grant(number).acts] == [StatementKind.INSPECT]
    with pytest.raises(RefusedError) as refusal:
        bench.sign(InspectGrant(number), bench.confirmer)
    assert refusal.value.rule == "L1:approver-inspects"
    bench.sign(InspectGrant(number), bench.executor)
    shown = register.grant(number)
    assert (shown.row.state, shown.row.approver, shown.acts) == (GrantState.CHECKED, other, ())
    assert shown.row.inspector == bench.key(bench.executor).person


def test_what_ends_with_somebody_is_the_same_list_before_and_after(bench: Bench) -> None:
    register = bench.backend.register
    granted(bench, Enrol("sun.san", "", "", ""))
    granted(bench, Appoint("sun.san", MEMBER))
    before = register.leaving("sun.san")
    assert [each.facts for each in before.ends] == [{"post": MEMBER}]
    number = granted(bench, Leave("sun.san", "moved", ("badge",)))
    shown = register.grant(number)
    assert (shown.ends, shown.open) == (before.ends, before.open)
    assert shown.row.terms["handed_back"] == ["badge"]
    with pytest.raises(UsageError):
        register.leaving("nobody")


def test_posts_are_certified_by_two_and_not_by_their_holder(bench: Bench) -> None:
    name = bench.key(bench.confirmer).person
    number = apply(bench, Recertify(name, "on shift"))
    with pytest.raises(RefusedError) as refusal:
        bench.sign(ApproveGrant(number), bench.confirmer)
    assert refusal.value.rule == "L1:own-grant"
    granted(bench, Enrol("wu.er", "", "", ""))
    granted(bench, Appoint("wu.er", MEMBER))
    granted(bench, Recertify("wu.er", "on shift"))
    found = person(bench, "wu.er")
    assert found is not None
    assert found.certified is not None


def test_a_grant_waits_beside_the_changes(bench: Bench) -> None:
    number = apply(bench, Enrol("qian.yi", "", "", ""))
    waiting = [(act.kind, act.subject) for act in bench.backend.waiting().acts]
    assert (StatementKind.GRANT, number) in waiting
    assert (StatementKind.START, bench.changes.approved) in waiting
    page = bench.backend.changes(None, 50)
    assert number in [act.subject for act in page.others]
    assert {act.request for act in page.others} == {""}
    bench.sign(ApproveGrant(number), bench.confirmer)
    assert (StatementKind.INSPECT, number) in [(act.kind, act.subject) for act in bench.backend.waiting().acts]


def test_an_application_is_turned_down_or_taken_back_with_a_reason(bench: Bench) -> None:
    denied = apply(bench, Enrol("sun.er", "", "", ""))
    assert bench.sign(DenyGrant(denied, "nobody knows them"), bench.confirmer).state == GrantState.REJECTED
    retracted = apply(bench, Enrol("sun.er", "", "", ""))
    with pytest.raises(RefusedError) as refusal:
        bench.sign(RetractGrant(retracted, "mistyped"), bench.confirmer)
    assert refusal.value.rule == "L2:retracts-anothers"
    assert bench.sign(RetractGrant(retracted, "mistyped"), bench.executor).state == GrantState.WITHDRAWN
    assert person(bench, "sun.er") is None
    assert [bench.backend.register.grant(number).acts for number in (denied, retracted)] == [(), ()]


def test_a_suspension_and_a_revoked_key_count_at_once(bench: Bench, tmp_path: Path) -> None:
    name = "li.si"
    fingerprint = enrolled(bench, name, tmp_path)
    revoked = bench.sign(Apply(RevokeKey(name, fingerprint, "lost"), "lost"), bench.executor)
    suspended = bench.sign(Apply(Suspend(name, "on leave"), "on leave"), bench.executor)
    assert (revoked.complete, suspended.complete) == (True, True)
    found = person(bench, name)
    assert found is not None
    assert found.standing is Standing.SUSPENDED
    assert found.keys[0].revoked is not None
    with pytest.raises(RefusedError) as refusal:
        bench.sign(InspectGrant(suspended.subject), bench.executor)
    assert refusal.value.rule == "L1:approver-inspects"
    assert bench.sign(InspectGrant(suspended.subject), bench.confirmer).state == GrantState.CHECKED


def test_a_post_is_granted_and_taken_back(bench: Bench) -> None:
    name = "zhou.wu"
    granted(bench, Enrol(name, "", "", ""))
    granted(bench, Appoint(name, MEMBER))
    register = bench.backend.register
    assert next(each.posts for each in register.people().people if each.person.name == name) == (MEMBER,)
    granted(bench, Relieve(name, MEMBER, "moved"))
    assert next(each.posts for each in register.people().people if each.person.name == name) == ()


def test_what_cannot_be_granted_is_refused_before_anyone_waits_for_it(bench: Bench) -> None:
    before = len(bench.backend.waiting().acts)
    me = bench.key(bench.executor).person
    with pytest.raises(UsageError, match="the policy knows none"):
        apply(bench, Appoint(me, "emperor"))
    with pytest.raises(RefusedError) as refusal:
        apply(bench, Enrol(me, "", "", ""))
    assert refusal.value.rule == "people:name-taken"
    assert len(bench.backend.waiting().acts) == before


def test_what_is_to_be_inspected_is_reported(bench: Bench) -> None:
    before = _inspections_owed(bench)
    number = granted(bench, Enrol("wu.liu", "", "", ""))
    assert _inspections_owed(bench) == before + 1
    bench.sign(InspectGrant(number), bench.executor)
    assert _inspections_owed(bench) == before


def _inspections_owed(bench: Bench) -> int:
    remarks = [remark.facts for remark in bench.backend.register.people().remarks if "due" in remark.facts]
    return sum(int(facts.get("count") or 1) for facts in remarks)


def test_grants_are_listed_newest_first_page_by_page_and_by_person(bench: Bench) -> None:
    mine = [granted(bench, Enrol("zheng.qi", "", "", "")), apply(bench, Appoint("zheng.qi", MEMBER))]
    register = bench.backend.register
    everything = [row.number for row in register.grants("", None, 200).rows]
    assert everything == sorted(everything, reverse=True)
    paged: list[str] = []
    before = None
    while not paged or before is not None:
        page = register.grants("", before, 2)
        assert len(page.rows) <= 2
        paged += [row.number for row in page.rows]
        before = page.next
    assert paged == everything
    assert [row.number for row in register.grants("zheng.qi", None, 50).rows] == mine[::-1]
    assert row(bench, mine[1]).terms["post"] == MEMBER


def test_a_grant_that_does_not_exist_is_not_found(bench: Bench) -> None:
    with pytest.raises(NotFoundError):
        bench.backend.register.grant("SQ-2026-9999")


def test_the_text_to_sign_is_the_grant_in_full(bench: Bench) -> None:
    number = apply(bench, Enrol("wang.ba", "王八一", "", ""))
    prepared = bench.backend.prepare(ApproveGrant(number), bench.key(bench.confirmer))
    shown = row(bench, number)
    assert prepared.content["terms"] == shown.terms
    assert (prepared.content["applicant"], prepared.content["application"]) == (shown.applicant, shown.application)
    assert prepared.hosts == ()
