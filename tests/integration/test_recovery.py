from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from runner.engine.crash import POINTS
from runner.engine.links import ShimStarter, reap
from runner.model.plan import Role
from runner.model.run import AttemptState, Choice, HostOutcome, Question, RunState
from tests.engine_world import State, SystemClock
from tests.waiting import wait_until

_ROOT = Path(__file__).parents[2]
_RUNBOOK = """
apiVersion: twokey/v1
kind: Runbook
id: test
version: 1
family: maintenance
title: {en: Test, zh: 测试}
owner: ops
targets: {group: all}
window: required
steps:
  - id: write
    playbook: write.yml
    verify: look.yml
    rollback: none
    because: {en: it only adds a line, zh: 只追加一行}
"""
_QUICK = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.shell: echo line >> "%(folder)s/written"
    - ansible.builtin.debug: {msg: "%(text)s"}
    - ansible.builtin.debug: {msg: the end}
"""
_SLOW = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.shell: echo line >> "%(folder)s/written"
    - ansible.builtin.wait_for: {path: "%(folder)s/gate", timeout: 60, sleep: 1}
    - ansible.builtin.shell: echo second >> "%(folder)s/written"
"""
_LOOK = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.assert: {that: true}
"""


@pytest.fixture
def state(awkward_folder: Path) -> Iterator[State]:
    opened = State.open(awkward_folder / "state")
    yield opened
    (awkward_folder / "gate").touch()
    opened.close()


def _begun_run(state: State, play: str) -> str:
    """A run both have signed, that no service has looked at yet."""
    text = play % {"folder": state.folder.parent, "text": "x" * 2000}
    run = state.add_run(state.add_plan(_RUNBOOK, {"write.yml": text, "look.yml": _LOOK}))
    state.begin(state.engine(), run)
    return run


@contextmanager
def _service(state: State, crash_at: str = "") -> Iterator[subprocess.Popen[bytes]]:
    """A service of its own process."""
    mark = state.folder / "started"
    mark.unlink(missing_ok=True)
    environment = os.environ | ({"TWOKEY_CRASH_AT": crash_at} if crash_at else {})
    command = [sys.executable, "-m", "tests.engine_world", str(state.folder)]
    process = subprocess.Popen(command, cwd=_ROOT, env=environment)
    try:
        wait_until(lambda: mark.exists() or process.poll() is not None, 20, "the service to start")
        yield process
    finally:
        process.terminate()
        process.wait(20)


def _written(state: State) -> list[str]:
    written = state.folder.parent / "written"
    return written.read_text("utf-8").splitlines() if written.exists() else []


def _require_every_event_once(state: State, run: str) -> None:
    numbers = state.event_numbers(run)
    assert numbers
    assert {key: seen for key, seen in numbers.items() if seen != list(range(1, len(seen) + 1))} == {}


@pytest.mark.parametrize("point", [*POINTS, "mid_import:2"])
def test_a_service_killed_anywhere_loses_and_repeats_nothing(state: State, point: str) -> None:
    run = _begun_run(state, _QUICK)
    with _service(state, crash_at=point) as first:
        assert first.wait(30) == -signal.SIGKILL
    with _service(state):
        ended = state.wait_for(run, RunState.SUCCEEDED, RunState.FAILED, RunState.OUTCOME_UNKNOWN)
        wait_until(lambda: not state.shims(), 20, "the shim to retire")
    assert ended.state is RunState.SUCCEEDED
    assert _written(state) == ["line"]
    _require_every_event_once(state, run)
    begun = [attempt for attempt in ended.attempts if attempt.state is not AttemptState.NEVER_BEGUN]
    assert [(attempt.key.role, attempt.state) for attempt in begun] == [
        (Role.DO, AttemptState.SUCCEEDED),
        (Role.VERIFY, AttemptState.SUCCEEDED),
    ]
    assert state.locks(run) == []


def test_a_service_killed_in_mid_task_finds_its_attempt_again(state: State) -> None:
    run = _begun_run(state, _SLOW)
    with _service(state) as first:
        wait_until(lambda: _written(state), 20, "the first task")
        first.kill()
        first.wait(10)
    [shim] = state.shims()
    with _service(state):
        wait_until(lambda: "service:shim:reattached" in _tags(state, run), 20, "the shim to be found")
        assert state.shims() == [shim]
        (state.folder.parent / "gate").touch()
        ended = state.wait_for(run, RunState.SUCCEEDED, RunState.FAILED, RunState.OUTCOME_UNKNOWN)
    assert ended.state is RunState.SUCCEEDED
    assert _written(state) == ["line", "second"]
    _require_every_event_once(state, run)
    assert [str(attempt.key).removeprefix(run) for attempt in ended.attempts] == ["/1/write.do/1", "/1/write.verify/1"]


def test_an_attempt_that_ends_while_no_service_is_there_is_imported(state: State) -> None:
    run = _begun_run(state, _SLOW)
    with _service(state) as first:
        wait_until(lambda: _written(state), 20, "the first task")
        first.kill()
        first.wait(10)
    (state.folder.parent / "gate").touch()
    wait_until(lambda: list(state.folder.glob("shims/*/*/result.json")), 20, "the result on disk")
    assert state.run(run).state is RunState.RUNNING
    with _service(state):
        assert state.wait_for(run, RunState.SUCCEEDED, RunState.FAILED).state is RunState.SUCCEEDED
    _require_every_event_once(state, run)


@pytest.mark.parametrize("is_service_killed", [False, True], ids=["shim", "shim and service"])
def test_a_shim_killed_in_mid_task_leaves_an_unknown_outcome(state: State, *, is_service_killed: bool) -> None:
    run = _begun_run(state, _SLOW)
    with _service(state) as first:
        wait_until(lambda: _written(state), 20, "the first task")
        [shim] = state.shims()
        if is_service_killed:
            first.kill()
            first.wait(10)
        os.kill(shim.process.pid, signal.SIGKILL)
        if not is_service_killed:
            _require_unknown_and_held(state, run)
    with _service(state):
        _require_unknown_and_held(state, run)
        (state.folder.parent / "gate").touch()
        state.decide(state.engine(), run, Choice.MARK_DONE)
    with _service(state):
        ended = state.wait_for(run, RunState.SUCCEEDED, RunState.FAILED)
    assert ended.state is RunState.SUCCEEDED
    assert _written(state) == ["line"]
    assert state.locks(run) == []
    _require_every_event_once(state, run)


def _require_unknown_and_held(state: State, run: str) -> None:
    record = state.wait_for(run, RunState.OUTCOME_UNKNOWN)
    [attempt] = record.attempts
    assert attempt.state is AttemptState.UNKNOWN
    assert attempt.outcomes == {"here": HostOutcome.UNKNOWN}
    assert record.question is Question.OUTCOME_UNKNOWN
    assert state.locks(run) == ["local:here"]
    assert _written(state) == ["line"]


def _tags(state: State, run: str) -> set[str]:
    return {entry.tag for entry in state.log(run)}


@dataclass
class _Later:
    """A clock that may be ahead."""

    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        return SystemClock().now() + self.ahead


def test_folders_of_shims_stay_a_week(awkward_folder: Path) -> None:
    clock = _Later()
    state = State.open(awkward_folder / "state", clock=clock)
    try:
        run = _begun_run(state, _QUICK)
        for ahead, left in ((timedelta(), 1), (timedelta(days=6), 1), (timedelta(days=8), 0)):
            clock.ahead = ahead
            engine = state.engine()
            engine.start()
            state.wait_for(run, RunState.SUCCEEDED)
            wait_until(lambda: not state.shims(), 20, "the shim to retire")
            wait_until(lambda: not _unended_shims(state), 20, "its end to be recorded")
            engine.stop()
            assert len(list(state.folder.glob("shims/*"))) == left
    finally:
        state.close()


def test_a_snapshot_stays_while_its_run_is_in_progress_or_owes_something(state: State) -> None:
    run = _begun_run(state, _SLOW)
    snapshot = state.folder / "snapshots" / state.run(run).plan.removeprefix("sha256:")
    with _service(state):
        wait_until(lambda: _written(state), 20, "the first task")
    with _service(state):
        assert snapshot.is_dir()
        (state.folder.parent / "gate").touch()
        state.wait_for(run, RunState.SUCCEEDED)
        wait_until(lambda: not state.shims() and not _unended_shims(state), 20, "the shim to retire")
        assert snapshot.is_dir()
    for owing in (RunState.AWAITING_BUSINESS, RunState.ON_TRIAL):
        _put_into(state, run, owing)
        with _service(state):
            assert snapshot.is_dir()
            assert state.run(run).state is owing
    _put_into(state, run, RunState.CLOSED)
    with _service(state):
        assert not snapshot.exists()


def _put_into(state: State, run: str, after: RunState) -> None:
    """What the desk records once its result is signed."""
    with state.store.writing() as transaction:
        claimed = transaction.runs.claim(run, transaction.runs.get(run).epoch)
        assert claimed is not None
        transaction.runs.save(replace(claimed, state=after))


def test_a_shim_nobody_recorded_is_sent_home(state: State) -> None:
    link = ShimStarter(state.folder / "shims").start("BG-2026-0001/1", SystemClock().now())
    wait_until(state.shims, 20, "the shim to say who it is")
    link.close()
    engine = state.engine()
    engine.start()
    wait_until(lambda: not state.shims(), 20, "the shim to retire")
    engine.stop()
    reap(link.shim)


def _unended_shims(state: State) -> int:
    with state.store.reading() as transaction:
        return len(transaction.shims.unended())
