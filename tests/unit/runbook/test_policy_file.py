"""What a policy file means once it is valid; what it is answered with otherwise stands in `test_policy_cases.py`."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest

from runner.errors import NotFoundError
from runner.model.people import PersonRole
from runner.model.policy import (
    KEY_ROLES,
    MEMBER,
    USUAL_GRANTS,
    USUAL_TERMS,
    ApprovalNeed,
    GrantArea,
    GrantTerms,
    Policy,
    Post,
    Reading,
    Strength,
    Unit,
)
from runner.model.runbook import Risk
from runner.model.text import Text
from runner.model.time import Seconds
from runner.rules.terms import laxer_than, terms_of
from runner.runbook.places import shipped_files
from runner.runbook.policy_lint import lint_policies
from runner.runbook.settings import parse_policy
from runner.wire.documents import from_document, to_document

HEAD = "apiVersion: twokey/v1\nkind: Policy\nname: two-person\n"
TITLE = "title: {en: T, zh: 题}"
EXAMPLE = shipped_files() / "inventory" / "example"
OPERATOR, APPROVER = PersonRole.OPERATOR, PersonRole.APPROVER


def policy_of(text: str) -> Policy:
    return parse_policy((HEAD + text).encode(), "policy.yml")


def shipped(name: str) -> Policy:
    return parse_policy((EXAMPLE / name).read_bytes(), name)


def test_what_is_left_out_is_as_shipped() -> None:
    assert policy_of("") == Policy()


def test_what_a_class_leaves_out_is_as_shipped() -> None:
    policy = policy_of("classes: {major: {business: true}, emergency: {strength: touch}}")
    assert policy.classes[Risk.MAJOR] == replace(USUAL_TERMS, business=True)
    assert policy.classes[Risk.EMERGENCY] == replace(USUAL_TERMS, approvals=(), strength=Strength.TOUCH)
    assert policy.classes[Risk.ORDINARY] == USUAL_TERMS


def test_an_environment_takes_over_what_it_leaves_out() -> None:
    policy = policy_of("""\
classes: {major: {approvals: [{roles: [approver], count: 2}], max_runs: 5, approval_valid_for: 2d}}
environments:
  production: {classes: {major: {max_runs: 2}}}
  test: {}
""")
    assert policy.environments["production"] == {Risk.MAJOR: replace(policy.classes[Risk.MAJOR], max_runs=2)}
    assert policy.environments["production"][Risk.MAJOR].approvals == (ApprovalNeed((APPROVER,), 2),)
    assert policy.environments["test"] == {}


def test_a_unit_takes_over_from_the_nearest_above() -> None:
    policy = policy_of(f"""\
units:
  dba: {{{TITLE}, parent: ops, classes: {{ordinary: {{max_runs: 1}}}}}}
  ops: {{{TITLE}, parent: tech}}
  tech: {{{TITLE}, classes: {{ordinary: {{strength: touch}}, major: {{business: true}}}}}}
""")
    assert policy.units["dba"] == Unit(Text("T", "题"), "ops")
    assert policy.unit_classes == {
        "dba": {Risk.ORDINARY: replace(USUAL_TERMS, strength=Strength.TOUCH, max_runs=1)},
        "tech": {
            Risk.ORDINARY: replace(USUAL_TERMS, strength=Strength.TOUCH),
            Risk.MAJOR: replace(USUAL_TERMS, business=True),
        },
    }


def test_posts_grants_and_the_rest() -> None:
    policy = policy_of(f"""\
posts:
  all: {{{TITLE}, roles: [operator, approver, security_admin, system_admin], operations: true, most: 3, marks: [x]}}
  look: {{{TITLE}}}
incompatible: [[all, look]]
founders: [[all], [all]]
grants: {{keys: {{approve: [approver], check_within: 1d}}}}
emergency: {{review_within: 12h, outside_reviewer: 王}}
sessions: {{idle: 1m, password_length: 20, shared_terminal: true}}
reading: signed_in
publish: [approver]
""")
    roles = (OPERATOR, APPROVER, PersonRole.SECURITY_ADMIN, PersonRole.SYSTEM_ADMIN)
    title = Text("T", "题")
    assert policy.posts == {"all": Post(title, roles, operations=True, most=3, marks=("x",)), "look": Post(title, ())}
    assert (policy.incompatible, policy.founders) == ((("all", "look"),), (("all",), ("all",)))
    assert policy.grants[GrantArea.KEYS] == replace(USUAL_GRANTS, approve=(APPROVER,), check_within=Seconds(86400))
    assert policy.grants[GrantArea.PEOPLE] == USUAL_GRANTS
    assert (policy.emergency.review_within, policy.emergency.outside_reviewer) == (12 * 3600, "王")
    assert (policy.sessions.idle, policy.sessions.longest, policy.sessions.password_length) == (60, 8 * 3600, 20)
    assert policy.sessions.shared_terminal
    assert (policy.reading, policy.publish) == (Reading.SIGNED_IN, (APPROVER,))


def test_key_posts_are_kept_apart_unless_pairs_are_named() -> None:
    posts = "".join(f"  {role}: {{{TITLE}, roles: [{role}], key: true}}\n" for role in KEY_ROLES)
    rest = f"  shift: {{{TITLE}, roles: [operator, approver]}}\nfounders: [[security_admin], [system_admin]]\n"
    policy = policy_of(f"posts:\n{posts}{rest}")
    assert policy.incompatible == tuple(combinations((role.value for role in KEY_ROLES), 2))


def test_two_key_posts_of_one_role_may_meet() -> None:
    policy = policy_of(f"""\
