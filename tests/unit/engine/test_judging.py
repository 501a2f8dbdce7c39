from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from runner.engine.shim.executor import Ending
from runner.engine.shim.folder import AttemptFolder
from runner.engine.shim.judging import Judge, Loss, unseen_result
from runner.engine.snapshot import Snapshot, remove_snapshot
from runner.model.order import Order, PlayOrder, ProbeOrder
from runner.model.run import AttemptState, HostOutcome
from runner.model.runbook import Output, ValueType
from tests.unit.engine.shim_world import HOSTS, Spool, SystemClock, make_order, make_snapshot

_NOW = SystemClock().now()


@pytest.fixture
def snapshot(tmp_path: Path) -> Iterator[Snapshot]:
    made = make_snapshot(tmp_path / "snapshots")
    yield made
    remove_snapshot(made.folder)


@pytest.fixture
def folder(tmp_path: Path, snapshot: Snapshot) -> AttemptFolder:
    (tmp_path / "shim").mkdir()
    made = AttemptFolder(tmp_path / "shim/1-upgrade.do-1")
    made.write_order(make_order(snapshot))
    made.mark_begun()
    return made


def _outcomes(folder: AttemptFolder, loss: Loss = Loss.SHIM) -> dict[str, HostOutcome]:
    return dict(unseen_result(folder, _NOW, loss).outcomes)


def test_of_a_lost_attempt_that_told_nothing_no_host_was_touched(folder: AttemptFolder) -> None:
    result = unseen_result(folder, _NOW)
    assert result.state is AttemptState.FAILED
    assert set(result.outcomes.values()) == {HostOutcome.UNREACHABLE}


def test_of_a_lost_attempt_a_host_in_mid_task_is_unknown(folder: AttemptFolder) -> None:
    spool = Spool(folder.spool)
    spool.task("web1", outcome="")
    assert _outcomes(folder)["web1"] is HostOutcome.UNKNOWN


def test_of_a_lost_attempt_a_host_between_two_tasks_is_unknown(folder: AttemptFolder) -> None:
    Spool(folder.spool).task("web1")
    result = unseen_result(folder, _NOW)
    assert result.outcomes["web1"] is HostOutcome.UNKNOWN
    assert result.state is AttemptState.UNKNOWN


def test_what_an_orphan_tells_of_its_own_end_proves_nothing(folder: AttemptFolder) -> None:
    spool = Spool(folder.spool)
    for host in HOSTS:
        spool.task(host)
    spool.tell("stopped", why="orphaned")
    spool.tell("ended", rc=92)
    assert set(_outcomes(folder).values()) == {HostOutcome.UNKNOWN}


def test_a_lost_attempt_that_told_everything_is_known(folder: AttemptFolder) -> None:
    spool = Spool(folder.spool)
    for host in HOSTS:
        spool.task(host)
    spool.close()
    for loss in (Loss.SHIM, Loss.POWER):
        assert unseen_result(folder, _NOW, loss).state is AttemptState.SUCCEEDED


def test_after_a_power_failure_nothing_is_concluded_from_silence(folder: AttemptFolder) -> None:
    assert set(_outcomes(folder, Loss.POWER).values()) == {HostOutcome.UNKNOWN}


def test_a_torn_last_line_is_passed_over(folder: AttemptFolder) -> None:
    Spool(folder.spool).task("web1")
    with folder.spool.open("ab") as torn:
        torn.write(b'{"seq":4,"event":"st')
    assert unseen_result(folder, _NOW).events == 3


def _with_outputs(order: Order) -> Order:
    assert isinstance(order.work, PlayOrder)
    return replace(order, work=replace(order.work, outputs=(Output("path", ValueType.PATH),)))


def _judged(order: Order, *events: dict[str, object]) -> Judge:
    judged = Judge(order)
    judged.feed([{"seq": number, **event} for number, event in enumerate(events, 1)])  # type: ignore[dict-item]  # plain
    return judged


def test_probes_leave_their_figures(snapshot: Snapshot) -> None:
    order = replace(make_order(snapshot), work=ProbeOrder((), ()), hosts=("web1",), mutating=False)
    judged = _judged(
        order,
        {"event": "probe_start", "host": "web1"},
        {"event": "probe", "host": "web1", "probe": "load", "within": True, "figures": {"load_percent": 3}},
        {"event": "probe_end", "host": "web1", "outcome": "ok", "reason": ""},
        {"event": "ended"},
    )
    result = judged.result(Ending(seen=True), "", 4, _NOW)
    assert result.state is AttemptState.SUCCEEDED
    assert result.facts["probes"] == {"web1": [{"probe": "load", "within": True, "figures": {"load_percent": 3}}]}


def test_an_output_that_did_not_arrive_fails_the_attempt(snapshot: Snapshot) -> None:
    hosts = {host: {"ok": 1, "changed": 0, "failed": 0, "skipped": 0, "unreachable": 0} for host in HOSTS}
    judged = _judged(
        _with_outputs(make_order(snapshot)),
        {"event": "stats", "hosts": hosts, "custom": {"run": {}, "hosts": {}}, "masked": 0},
        {"event": "ended", "rc": 0},
    )
    result = judged.result(Ending(seen=True), "", 2, _NOW)
    assert result.state is AttemptState.FAILED
    assert "path" in result.reason
