from __future__ import annotations

from dataclasses import replace

import pytest

from runner.client.wording.line import cell_width
from runner.client.wording.policy import approval_words, policy_lines
from runner.model.people import PersonRole
from runner.model.policy import (
    USUAL_TERMS,
    ApprovalNeed,
    EmergencyTerms,
    GrantArea,
    Policy,
    Post,
    Reading,
    SessionTerms,
    Strength,
    Unit,
)
from runner.model.runbook import Risk
from runner.model.text import Text
from runner.wire.spoken import spoken
from runner.words import use_language

OPERATOR, APPROVER, BUSINESS = PersonRole.OPERATOR, PersonRole.APPROVER, PersonRole.BUSINESS_OWNER
POLICY = Policy(
    name="ours",
    founders=(("head", "shift"), ("admin",)),
    posts={
        "admin": Post(Text("administrator", "管理员"), (PersonRole.SYSTEM_ADMIN,), key=True, most=1, marks=("oath",)),
        "shift": Post(Text("shift operator", "值班员"), (OPERATOR,), operations=True),
        "look": Post(Text("guest", "访客"), ()),
    },
    incompatible=(("admin", "shift"), ("admin", "look")),
    units={"tech": Unit(Text("technology", "科技部")), "ops": Unit(Text("operations", "运维组"), "tech")},
    environments={"production": {Risk.MAJOR: replace(USUAL_TERMS, attachments=("plan",), business=True, max_runs=2)}},
    unit_classes={"ops": {Risk.ORDINARY: replace(USUAL_TERMS, strength=Strength.TOUCH)}},
    emergency=EmergencyTerms(outside_reviewer="王"),
    sessions=SessionTerms(shared_terminal=True),
    reading=Reading.SIGNED_IN,
)


def page(policy: Policy) -> list[str]:
    return [line.text for line in policy_lines(policy)]


def section(title: str, policy: Policy = POLICY) -> list[str]:
    """Lines between a title and the next, without empty ones."""
    lines = page(policy)
    rest = lines[lines.index(title) + 1 :]
    end = next((at for at, text in enumerate(rest) if text and not text.startswith(" ")), len(rest))
    return [text for text in rest[:end] if text]


def test_posts_with_their_roles() -> None:
    assert section("posts") == [
        "  post   title           roles         remarks",
        "  admin  administrator   system admin  key post; at most 1; needs oath",
        "  shift  shift operator  operator      operations post",
        "  look   guest           -",
    ]


def test_incompatible_posts_by_the_first_of_each_pair() -> None:
    assert section("incompatible posts") == ["  post   never together with", "  admin  shift, look"]


def test_units_below_their_parents() -> None:
    assert section("units") == ["  unit   title", "  tech   technology", "    ops  operations"]


def test_what_changes_need() -> None:
    assert section("what changes need") == [
        "  class      approvals  executes  confirms  strength  attachments",
        "  standard   approver   operator  operator  key       -",
        "  ordinary   approver   operator  operator  key       -",
        "  major      approver   operator  operator  key       -",
        "  emergency  none       operator  operator  key       -",
    ]


def test_what_an_environment_and_a_unit_tighten() -> None:
    assert section("what is stricter in environment production") == [
        "  class  approvals  executes  confirms  strength  attachments",
        "  major  approver   operator  operator  key       plan",
        "  class  requests  business verifies  where  approval valid for  runs at most",
        "  major  operator  yes                -      -                   2",
    ]
    assert section("what is stricter in unit ops") == [
        "  class     approvals  executes  confirms  strength  attachments",
        "  ordinary  approver   operator  operator  touch     -",
    ]


def test_grants_by_area() -> None:
    one = replace(POLICY.grants[GrantArea.KEYS], apply=(OPERATOR,), approve=(APPROVER, BUSINESS), check=(BUSINESS,))
    assert section("grants", replace(POLICY, grants={GrantArea.KEYS: one})) == [
        "  grants of           applied for by  approved by         checked by      within",
        "  keys and passwords  operator        approver, business  business owner  7d",
        "                                      owner",
    ]


def test_the_rest_is_said_too() -> None:
    lines = section("further")
    assert [" ".join(line.split()) for line in lines] == [
        "founders head, shift; admin",
        "content is signed by operator, approver",
        "emergency reviewed within 1d by 王",
        "session 10m without action, 8h at most",
        "password 12 characters, for 90d, none of the last 5; 5 wrong ones",
        "lock",
        "at one terminal both may type a password",
        "stand-ins for key posts within 30d, or no major change is accepted",
        "read by people who have signed in",
        "an approval valid for 7d; runs at most: 1",
        "start_valid_for 5m",
        "anchor_within 1d",
        "hold 10m",
        "rollback_reserve 10m",
        "runtime_drift record",
        "unbound outputs allow, sheets allow, lookups refuse",
    ]


def test_what_a_policy_does_not_have_has_no_title() -> None:
    lines = page(Policy())
    assert lines[0] == "policy two-person"
    assert {"incompatible posts", "units"}.isdisjoint(lines)


@pytest.mark.parametrize(
    "needs, words",
    [
        ((), "none"),
        ((ApprovalNeed((APPROVER,)),), "approver"),
        ((ApprovalNeed((APPROVER, BUSINESS), 2),), "2 x approver or business owner"),
        (
            (ApprovalNeed((APPROVER,), other_unit=True), ApprovalNeed((BUSINESS,))),
            "approver (of another unit) + business owner",
        ),
    ],
)
def test_approvals_in_words(needs: tuple[ApprovalNeed, ...], words: str) -> None:
    assert approval_words(needs) == words


def test_titles_are_of_the_language_and_columns_line_up() -> None:
    use_language("zh")
    lines = section(page(POLICY)[2])
    starts = {cell_width(line[: line.index(role)]) for line in lines for role in (spoken(OPERATOR),) if role in line}
    assert "值班员" in lines[2]
    assert starts == {cell_width(lines[1][: lines[1].index(spoken(PersonRole.SYSTEM_ADMIN))])}
