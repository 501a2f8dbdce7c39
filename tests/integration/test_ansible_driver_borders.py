from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from runner.engine.ansible import Prepared, _runner_config, prepare
from runner.engine.ansible_job import EndStatus
from runner.engine.ansible_layout import lay_out
from runner.engine.ansible_side.border import Exit, HeldBy
from tests.ansible_jobs import (
    SECONDS,
    Site,
    ended,
    make_gates,
    make_site,
    of,
    one,
    open_gate,
    processes_with,
)
from tests.waiting import is_running, wait_until


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = make_site(tmp_path)
    make_gates(tmp_path)
    return site


def _begin(site: Site, seconds: float | None = None) -> Prepared:
    """Let `borders.yml` go, for so many seconds at most, and wait until its first task runs."""
    prepared = prepare(site.job("attempt", "borders.yml"))
    wait_until(lambda: prepared.is_ready, SECONDS, "the process to be ready")
    prepared.begin({"folder": str(site.folder)}, None if seconds is None else time.monotonic() + seconds)
    wait_until(lambda: _gate_readers(site, "gate1"), SECONDS, "the first task")
    return prepared


def _gate_readers(site: Site, gate: str) -> list[int]:
    return [pid for pid in processes_with(f"{site.folder}/{gate}") if _program(pid) == "cat"]


def _program(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text("utf-8").strip()
    except OSError:
        return ""


def _spool(site: Site) -> list[str]:
    return [event["event"] for event in map(json.loads, (site.folder / "attempt.jsonl").read_text().splitlines())]


def test_holds_goes_on_and_stops_at_task_borders(site: Site) -> None:
    prepared = _begin(site)
    prepared.hold()
    open_gate(site.folder, "gate1")
    wait_until(lambda: prepared.held_by is HeldBy.DRIVER, SECONDS, "the play to hold")
    assert prepared.wait(0) is None
    assert _spool(site)[-1] == "held"
    prepared.release()
    wait_until(lambda: _gate_readers(site, "gate2"), SECONDS, "the second task")
    assert prepared.held_by is None
    prepared.cancel(now=False)
    open_gate(site.folder, "gate2")
    end = ended(prepared)
    assert (end.status, end.rc, end.is_clean) == (EndStatus.CANCELED, Exit.STOPPED, True)
    assert _spool(site)[-4:] == ["changed", "task_start", "stopped", "ended"]
    assert not (site.folder / "three").exists()


def test_a_held_play_can_be_stopped(site: Site) -> None:
    prepared = _begin(site)
    prepared.hold()
    open_gate(site.folder, "gate1")
    wait_until(lambda: prepared.held_by, SECONDS, "the play to hold")
    prepared.cancel(now=False)
    assert ended(prepared).rc == Exit.STOPPED


def test_cancelling_now_leaves_no_process_behind(site: Site) -> None:
    prepared = _begin(site)
    prepared.cancel(now=True)
    end = prepared.wait(SECONDS)
    assert end is not None
    assert (end.status, end.rc, end.is_clean, end.has_begun) == (EndStatus.CANCELED, None, False, True)
    assert prepared.close() == ("canceled", 254)
    wait_until(lambda: not list(processes_with(str(site.folder))), SECONDS, "every process to be gone")


def test_a_deadline_is_kept_in_mid_task(site: Site) -> None:
    prepared = _begin(site, seconds=2)
    end = prepared.wait(SECONDS)
    assert end is not None
    assert (end.status, end.rc, end.is_clean) == (EndStatus.TIMEOUT, None, False)
    assert prepared.close() == ("timeout", 254)
    assert of([json.loads(line) for line in _lines(site)], event="changed") == []


def _lines(site: Site) -> list[str]:
    return (site.folder / "attempt.jsonl").read_text("utf-8").splitlines()


def test_an_end_nobody_saw_is_no_end(site: Site) -> None:
    prepared = _begin(site)
    (process,) = [pid for pid in processes_with("borders.yml") if _parent(pid) == os.getpid()]
    os.kill(process, signal.SIGKILL)
    end = ended(prepared)
    assert (end.status, end.rc, end.is_clean, end.has_begun) == (EndStatus.UNSEEN, None, False, True)
    open_gate(site.folder, "gate1")


def test_a_worker_that_is_killed_leaves_its_host_unfinished(site: Site) -> None:
    prepared = _begin(site)
    (process,) = [pid for pid in processes_with("borders.yml") if _parent(pid) == os.getpid()]
    (worker,) = [pid for pid in processes_with("borders.yml") if _parent(pid) == process]
    os.kill(worker, signal.SIGKILL)
    end = ended(prepared)
    assert (end.status, end.is_clean, end.has_begun) == (EndStatus.FAILED, False, True)
    assert json.loads(_lines(site)[-1])["unfinished"] == ["h1"]
    open_gate(site.folder, "gate1")


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[1])


