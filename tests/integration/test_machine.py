from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import pytest

from runner.engine.engine import Engine
from runner.errors import StorageError
from runner.model.policy import Policy
from runner.model.run import AttemptState, HostOutcome, Question, RunKind, RunState
from runner.model.time import Seconds
from runner.store.store import Store, Transaction
from tests.engine_world import Notebook, State
from tests.waiting import wait_until

_HEAD = """
apiVersion: twokey/v1
kind: Runbook
id: test
version: 1
family: maintenance
title: {en: Test, zh: 测试}
owner: ops
targets: {group: all}
window: required
parameters:
  place: {type: path, ask: {en: Where, zh: 位置}}
vars: {place: '{{ parameters.place }}'}
"""
_WRITE = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.shell: echo {{ word }} >> "{{ place }}"
    - ansible.builtin.set_stats: {data: {written: "{{ word }}"}}
"""
_LOOK = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.command: grep -q {{ word }} "{{ place }}"
      changed_when: false
"""
_UNWRITE = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.shell: echo undo {{ word }} >> "{{ place }}"
"""
_FAIL = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.fail: {msg: no}
"""
_PLAYS = {"write.yml": _WRITE, "look.yml": _LOOK, "unwrite.yml": _UNWRITE, "fail.yml": _FAIL}


@pytest.fixture
def state(awkward_folder: Path) -> Iterator[State]:
    opened = State.open(awkward_folder / "state")
    yield opened
    opened.close()


@contextmanager
def _running(state: State, notebook: Notebook | None = None) -> Iterator[Engine]:
    engine = state.engine(notebook)
    engine.start()
    try:
        yield engine
    finally:
        engine.stop()


_TWO_STEPS = """
steps:
  - id: look
    remote: {reachable: true, free_disk: {path: /, at_least: 1MiB}}
  - id: write
    playbook: write.yml
    vars: {word: one}
    outputs: {written: string}
    verify: {playbook: look.yml, vars: {word: '{{ outputs.write.written }}'}}
    rollback: {playbook: unwrite.yml, vars: {word: one}, verify: {playbook: look.yml, vars: {word: undo}}}
  - id: again
    gate: {wait_at_most: 1h}
    playbook: write.yml
    vars: {word: 'after-{{ outputs.write.written }}'}
    verify: {playbook: look.yml, vars: {word: after-one}}
    rollback: {playbook: unwrite.yml, vars: {word: two}, verify: {playbook: look.yml, vars: {word: undo}}}
"""


def test_a_run_from_start_to_end(state: State, awkward_folder: Path) -> None:
    place, notebook = awkward_folder / "written", Notebook()
    run = state.add_run(state.add_plan(_HEAD + _TWO_STEPS, _PLAYS, parameters={"place": str(place)}))
    with _running(state, notebook) as engine:
        engine.warm(run)
        wait_until(state.shims, 10, "a shim to be ready")
        state.begin(engine, run)
        state.wait_for(run, RunState.AT_GATE)
        assert place.read_text("utf-8") == "one\n"
        assert state.locks(run) == ["local:here"]
        state.change(engine, run, lambda record: replace(record, gates=((1, "again"),)))
        ended = state.wait_for(run, RunState.SUCCEEDED, RunState.FAILED, RunState.ROLLED_BACK)
        wait_until(lambda: not state.shims(), 10, "the shim to retire")
    assert ended.state is RunState.SUCCEEDED
    assert place.read_text("utf-8") == "one\nafter-one\n"
    assert [str(attempt.key).removeprefix(run) for attempt in ended.attempts] == [
        "/1/look.do/1",
        "/1/write.do/1",
        "/1/write.verify/1",
        "/1/again.do/1",
        "/1/again.verify/1",
    ]
    assert {attempt.state for attempt in ended.attempts} == {AttemptState.SUCCEEDED}
    assert state.locks(run) == []
    _require_told_in_order(state, run, attempts=5)
    assert [notice.state for notice in notebook.notices] == [RunState.RUNNING, RunState.AT_GATE, RunState.SUCCEEDED]


def _require_told_in_order(state: State, run: str, attempts: int) -> None:
    """Every attempt is intended, begun and told event by event before the hosts are let go."""
    numbers = state.event_numbers(run)
    assert len(numbers) == attempts
    assert {key: seen for key, seen in numbers.items() if seen != list(range(1, len(seen) + 1))} == {}
    told = [entry.tag for entry in state.log(run)]
    for before, after in pairwise(
        (
            "service:locks:taken",
            "service:attempt:intended",
            "service:attempt:begun",
            "shim:ansible:event",
            "service:attempt:ended",
            "service:locks:released",
        )
    ):
        assert told.index(before) < len(told) - 1 - told[::-1].index(after)


def test_what_fails_is_undone_newest_first(state: State, awkward_folder: Path) -> None:
    place, notebook = awkward_folder / "written", Notebook()
    plan = state.add_plan(
        _HEAD
        + """
steps:
  - id: first
    playbook: write.yml
    vars: {word: first}
    verify: {playbook: look.yml, vars: {word: first}}
    rollback: {playbook: unwrite.yml, vars: {word: first}, verify: {playbook: look.yml, vars: {word: first}}}
  - id: second
    playbook: write.yml
    vars: {word: second}
    verify: fail.yml
    rollback: {playbook: unwrite.yml, vars: {word: second}, verify: {playbook: look.yml, vars: {word: second}}}
after_rollback: {verify: {playbook: look.yml, vars: {word: undo}}}
""",
        _PLAYS,
        parameters={"place": str(place)},
    )
    run = state.add_run(plan)
    with _running(state, notebook) as engine:
        state.begin(engine, run)
        ended = state.wait_for(run, RunState.ROLLED_BACK, RunState.ROLLBACK_FAILED, RunState.SUCCEEDED)
    assert ended.state is RunState.ROLLED_BACK
    assert place.read_text("utf-8").splitlines() == ["first", "second", "undo second", "undo first"]
    assert [notice.state for notice in notebook.notices] == [
        RunState.RUNNING,
        RunState.ROLLING_BACK,
        RunState.ROLLED_BACK,
    ]


