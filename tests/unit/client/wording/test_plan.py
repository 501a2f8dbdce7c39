"""A plan in words: everything an approver must see (laws L3 and L13), in both languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from runner.client.content import local_content, unpublished_plan
from runner.client.drafts import open_document
from runner.client.wording.line import Line, Meaning, cell_width, short
from runner.client.wording.plan import plan_lines
from runner.client.wording.present import Present
from runner.model.plan import Plan, SecretRef, Unbound, UnboundKind
from runner.model.site import Site
from runner.model.time import Window
from runner.wire.api_request import PlanAsked
from runner.words import use_language

OPENS = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
WINDOW = Window(OPENS, OPENS + timedelta(hours=3))
DECISION = OPENS + timedelta(hours=2)
PRESENT = Present(OPENS, "Asia/Shanghai", lasts=True)


@pytest.fixture
def plan(site: Site) -> Plan:
    asked = PlanAsked(parameters={"reason_code": "2"}, window=WINDOW)
    return open_document(unpublished_plan(site, local_content(site, "web-restart"), asked))


def lines(plan: Plan, by: datetime | None = DECISION, *, published: bool = True) -> tuple[Line, ...]:
    return plan_lines(plan, by, PRESENT, published=published)


def told(plan: Plan, by: datetime | None = DECISION) -> list[str]:
    return [line.text for line in lines(plan, by)]


def test_a_plan_says_what_where_when_and_how_it_is_undone(plan: Plan) -> None:
    found = told(plan)
    assert found[0] == "Restart the web service  (web-restart 1)"
    for line in (
        "risk class:  ordinary (as declared by the runbook)",
        "environment: test, not production",
        "parameter:   reason_code = 2",
        "window:      2026-11-24 00:00:00 to 2026-11-24 03:00:00 (Asia/Shanghai)",
        "on failure:  roll back (its own batch)",
        "window end:  roll back",
        "hosts: 1; batches: 1; the run stops after 1 failed hosts",
        "     by hand:  Read the gauge",
        "     play:     web/restart.yml",
        "     verify:   web/health.yml",
        "     settle:   none: where its end is not seen, two people decide",
        "     rollback: none, because a restart undoes nothing",
        "UNBOUND: nothing; every value is known now",
    ):
        assert line in found
    assert any("latest rollback decision 2026-11-24 02:00:00" in line for line in found)


def test_hosts_are_told_with_their_identity(plan: Plan) -> None:
    (host,) = plan.binding.hosts
    assert any(line.startswith(f"  batch 1: {host.name}  ") and line.endswith(host.identity) for line in told(plan))


def test_digests_are_told_short_and_whole(plan: Plan) -> None:
    found = told(plan)
    for digest in (plan.digests.plan, plan.digests.content, plan.digests.binding, plan.digests.runtime):
        assert any(line.endswith(f"{short(digest)}  {digest.removeprefix('sha256:')}") for line in found)


def test_versions_that_execute_it_are_told(plan: Plan) -> None:
    runtime = replace(plan.runtime, collections=("ansible.posix 2.1.0", "community.general 12.0.0"))
    found = told(replace(plan, runtime=runtime))
    assert f"  ansible-core    {plan.runtime.ansible_core}" in found
    assert "  collections: ansible.posix 2.1.0, community.general 12.0.0" in found


def test_unpublished_content_is_marked(plan: Plan) -> None:
    assert not any("NOT PUBLISHED" in line for line in told(plan))
    marked = [line for line in lines(plan, published=False) if "NOT PUBLISHED" in line.text]
    assert [line.parts[-1].meaning for line in marked] == [Meaning.BAD]


def test_production_is_loud(plan: Plan) -> None:
    bound = replace(plan.binding, production=True, environment="bank")
    (line,) = (line for line in lines(replace(plan, binding=bound)) if line.text == "environment: PRODUCTION bank")
    assert line.parts[-1].meaning is Meaning.ALARM


def test_secrets_are_told_by_reference_and_version(plan: Plan) -> None:
    bound = replace(plan.binding, secrets=(SecretRef("db_password", "vault:db", "7"),))
    assert "secret:      db_password: vault:db, version 7; never its value" in told(replace(plan, binding=bound))


def test_a_plan_without_window(plan: Plan) -> None:
    found = told(replace(plan, binding=replace(plan.binding, window=None)), None)
    assert "window:      none needed" in found
    assert not any("latest rollback decision" in line for line in found)


def test_a_window_too_short_for_the_rollback_is_said(plan: Plan) -> None:
    warning = "             that is before the window opens: every step that changes hosts will need a decision"
    assert warning in told(plan, OPENS)
    assert warning not in told(plan, OPENS + timedelta(seconds=1))


def test_what_changes_nothing_has_nothing_to_undo(plan: Plan) -> None:
    looks = tuple(step for step in plan.runbook.steps if not step.mutating)
    found = told(replace(plan, runbook=replace(plan.runbook, steps=looks)))
    assert "rollback:    nothing to undo: no step changes a host" in found
    assert not any(line.startswith("on failure") for line in found)


def test_what_is_unbound_is_listed(plan: Plan) -> None:
    unbound = (
        Unbound(UnboundKind.OUTPUT, "backup", "{{ outputs.backup.path }}", allowed=True),
        Unbound(UnboundKind.LOOKUP, "playbooks/x.yml:3", "lookup('env', 'X')", allowed=False),
    )
    found = told(replace(plan, unbound=unbound))
    at = found.index("UNBOUND: known only at run time")
    assert found[at + 1 : at + 3] == [
        "  backup: {{ outputs.backup.path }}  output  allowed",
        "  playbooks/x.yml:3: lookup('env', 'X')  lookup  REFUSED by policy",
    ]


@pytest.mark.parametrize("language, title", [("en", "Restart the web service"), ("zh", "重启网站服务")])
def test_labels_line_up_in_both_languages(language: str, title: str, plan: Plan) -> None:
    use_language(language)
    found = lines(plan)
    assert found[0].text == f"{title}  (web-restart 1)"
    fields = [line for line in found[1:] if line.parts and line.parts[0].meaning is Meaning.FAINT and line.indent > 2]
    ends = {line.indent for line in fields if not line.text.startswith(" ")}
    assert len(ends) == 1
    assert {cell_width(line.parts[0].text) for line in fields if not line.text.startswith(" ")} == ends
