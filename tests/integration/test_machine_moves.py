"""The run machine over a real store, with hands that only remember: what is recorded before what is done."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runner.engine.importer import Followed, Importer
from runner.engine.in_force import InForce
from runner.engine.machine import Machine, Surroundings
from runner.engine.notifier import Notices
from runner.engine.shim.folder import AttemptFolder
from runner.engine.timers import Timers
from runner.errors import RefusedError, StorageError
from runner.model.holding import Shim
from runner.model.order import Order, PlayOrder, Result
from runner.model.plan import PlanDocument
from runner.model.run import Attempt, AttemptKey, AttemptState, Choice, Decision, HostOutcome, RunRecord, RunState, Wish
from runner.model.time import Window
from tests.engine_world import Notebook, State
from tests.waiting import wait_until

_NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
_WINDOW = Window(_NOW - timedelta(hours=1), _NOW + timedelta(hours=3))
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
parameters:
  release: {type: string, ask: {en: Release, zh: 版本}}
steps:
  - id: first
    playbook: write.yml
    vars: {release: '{{ parameters.release }}', request: '{{ run.request }}'}
    outputs: {written: string}
    verify: {playbook: look.yml, vars: {word: '{{ outputs.first.written }}'}}
    rollback: {playbook: unwrite.yml, verify: look.yml}
  - id: second
    gate: {wait_at_most: 1h}
    playbook: write.yml
    verify: look.yml
    rollback: {playbook: unwrite.yml, verify: look.yml}
"""


@dataclass
class _Clock:
    instant: datetime = _NOW

    def now(self) -> datetime:
        return self.instant


@dataclass
class _Hands:
    """Remembers what it was asked, and looks at what was recorded by then."""

    state: State
    told: list[str] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    guesses: list[Order] = field(default_factory=list)
    followed: set[AttemptKey] = field(default_factory=set)
    resumed: list[AttemptKey] = field(default_factory=list)
    is_quiet: bool = True
    before_begin: Callable[[Order], None] = lambda _order: None

    def shim_for(self, run: str) -> Shim:
        shim = Shim(f"shim-{run.replace('/', '.')}", run, "shims/x", 1, 1, "boot", _NOW)
        with self.state.store.writing() as transaction:
            if transaction.shims.find(shim.id) is None:
                transaction.shims.add(shim)
        return shim

    def begin(self, order: Order, request: str, shim: Shim) -> None:
        self.before_begin(order)
        self.told.append(f"begin {order.key.step}.{order.key.role}/{order.key.number}")
        self.orders.append(order)
        self.followed.add(order.key)

    def prepare(self, order: Order) -> None:
        self.guesses.append(order)

    def cancel(self, key: AttemptKey) -> None:
        self.told.append(f"cancel {key.step}.{key.role}/{key.number}")

    def pause(self, run: str, *, paused: bool) -> None:
        if paused:
            self.told.append("pause")

    def retire(self, run: str) -> None:
        self.told.append("retire")

    def follows(self, key: AttemptKey) -> bool:
        return key in self.followed

    def resume(self, attempt: Attempt, record: RunRecord, shim: Shim | None) -> None:
        assert shim is not None
        self.resumed.append(attempt.key)
        self.followed.add(attempt.key)

    def is_clear(self, record: RunRecord, attempts: Sequence[tuple[Attempt, Shim]]) -> bool:
        return self.is_quiet


@dataclass
class _World:
    state: State
    clock: _Clock
    hands: _Hands
    machine: Machine
    timers: Timers
    rung: queue.Queue[str]
    notebook: Notebook

    def run(self, release: str = "2.0", window: Window | None = _WINDOW) -> str:
        """A run both have signed."""
        run = self.state.add_run(self.plan(release), window=window)
        self.begin(run)
        return run

    def plan(self, release: str = "2.0") -> PlanDocument:
        plays = dict.fromkeys(("write.yml", "look.yml", "unwrite.yml"), "- hosts: all\n  tasks: []\n")
        return self.state.add_plan(_RUNBOOK, plays, parameters={"release": release}, window=_WINDOW)

    def begin(self, run: str) -> None:
        with self.state.store.writing() as transaction:
            claimed = transaction.runs.claim(run, transaction.runs.get(run).epoch)
            assert claimed is not None
            plan = self.state.shelf().get(claimed.plan, transaction.plans).plan
            self.machine.begin_run(transaction, claimed, plan, self.clock.now())

    def end(self, run: str, outcome: HostOutcome = HostOutcome.CHANGED, **outputs: str) -> None:
        """End the attempt in progress, and carry the run on."""
        open_attempt = next(each for each in self.state.run(run).attempts if each.ended_at is None)
        order = next(each for each in reversed(self.hands.orders) if each.key == open_attempt.key)
        state = {
            HostOutcome.CHANGED: AttemptState.SUCCEEDED,
            HostOutcome.OK: AttemptState.SUCCEEDED,
            HostOutcome.UNKNOWN: AttemptState.UNKNOWN,
        }.get(outcome, AttemptState.FAILED)
        result = Result(order.key, state, self.clock.now(), {"here": outcome}, 0, dict(outputs))
        folder = AttemptFolder(self.state.folder / "nowhere")
        shim = self.hands.shim_for(run)
        importer = Importer(self.state.store, self.state.leaves, self.clock)
        importer.ended(Followed(order.key, self.state.run(run).request, folder, shim), result)
        self.machine.advance(run)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[_World]:
    clock = _Clock()
    state = State.open(tmp_path / "state", clock=clock)
    hands, notebook = _Hands(state), Notebook()
    rung: queue.Queue[str] = queue.Queue()
    timers, notices = Timers(clock, rung.put), Notices(notebook)
    timers.start()
    notices.start()
    machine = Machine(
        Surroundings(state.store, state.leaves, state.shelf(), hands, timers, notices, clock, InForce(state.policy))
    )
    yield _World(state, clock, hands, machine, timers, rung, notebook)
    timers.stop()
    notices.stop()
    state.close()