posts:
  unix: {{{TITLE}, roles: [system_admin], key: true}}
  windows: {{{TITLE}, roles: [system_admin], key: true}}
  shift: {{{TITLE}, roles: [operator, approver]}}
founders: [[unix, windows], [windows]]
""")
    assert policy.incompatible == ()


def test_the_small_site_is_what_is_shipped_anyway() -> None:
    small = shipped("policy.small.yml")
    assert replace(small, name=Policy().name, founders=()) == Policy()
    assert small.founders == ((MEMBER,), (MEMBER,))


def test_the_bank_keeps_posts_apart() -> None:
    bank = shipped("policy.bank.yml")
    pairs = {frozenset(pair) for pair in bank.incompatible}
    keys = [name for name, post in bank.posts.items() if post.key]
    assert [bank.posts[name].roles for name in keys] == [(role,) for role in KEY_ROLES]
    assert all(frozenset(pair) in pairs for pair in combinations(keys, 2))
    assert all(frozenset(("auditor", other)) in pairs for other in bank.posts if other != "auditor")
    operators = [name for name, post in bank.posts.items() if OPERATOR in post.roles]
    assert operators == ["shift_operator", "senior_operator"]
    assert all(frozenset(("developer", operator)) in pairs for operator in operators)
    assert all(post.title.en and post.title.zh for post in bank.posts.values())
    assert bank.founders == (("security_admin",), ("system_admin",), ("technology_head",))


def test_what_changes_of_the_bank_need() -> None:
    bank = shipped("policy.bank.yml")
    ordinary, major = (terms_of(bank, risk, "production", "operations") for risk in (Risk.ORDINARY, Risk.MAJOR))
    assert ordinary.approvals == (ApprovalNeed((APPROVER,), other_unit=True),)
    assert major.approvals == (
        ApprovalNeed((APPROVER,), other_unit=True),
        ApprovalNeed((PersonRole.BUSINESS_OWNER,)),
    )
    assert major.attachments == ("rehearsal_report", "risk_analysis", "emergency_plan")
    assert major.business
    assert major.strength is Strength.KEY
    assert terms_of(bank, Risk.EMERGENCY, "production", "operations").approvals == ()
    assert laxer_than(terms_of(bank, Risk.STANDARD, "production", ""), terms_of(bank, Risk.STANDARD, "test", "")) == ()
    assert terms_of(bank, Risk.STANDARD, "production", "").max_runs == 7
    assert bank.grants[GrantArea.PEOPLE] == GrantTerms(
        (PersonRole.SYSTEM_ADMIN,),
        (PersonRole.SECURITY_ADMIN, PersonRole.DUTY_SECURITY),
        (PersonRole.AUDITOR,),
    )
    assert bank.reading is Reading.SIGNED_IN


@pytest.mark.parametrize("name", ["policy.bank.yml", "policy.small.yml"])
def test_a_policy_keeps_its_meaning_as_a_document(name: str) -> None:
    assert from_document(Policy, to_document(shipped(name))) == shipped(name)


def test_lint_finds_policies_below_a_folder(tmp_path: Path) -> None:
    below = tmp_path / "inventory" / "lab"
    below.mkdir(parents=True)
    (below / "policy.yml").write_text(HEAD + "max_runs: 0\n", "utf-8")
    (below / "policy.next.yml").write_text(HEAD + "hold: soon\nreading: x\n", "utf-8")
    (below / "hosts.yml").write_text("all: {}\n", "utf-8")
    assert lint_policies([tmp_path]) == (
        f'{below}/policy.next.yml:4:7: hold: got "soon", expected a duration such as "90s", "10m" or "1h30m"',
        f'{below}/policy.next.yml:5:10: reading: got "x", expected one of signed_in, admitted',
        f"{below}/policy.yml:4:11: max_runs: got 0, expected at least 1",
    )
    assert lint_policies([below / "policy.yml", below / "policy.yml"]) == lint_policies([below / "policy.yml"])


def test_lint_wants_something_to_look_at(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no policy there"):
        lint_policies([tmp_path])
    with pytest.raises(NotFoundError, match="no such file or folder"):
        lint_policies([tmp_path / "gone"])
