"""The page both people read: request, plan, rollback of each step, what is unbound, digests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from runner.model.plan import Unbound, UnboundKind
from runner.model.run import RunState
from runner.model.runbook import ManualWork, Once, Probe, ProbeKind, Step
from runner.model.text import Text
from runner.wire.api import Words
from runner.wire.api_request import Revision
from tests.demo_change import NIGHT, DemoChange
from tui.backend import PlanShown
from tui.demo.stage import READY
from tui.plan_text import change_lines, probe_text
from tui.text import Present

PRESENT = Present(NIGHT, "Asia/Shanghai")


def page(demo: DemoChange, planned: PlanShown | None = None) -> list[str]:
    shown = demo.backend.change(READY)
    return [line.text for line in change_lines(shown, planned or demo.backend.plan(shown.request.plan), PRESENT)]


def planned_with(demo: DemoChange, place: int, change: Callable[[Step], Step]) -> PlanShown:
    """The plan with one step of its runbook changed."""
    planned = demo.backend.plan(demo.backend.change(READY).request.plan)
    runbook = planned.plan.runbook
    step = change(runbook.steps[place])
    steps = (*runbook.steps[:place], step, *runbook.steps[place + 1 :])
    return replace(planned, plan=replace(planned.plan, runbook=replace(runbook, steps=steps)))


def test_the_page_begins_with_why_who_and_when() -> None:
    found = page(DemoChange())
    assert found[0] == "reason: security fixes of the database"
    assert "approved by: duty-b, from 00:01:00 to 04:01:00, used 0 of 1" in found
    assert "environment: PRODUCTION customer-systems" in found
    assert "window: 2026-11-29 00:01 to 2026-11-29 04:01 (Asia/Shanghai)" in found
    assert "rollback: takes about 25:00; latest rollback decision 03:26:00" in found


def test_every_host_stands_in_its_batch() -> None:
    found = page(DemoChange())
    assert "hosts: 2; batches: 1; the run stops after 1 failed hosts" in found
    assert any(line.startswith("  batch 1: core-db-1  twokey@192.0.2.11:22, hostkey:SHA256:") for line in found)


def test_every_step_says_how_it_is_undone() -> None:
    found = page(DemoChange())
    assert "     rollback: none, because it only adds a file" in found
    assert any("rollback: postgres/downgrade.yml restore_from=" in line and "about 25:00" in line for line in found)
    assert "     rollback: REWINDS DATA: by itself only while writes are proven off" in found
    assert "     rollback: verified by postgres/health.yml" in found
    assert "after rollback: postgres/health.yml proves the service healthy" in found


def test_gates_probes_and_watches_are_told() -> None:
    found = page(DemoChange())
    assert "     looks: reachable; free disk /var >= 2GiB; clock skew <= 2 s" in found
    assert "     watch: postgres/health.yml every 30s for 10m, 0 failures tolerated" in found
    (gate,) = (line for line in found if line.startswith("     gate: "))
    assert gate.startswith("     gate: The application is closed")
    assert gate.endswith("(waits 2h, then: pause)")
    assert "     record: announcement (string)" in found


def test_what_is_unbound_is_told() -> None:
    demo = DemoChange()
    assert "  upgrade: {{ outputs.backup.backup_path }}  allowed" in page(demo)
    planned = demo.backend.plan(demo.backend.change(READY).request.plan)
    none = replace(planned, plan=replace(planned.plan, unbound=()))
    assert "UNBOUND: nothing; every value is known now" in page(demo, none)
    refused = (Unbound(UnboundKind.LOOKUP, "a.yml:3", "lookup('env', 'X')", allowed=False),)
    some = replace(planned, plan=replace(planned.plan, unbound=refused))
    assert "  a.yml:3: lookup('env', 'X')  REFUSED by policy" in page(demo, some)


def test_the_digests_are_those_of_the_request() -> None:
    demo = DemoChange()
    digest = demo.backend.change(READY).request.plan
    assert any(digest in line for line in page(demo))


def test_manual_steps_say_how_they_are_undone() -> None:
    demo = DemoChange()
    by_hand = ManualWork(Text("turn the valve", "转阀门"), rollback=Text("turn it back", "转回"))
    assert "     rollback: turn it back" in page(demo, planned_with(demo, 2, lambda step: replace(step, work=by_hand)))
    for_good = replace(by_hand, rollback=None, because=Text("it is only looked at", "仅查看"))
    assert "     rollback: none, because it is only looked at" in page(
        demo, planned_with(demo, 2, lambda step: replace(step, work=for_good))
    )


def test_a_step_done_once_says_so() -> None:
    demo = DemoChange()
    found = page(demo, planned_with(demo, 0, lambda step: replace(step, once=Once.BEFORE)))
    assert any("once, before the batches" in line for line in found)


def test_runs_hindrances_and_earlier_revisions_are_told() -> None:
    demo = DemoChange()
    demo.at(RunState.ROLLED_BACK)
    shown = demo.backend.change(READY)
    before = Revision(1, "sha256:0", shown.request.state, NIGHT)
    full = replace(shown, hindrances=(Words("the window is closed"),), revisions=(before,))
    lines = [line.text for line in change_lines(full, demo.backend.plan(shown.request.plan), PRESENT)]
    assert f"run: {READY}/1 rolled back, executor duty-a, confirmer duty-b" in lines
    assert "cannot start: the window is closed" in lines
    assert "before: revision 1: used" in lines


def test_a_plan_without_window_says_so() -> None:
    demo = DemoChange()
    planned = demo.backend.plan(demo.backend.change(READY).request.plan)
    binding = replace(planned.plan.binding, window=None, production=False)
    found = page(demo, PlanShown(replace(planned.plan, binding=binding), None))
    assert "window: none needed" in found
    assert "environment: customer-systems, not production" in found


def test_every_kind_of_probe_has_its_limit() -> None:
    assert probe_text(Probe(ProbeKind.FREE_MEMORY, at_least=2**30)) == "free memory >= 1GiB"
    assert probe_text(Probe(ProbeKind.LOAD, at_most=150)) == "load <= 1.5"
    assert probe_text(Probe(ProbeKind.FILE, path="/etc/hosts")) == "file /etc/hosts"