def test_what_is_ready_has_read_nothing_and_can_be_discarded(site: Site) -> None:
    job = site.job("attempt", "no_such_playbook.yml")
    prepared = prepare(job)
    prepared.discard()
    end = ended(prepared)
    assert (end.status, end.has_begun) == (EndStatus.CANCELED, False)
    assert not job.spool.exists()


def test_a_process_that_was_not_let_go_has_no_borders(site: Site) -> None:
    prepared = prepare(site.job("attempt", "quick.yml"))
    with pytest.raises(ValueError, match="not been let go"):
        prepared.hold()
    prepared.begin({})
    with pytest.raises(ValueError, match="already been let go"):
        prepared.discard()
    assert ended(prepared).status is EndStatus.SUCCESSFUL


def test_a_play_whose_events_cannot_be_written_holds_and_then_stops(site: Site) -> None:
    full = site.folder / "full.jsonl"
    full.symlink_to("/dev/full")
    prepared = prepare(site.job("attempt", "quick.yml", spool=full, hold_seconds=1))
    prepared.begin({})
    wait_until(lambda: prepared.held_by is HeldBy.SPOOL, SECONDS, "the play to hold")
    end = ended(prepared)
    assert (end.status, end.rc, end.is_clean) == (EndStatus.FAILED, Exit.SPOOL, False)


def test_a_process_that_is_not_the_one_asked_for_is_not_let_go(site: Site, short_folder: Path) -> None:
    job = site.job("attempt", "quick.yml")
    lay_out(job, short_folder)
    config = _runner_config(job)
    config.command = ["/bin/sh", "-c", 'exec "$@"', "sh", *config.command, "--check"]
    prepared = Prepared(job, config, None)
    prepared.begin({})
    end = ended(prepared)
    assert (end.status, end.has_begun, end.argv[-1]) == (EndStatus.FAILED, False, "--check")
    assert not job.spool.exists()


_ABANDONING = """
import sys
from pathlib import Path
from runner.engine.ansible import prepare
from tests.ansible_jobs import Site
site = Site(Path(sys.argv[1]))
waiting = prepare(site.job("waiting", "quick.yml", control_dir=Path(sys.argv[2])))
running = prepare(site.job("attempt", "borders.yml", control_dir=Path(sys.argv[2])))
running.begin({"folder": sys.argv[1]})
running.wait()
"""


def test_when_the_driver_dies_nothing_new_begins(site: Site, short_folder: Path) -> None:
    driver = subprocess.Popen(
        [sys.executable, "-c", _ABANDONING, str(site.folder), str(short_folder)], cwd=Path(__file__).parents[2]
    )
    wait_until(lambda: _gate_readers(site, "gate1"), SECONDS, "the first task")
    waiting = wait_until(
        lambda: [pid for pid in processes_with("quick.yml") if _parent(pid) == driver.pid],
        SECONDS,
        "the second process",
    )
    driver.kill()
    driver.wait()
    wait_until(lambda: not any(map(is_running, waiting)), SECONDS, "the process that waits to end")
    assert not (site.folder / "waiting.jsonl").exists()
    assert _gate_readers(site, "gate1")
    open_gate(site.folder, "gate1")
    wait_until(lambda: _spool(site)[-1] == "ended", SECONDS, "the play to end")
    told = [json.loads(line) for line in _lines(site)]
    assert one(told, event="changed", task="one")
    assert one(told, event="stopped")["why"] == "orphaned"
    assert told[-1]["rc"] == Exit.ORPHANED
    wait_until(lambda: not list(processes_with(str(site.folder))), SECONDS, "every process to be gone")
