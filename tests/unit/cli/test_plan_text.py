from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from runner.cli.plan_text import print_plan, short, step_lines
from runner.client.content import local_content, unpublished_plan
from runner.client.drafts import open_document
from runner.model.plan import Plan, Unbound, UnboundKind
from runner.model.policy import Policy
from runner.model.site import Site
from runner.model.time import Seconds, Window
from runner.runbook.loader import parse_runbook
from runner.wire.api_request import PlanAsked
from runner.words import use_language
from tests.samples import EVERYTHING, SKETCH

OPENS = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
WINDOW = Window(OPENS, OPENS + timedelta(hours=3))


@pytest.fixture
def plan(site: Site) -> Plan:
    asked = PlanAsked(parameters={"reason_code": "2"}, window=WINDOW)
    return open_document(unpublished_plan(site, local_content(site, "web-restart"), asked))


def told(plan: Plan, capsys: pytest.CaptureFixture[str], *, published: bool = True) -> list[str]:
    print_plan(plan, published=published, zone="Asia/Shanghai", policy=Policy())
    return capsys.readouterr().out.splitlines()


def test_a_plan_says_what_where_when_and_how_it_is_undone(plan: Plan, capsys: pytest.CaptureFixture[str]) -> None:
    lines = told(plan, capsys)
    assert lines[0] == "Restart the web service  (web-restart 1)"
    for line in (
        f"plan digest:  {short(plan.digests.plan)}",
        "environment:  test (not production)",
        "risk class:   ordinary (as declared by the runbook)",
        "parameter:    reason_code = 2",
        "window:       2026-11-24 00:00:00 to 2026-11-24 03:00:00 (Asia/Shanghai)",
        "hosts: 1; batches: 1; the run stops after 1 failed hosts",
        "     by hand: Read the gauge",
        "     record: level (integer)",
        "     play: web/restart.yml",
        "     verify: web/health.yml",
        "     rollback: none, because a restart undoes nothing",
        "UNBOUND: nothing; every value is known now",
    ):
        assert line in lines
    assert any(line.startswith("content:      published, ") for line in lines)


def test_unpublished_content_is_marked(plan: Plan, capsys: pytest.CaptureFixture[str]) -> None:
    assert any("NOT PUBLISHED" in line for line in told(plan, capsys, published=False))


def test_production_is_loud(plan: Plan, capsys: pytest.CaptureFixture[str]) -> None:
    bound = replace(plan.binding, production=True, environment="bank")
    assert "environment:  bank (PRODUCTION)" in told(replace(plan, binding=bound), capsys)


def test_a_plan_without_window(plan: Plan, capsys: pytest.CaptureFixture[str]) -> None:
    assert "window:       none needed" in told(replace(plan, binding=replace(plan.binding, window=None)), capsys)


def test_a_window_too_short_for_the_rollback_is_said(plan: Plan, capsys: pytest.CaptureFixture[str]) -> None:
    lines = told(replace(plan, rollback_estimate=Seconds(3 * 3600)), capsys)
    assert any("before the window opens" in line for line in lines)
    assert not any("before the window opens" in line for line in told(plan, capsys))


def test_what_is_unbound_is_listed(plan: Plan, capsys: pytest.CaptureFixture[str]) -> None:
    found = (
        Unbound(UnboundKind.OUTPUT, "backup", "{{ outputs.backup.path }}", allowed=True),
        Unbound(UnboundKind.LOOKUP, "playbooks/x.yml:3", "lookup('env', 'X')", allowed=False),
    )
    lines = told(replace(plan, unbound=found), capsys)
    assert lines[-3:] == [
        "UNBOUND: known only at run time",
        "  backup: {{ outputs.backup.path }}  [allowed]",
        "  playbooks/x.yml:3: lookup('env', 'X')  [REFUSED by policy]",
    ]


def test_every_kind_of_step_has_words() -> None:
    for source in (SKETCH, EVERYTHING):
        for number, step in enumerate(parse_runbook(source.encode(), "x.yml").steps, start=1):
            lines = list(step_lines(number, step))
            assert lines[0].startswith(f"{number}. {step.id}")
            assert len(lines) > 1


def test_gates_and_rewinding_rollbacks_stand_out() -> None:
    upgrade = parse_runbook(SKETCH.encode(), "x.yml").steps[2]
    lines = list(step_lines(3, upgrade))
    assert "     gate: both people sign before it (waits 2h, then: pause)" in lines
    assert any("REWINDS DATA" in line for line in lines)
    assert any("settle: postgres/upgrade_settle.yml" in line for line in lines)


def test_titles_come_in_the_readers_language(plan: Plan, capsys: pytest.CaptureFixture[str]) -> None:
    use_language("zh")
    assert told(plan, capsys)[0] == "重启网站服务  (web-restart 1)"


def test_digests_are_short_and_in_fours() -> None:
    assert short("sha256:0123456789abcdef") == "0123 4567 89ab"