def test_intent_is_durable_before_anything_is_told(world: _World) -> None:
    run = world.run()
    recorded: list[AttemptState] = []

    def look(order: Order) -> None:
        with world.state.store.reading() as transaction:
            recorded.append(transaction.attempts.get(order.key).state)
            tags = [entry.tag for entry in world.state.log(run)]
            assert "service:attempt:intended" in tags

    world.hands.before_begin = look
    world.machine.advance(run)
    assert recorded == [AttemptState.INTENDED]
    assert world.hands.told == ["begin first.do/1"]


def test_advancing_again_begins_nothing_twice(world: _World) -> None:
    run = world.run()
    for _ in range(3):
        world.machine.advance(run)
    assert world.hands.told == ["begin first.do/1"]
    assert [attempt.key.number for attempt in world.state.run(run).attempts] == [1]


def test_variables_are_filled_from_parameters_outputs_and_the_run(world: _World) -> None:
    run = world.run(release="3.1")
    world.machine.advance(run)
    world.end(run, written="/var/lib/7")
    works = [order.work for order in world.hands.orders]
    assert all(isinstance(work, PlayOrder) for work in works)
    assert [dict(work.variables) for work in works if isinstance(work, PlayOrder)] == [
        {"release": "3.1", "request": world.state.run(run).request},
        {"word": "/var/lib/7"},
    ]


def test_what_probably_follows_is_prepared(world: _World) -> None:
    run = world.run()
    world.machine.advance(run)
    assert [str(order.key).removeprefix(run) for order in world.hands.guesses] == ["/1/first.verify/1"]


def test_a_confirmed_start_finds_its_first_attempt_prepared(world: _World) -> None:
    run = world.state.add_run(world.plan(), window=_WINDOW)
    world.machine.advance(run)
    assert [str(order.key).removeprefix(run) for order in world.hands.guesses] == ["/1/first.do/1"]
    assert world.state.run(run).state is RunState.CONFIRMING
    assert world.state.locks(run) == []


def test_a_start_that_is_not_confirmed_lapses(world: _World) -> None:
    run = world.state.add_run(world.plan(), window=_WINDOW)
    world.machine.advance(run)
    world.clock.instant += timedelta(minutes=6)
    world.timers.set("nudge", _NOW)
    assert {world.rung.get(timeout=5), world.rung.get(timeout=5)} == {run, "nudge"}
    world.machine.advance(run)
    assert world.state.run(run).state is RunState.LAPSED
    assert world.hands.told == ["retire"]


def test_an_output_without_value_keeps_the_attempt_from_beginning(world: _World) -> None:
    run = world.run()
    world.machine.advance(run)
    world.end(run)
    record = world.state.run(run)
    verify = [attempt for attempt in record.attempts if attempt.key.role == "verify"]
    assert {attempt.state for attempt in verify} == {AttemptState.NEVER_BEGUN}
    assert "outputs.first.written" in verify[0].reason
    assert world.hands.told == ["begin first.do/1", "begin first.rollback/1"]
    assert record.state is RunState.ROLLING_BACK