def test_a_check_changes_nothing(state: State, awkward_folder: Path) -> None:
    place = awkward_folder / "written"
    plan = state.add_plan(
        _HEAD
        + """
steps:
  - id: write
    playbook: write.yml
    vars: {word: one}
    verify: {playbook: look.yml, vars: {word: one}}
    rollback: none
    because: {en: none needed, zh: 不需要}
""",
        _PLAYS,
        parameters={"place": str(place)},
    )
    run = state.add_run(plan, RunKind.CHECK)
    with _running(state) as engine:
        state.begin(engine, run)
        ended = state.wait_for(run, RunState.SUCCEEDED, RunState.FAILED)
    assert ended.state is RunState.SUCCEEDED
    assert not place.exists()
    [attempt] = ended.attempts
    end = next(entry.payload for entry in state.log(run) if entry.tag == "service:attempt:ended")
    assert isinstance(end, dict)
    assert isinstance(facts := end["facts"], dict)
    assert isinstance(argv := facts["argv"], list)
    assert "--check" in argv
    assert attempt.outcomes["here"] in {HostOutcome.OK, HostOutcome.SKIPPED, HostOutcome.CHANGED}


class _StubbornStore(Store):
    """A store that can be told to take nothing."""

    is_full = False

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        if self.is_full:
            raise StorageError("no room")
        with super().writing() as transaction:
            yield transaction


@dataclass(frozen=True)
class _Holding:
    """A run whose log was lost in the midst of its play, which then holds at a task border."""

    state: State
    store: _StubbornStore
    run: str
    place: Path
    attempt: Path


@contextmanager
def _holding(folder: Path, hold: int) -> Iterator[_Holding]:
    place, held = folder / "written", folder / "held"
    state = State.open(folder / "state", Policy(hold=Seconds(hold)), store=_StubbornStore)
    store = state.store
    assert isinstance(store, _StubbornStore)
    # A task border every second until it is held, however late it is told to.
    pause = f"""
    - ansible.builtin.wait_for: {{timeout: 1}}
      when: not '{held}' is exists
"""
    plays = {
        "wait.yml": f"""
- hosts: all
  gather_facts: false
  tasks:{pause * 90}
    - ansible.builtin.shell: echo done >> "{{{{ place }}}}"
""",
        "look.yml": _LOOK,
        "unwrite.yml": _UNWRITE,
    }
    steps = """
steps:
  - id: write
    playbook: wait.yml
    verify: {playbook: look.yml, vars: {word: done}}
    rollback: {playbook: unwrite.yml, vars: {word: done}, verify: {playbook: look.yml, vars: {word: undo}}}
on_failure: roll_back
"""
    run = state.add_run(state.add_plan(_HEAD + steps, plays, parameters={"place": str(place)}))
    try:
        with _running(state) as engine:
            state.begin(engine, run)
            wait_until(lambda: state.event_numbers(run), 20, "the first events")
            store.is_full = True
            attempt = next((state.folder / "shims").glob("*/1-write.do-1"))
            wait_until(lambda: '"held"' in (attempt / "spool.jsonl").read_text("utf-8"), 20, "the play to hold")
            held.touch()
            assert not place.exists()
            yield _Holding(state, store, run, place, attempt)
    finally:
        store.is_full = False
        state.close()


def test_a_run_holds_while_the_log_cannot_be_written(awkward_folder: Path) -> None:
    with _holding(awkward_folder, hold=600) as held:
        held.store.is_full = False
        state, run = held.state, held.run
        ended = state.wait_for(run, RunState.SUCCEEDED, RunState.FAILED, RunState.ROLLED_BACK)
        assert ended.state is RunState.SUCCEEDED
        assert held.place.read_text("utf-8") == "done\n"
        assert {key: seen for key, seen in state.event_numbers(run).items() if seen != sorted(set(seen))} == {}
        assert "shim:attempt:held" in {entry.tag for entry in state.log(run)}


def test_a_hold_that_lasts_too_long_leaves_the_decision_to_people(awkward_folder: Path) -> None:
    with _holding(awkward_folder, hold=1) as held:
        wait_until((held.attempt / "result.json").exists, 20, "the shim to end the attempt")
        assert held.state.run(held.run).state is RunState.RUNNING
        held.store.is_full = False
        asked = held.state.wait_for(held.run, RunState.AWAITING_DECISION, RunState.ROLLED_BACK, RunState.SUCCEEDED)
        [attempt] = asked.attempts
        assert (asked.state, asked.question) == (RunState.AWAITING_DECISION, Question.STEP_FAILED)
        assert attempt.state is AttemptState.CANCELLED
        assert "while the log could not be written" in attempt.reason
        assert not held.place.exists()
        assert held.state.locks(held.run) == ["local:here"]
