"""An attempt begins with exactly its secrets, or not at all; also when the service dies on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from runner.engine.links import ShimStarter
from runner.engine.shim.protocol import Message, Say, to_line
from runner.errors import UsageError
from runner.model.plan import SecretRef
from runner.model.run import AttemptState, RunState
from runner.model.secret import Given
from runner.rules.history import TRIES
from tests.engine_world import PLANTED, State
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
steps:
  - id: write
    playbook: write.yml
    secrets: [token]
    verify: look.yml
    rollback: none
    because: {en: it only adds a line, zh: 只追加一行}
"""
_WRITE = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.copy: {content: "{{ token }}", dest: "%(folder)s/written", mode: '0600'}
    - ansible.builtin.debug: {msg: "{{ token }}"}
"""
_LOOK = "- hosts: all\n  gather_facts: false\n  tasks: [{ansible.builtin.assert: {that: true}}]\n"


@pytest.fixture
def state(awkward_folder: Path) -> Iterator[State]:
    opened = State.open(awkward_folder / "state")
    yield opened
    opened.close()


def _begun_run(state: State) -> str:
    run = state.add_run(
        state.add_plan(_RUNBOOK, {"write.yml": _WRITE % {"folder": state.folder.parent}, "look.yml": _LOOK})
    )
    state.begin(state.engine(), run)
    return run


def _fails(wanted: Sequence[SecretRef]) -> Given:
    raise UsageError("secret {name}: cannot be had", name=wanted[0].name)


def test_a_secret_that_cannot_be_given_fails_its_step_before_it_touches_anything(state: State) -> None:
    run = _begun_run(state)
    engine = state.engine(give=lambda wanted: _fails(wanted) if wanted else {})
    engine.start()
    try:
        ended = state.wait_for(run, RunState.FAILED, RunState.ROLLED_BACK)
    finally:
        engine.stop()
    after = state.engine()
    after.start()  # a shim that was just being made when the run ended is nobody's; the next start retires it
    try:
        wait_until(lambda: not state.shims(), 20, "the shim to retire")
    finally:
        after.stop()
    assert {(attempt.state, attempt.reason) for attempt in ended.attempts} == {
        (AttemptState.NEVER_BEGUN, "secret token: cannot be had")
    }
    assert len(ended.attempts) == TRIES
    assert not (state.folder.parent / "written").exists()
    assert not list(state.folder.glob("shims/*/*/begun"))


@pytest.mark.parametrize("point", ["intent_committed", "order_written", "begin_sent", "begun_recorded"])
def test_a_service_killed_on_the_way_gives_anew_or_finds_it_given(state: State, point: str) -> None:
    run = _begun_run(state)
    command = [sys.executable, "-m", "tests.engine_world", str(state.folder)]
    first = subprocess.Popen(command, cwd=_ROOT, env=os.environ | {"TWOKEY_CRASH_AT": point})
    assert first.wait(30) == -signal.SIGKILL
    second = subprocess.Popen(command, cwd=_ROOT)
    try:
        state.wait_for(run, RunState.SUCCEEDED)
        wait_until(lambda: not state.shims(), 20, "the shim to retire")
    finally:
        second.terminate()
        second.wait(20)
    assert (state.folder.parent / "written").read_text("utf-8") == PLANTED
    for path in state.folder.rglob("*"):
        assert not path.is_file() or PLANTED.encode() not in path.read_bytes(), path


def test_a_shim_begins_nothing_without_the_secrets_of_its_order(state: State) -> None:
    """Whoever reaches the control socket and says "begin" has not the secrets."""
    run = _begun_run(state)
    asked: list[str] = []

    def give(wanted: Sequence[SecretRef]) -> Given:
        for folder in ShimStarter(state.folder / "shims").folders() if wanted else ():
            with folder.connect() as connection:
                for attempt in folder.attempts():
                    asked.append(attempt.name)
                    connection.sendall(to_line(Message(Say.BEGIN, attempt.name)))
        return {} if not wanted else _fails(wanted)

    engine = state.engine(give=give)
    engine.start()
    try:
        state.wait_for(run, RunState.FAILED, RunState.ROLLED_BACK)
        wait_until(lambda: not state.shims(), 20, "the shim to retire")
    finally:
        engine.stop()
    assert asked
    assert not list(state.folder.glob("shims/*/*/begun"))