def test_a_gate_waits_with_its_hosts_held_and_its_timer_set(world: _World) -> None:
    run = world.run()
    world.machine.advance(run)
    world.end(run, written="x")
    world.end(run, HostOutcome.OK)
    record = world.state.run(run)
    assert record.state is RunState.AT_GATE
    assert world.state.locks(run) == ["local:here"]
    assert [str(order.key).removeprefix(run) for order in world.hands.guesses][-1] == "/1/second.do/1"
    world.clock.instant += timedelta(hours=1, seconds=1)
    world.timers.set("nudge", _NOW)
    assert {world.rung.get(timeout=5), world.rung.get(timeout=5)} == {run, "nudge"}
    world.machine.advance(run)
    assert world.state.run(run).state is not RunState.AT_GATE


def test_an_attempt_nobody_follows_is_taken_up_again(world: _World) -> None:
    run = world.run()
    world.machine.advance(run)
    world.hands.followed.clear()
    world.machine.advance(run)
    world.machine.advance(run)
    assert [str(key).removeprefix(run) for key in world.hands.resumed] == ["/1/first.do/1"]


def test_an_order_that_cannot_be_left_is_found_out_about_and_not_forgotten(world: _World) -> None:
    run = world.run()

    def fail(order: Order) -> None:
        raise StorageError("no room")

    world.hands.before_begin = fail
    with pytest.raises(StorageError):
        world.machine.advance(run)
    assert [attempt.state for attempt in world.state.run(run).attempts] == [AttemptState.INTENDED]
    world.machine.advance(run)
    assert [str(key).removeprefix(run) for key in world.hands.resumed] == ["/1/first.do/1"]


def test_nothing_begins_or_ends_while_an_orphan_still_works(world: _World) -> None:
    run = world.run()
    world.machine.advance(run)
    world.end(run, HostOutcome.UNKNOWN)
    assert world.state.run(run).state is RunState.OUTCOME_UNKNOWN
    world.hands.is_quiet = False
    _decide(world, run, Choice.ABANDON)
    assert world.state.run(run).state is RunState.OUTCOME_UNKNOWN
    world.hands.is_quiet = True
    world.machine.advance(run)
    assert world.state.run(run).state is RunState.ABANDONED


def test_hosts_of_an_abandoned_run_stay_held_until_its_result_is_signed(world: _World) -> None:
    run = world.run()
    world.machine.advance(run)
    world.end(run, HostOutcome.UNKNOWN)
    _decide(world, run, Choice.ABANDON)
    assert world.state.run(run).state is RunState.ABANDONED
    assert world.state.locks(run) == ["local:here"]


def test_an_unknown_outcome_is_never_repeated_by_itself(world: _World) -> None:
    run = world.run()
    world.machine.advance(run)
    world.end(run, HostOutcome.UNKNOWN)
    for hours in range(24):
        world.clock.instant = _NOW + timedelta(hours=hours)
        world.machine.advance(run)
    assert world.hands.told == ["begin first.do/1"]
    assert world.state.locks(run) == ["local:here"]


def test_another_run_cannot_take_a_host_that_is_held(world: _World) -> None:
    first = world.run()
    second = world.state.add_run(world.plan(release="9"), window=_WINDOW)
    with pytest.raises(RefusedError) as refused:
        world.begin(second)
    assert refused.value.facts["holder"] == first
    assert world.state.run(second).state is RunState.CONFIRMING


def test_wishes_are_passed_on(world: _World) -> None:
    run = world.run()
    world.machine.advance(run)
    _wish(world, run, Wish(pause=True))
    assert "pause" in world.hands.told
    _wish(world, run, Wish(abort=True))
    assert world.hands.told[-1] == "cancel first.do/1"


def test_people_outside_hear_what_matters_and_no_more(world: _World) -> None:
    run = world.run()
    world.machine.advance(run)
    world.end(run, HostOutcome.FAILED, written="x")
    world.end(run, HostOutcome.CHANGED)
    world.end(run, HostOutcome.OK)
    wait_until(lambda: len(world.notebook.notices) == 3, 5, "the notices")
    told = [notice.state for notice in world.notebook.notices]
    assert told == [RunState.RUNNING, RunState.ROLLING_BACK, RunState.ROLLED_BACK]


def _decide(world: _World, run: str, choice: Choice) -> None:
    record = world.state.run(run)
    assert record.question is not None
    assert record.waiting_at is not None
    at = record.waiting_at
    decision = Decision(record.question, choice, at.batch, at.step, at.role, at.number, world.clock.now())
    _change(world, run, lambda each: replace(each, decisions=(*each.decisions, decision), wish=Wish()))


def _wish(world: _World, run: str, wish: Wish) -> None:
    _change(world, run, lambda record: replace(record, wish=wish))


def _change(world: _World, run: str, effect: Callable[[RunRecord], RunRecord]) -> None:
    with world.state.store.writing() as transaction:
        claimed = transaction.runs.claim(run, transaction.runs.get(run).epoch)
        assert claimed is not None
        transaction.runs.save(effect(claimed))
    world.machine.advance(run)
