"""The policy in words: where it comes from, who holds which post, and whether people are enough."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from runner.client.wording.line import Meaning
from runner.client.wording.policy_in_force import policy_lines, staffing_text
from runner.client.wording.present import Present
from runner.model.runbook import Risk
from runner.model.statement import StatementKind
from runner.wire.api_people import ApprovalInUse, ComingPolicy, PolicyShown, StaffingRow
from tests.demo_change import DemoChange

PRESENT = Present(datetime(2026, 11, 23, 4, tzinfo=UTC), "Asia/Shanghai", lasts=True)


def texts(shown: PolicyShown | None = None) -> list[str]:
    register = DemoChange().backend.register
    policy = shown or register.policy()
    lines = policy_lines(policy, register.terms(), register.people(), register.staffing(), PRESENT)
    return [line.text for line in lines]


def test_a_policy_says_where_it_comes_from() -> None:
    shown = DemoChange().backend.register.policy()
    found = texts(shown)
    assert found[:4] == [
        "policy:      demonstration",
        f"digest:      {shown.digest.removeprefix('sha256:')}",
        "in force by: the log's first entries",
        "file:        the site's file says the same",
    ]
    assert "in force by: grant SQ-2026-0012" in texts(replace(shown, grant="SQ-2026-0012"))
    assert "its text:" in found
    assert "  name: demonstration" in found


def test_a_file_that_says_something_else_is_told() -> None:
    shown = replace(DemoChange().backend.register.policy(), differs=True, source="")
    found = texts(shown)
    assert any("says something else" in line for line in found)
    assert found[-1] == "its text: the policy as shipped"


def test_every_post_has_its_holders_or_is_vacant() -> None:
    found = [line.strip() for line in texts()]
    assert found[found.index("auditor (auditor): auditor") + 1] == "held by: zhang.wei"
    key_post = found.index("network (network administrator), key post: network admin")
    assert found[key_post + 1] == "held by: nobody: vacant"


def test_a_vacant_post_stands_out() -> None:
    register = DemoChange().backend.register
    lines = policy_lines(register.policy(), register.terms(), register.people(), register.staffing(), PRESENT)
    vacant = next(line for line in lines if "vacant" in line.text)
    assert vacant.parts[-1].meaning is Meaning.WAIT


def test_staffing_names_a_team_or_what_is_missing() -> None:
    team = ("mei", "bo", "an", "mei", "li")
    assert staffing_text(StaffingRow(Risk.MAJOR, "", enough=True, team=team)) == (
        "enough: requested by mei, approved by bo, an, executed by mei, confirmed by li"
    )
    assert staffing_text(StaffingRow(Risk.EMERGENCY, "", enough=True, team=("mei", "mei", "li"))) == (
        "enough: requested by mei, executed by mei, confirmed by li"
    )
    missing = StaffingRow(Risk.MAJOR, "", enough=False, missing=StatementKind.CONFIRM)
    assert staffing_text(missing) == "not enough people: nobody is left who may sign confirm"


def test_a_policy_to_come_is_listed_with_what_lapses_on_its_day() -> None:
    at = datetime(2026, 12, 1, tzinfo=UTC)
    shown = replace(
        DemoChange().backend.register.policy(),
        coming=(ComingPolicy("SQ-2026-0012", "stricter", 4, "sha256:00", at),),
        approvals=(
            ApprovalInUse("BG-2026-0007", "li", datetime(2026, 12, 2, tzinfo=UTC)),
            ApprovalInUse("BG-2026-0008", "li", datetime(2026, 11, 30, tzinfo=UTC)),
        ),
    )
    found = [line.strip() for line in texts(shown)]
    (place,) = [place for place, line in enumerate(found) if line.startswith("takes effect:")]
    assert "2026-12-01" in found[place]
    assert found[place].endswith("policy stricter, version 4 (grant SQ-2026-0012)")
    assert found[place + 1].startswith("approve again then: BG-2026-0007, approved by li until ")
    assert not any("BG-2026-0008" in line for line in found)
