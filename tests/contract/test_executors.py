"""What the shim may rely on, whatever carries an attempt out."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from runner.engine.probes import Answer
from runner.engine.session import Session
from runner.engine.shim.ansible_executor import AnsibleExecutor
from runner.engine.shim.executor import Ending, Executor, Prepared
from runner.engine.shim.folder import AttemptFolder, ShimFolder
from runner.engine.shim.judging import Judge
from runner.engine.shim.probe_executor import ProbeExecutor
from runner.engine.snapshot import build_snapshot, remove_snapshot
from runner.errors import RefusedError, UnreachableError
from runner.model.document import JsonObject
from runner.model.order import Order, PlayOrder, ProbeOrder, Result
from runner.model.plan import Binding, Content, ContentFile, Group, Host
from runner.model.run import AttemptState, HostOutcome
from runner.model.runbook import Probe, ProbeKind
from runner.model.secret import NOTHING
from tests.engine_world import FilledBlobs, generated, local_host
from tests.unit.engine.shim_world import SystemClock, make_order
from tests.waiting import wait_until

_HOSTS = (local_host("one"), local_host("two"))


@dataclass
class _Case:
    """An executor, an order it can carry out, and how the test keeps its work from ending."""

    executor: Executor
    order: Order
    folder: AttemptFolder
    let_go: Callable[[], None]
    mark: Path
    """Exists once the work has touched something."""

    def events(self) -> list[JsonObject]:
        lines = self.folder.spool.read_text("utf-8").splitlines() if self.folder.spool.exists() else []
        return [json.loads(line) for line in lines]

    def wait_for_host(self) -> None:
        kinds = {"host_start", "probe_start"}
        wait_until(lambda: any(event["event"] in kinds for event in self.events()), 20, "a host to be worked on")


@dataclass
class _Sessions:
    """Sessions whose answers wait for the test."""

    door: threading.Event
    mark: Path
    closed: list[str] = field(default_factory=list)

    def open(self, host: Host, seconds: float) -> Session:
        return _Session(self, host)


@dataclass(eq=False)
class _Session:
    sessions: _Sessions
    host: Host
    is_closed: threading.Event = field(default_factory=threading.Event)

    def ask(self, command: Sequence[str], seconds: float) -> Answer:
        self.sessions.mark.touch()
        while not self.sessions.door.wait(0.01):
            if self.is_closed.is_set():
                raise UnreachableError("host {host}: hung up", host=self.host.name)
        now = SystemClock().now()
        return Answer(0, "", now, now)

    def close(self) -> None:
        self.is_closed.set()


def _probing(folder: Path) -> _Case:
    door, mark = threading.Event(), folder / "mark"
    sessions = _Sessions(door, mark)
    attempt = AttemptFolder(folder / "1-look.do-1")
    attempt.path.mkdir()
    order = replace(_order(folder), work=ProbeOrder((Probe(ProbeKind.REACHABLE),), _HOSTS), mutating=False)
    return _Case(ProbeExecutor(lambda: sessions, SystemClock()), order, attempt, door.set, mark)


def _playing(folder: Path) -> _Case:
    gate, mark = folder / "gate", folder / "mark"
    play = f"""
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.file: {{path: '{mark}', state: touch}}
    - ansible.builtin.wait_for: {{path: '{gate}', timeout: 30, sleep: 1}}
    - ansible.builtin.debug: {{msg: last}}
"""
    order = _order(folder, play)
    shim = ShimFolder(folder)
    attempt = shim.attempt(order.key)
    attempt.path.mkdir()
    return _Case(AnsibleExecutor(shim), order, attempt, gate.touch, mark)


def _order(folder: Path, play: str = "") -> Order:
    """An order over a snapshot with one play."""
    blobs = FilledBlobs(folder / "content")
    data = play.encode()
    content = Content("runbooks/x.yml", (ContentFile("playbooks/upgrade.yml", blobs.put(data), len(data)),))
    groups = (Group("all", ("one", "two")),)
    binding = Binding("test", False, _HOSTS, groups, (("one", "two"),), {}, None)  # noqa: FBT003 - not production
    snapshot = build_snapshot(folder / "snapshots", "sha256:" + "ab" * 32, content, blobs, generated(binding))
    order = make_order(snapshot)
    assert isinstance(order.work, PlayOrder)
    return replace(order, hosts=("one", "two"), mutating=True)


@pytest.fixture
def probing(awkward_folder: Path) -> Iterator[_Case]:
    made = _probing(awkward_folder)
    yield made
    remove_snapshot(Path(made.order.snapshot))


@pytest.fixture(params=[_probing, _playing], ids=["probes", "ansible"])
def case(request: pytest.FixtureRequest, awkward_folder: Path) -> Iterator[_Case]:
    made: _Case = request.param(awkward_folder)
    yield made
    made.let_go()
    remove_snapshot(Path(made.order.snapshot))


def _going_on(case: _Case) -> tuple[Prepared, Future[Ending]]:
    """Work that has begun and is waited for, as the shim does it."""
    prepared = case.executor.prepare(case.order, case.folder)
    prepared.begin(case.order, NOTHING)
    ending: Future[Ending] = Future()
    threading.Thread(target=lambda: ending.set_result(prepared.wait()), daemon=True).start()
    case.wait_for_host()
    return prepared, ending


def _judged(case: _Case, ending: Ending) -> Result:
    judge = Judge(case.order)
    judge.feed(case.events())
    return judge.result(ending, "", 0, SystemClock().now())


def test_work_is_told_from_the_first_event_to_the_last(case: _Case) -> None:
    prepared = case.executor.prepare(case.order, case.folder)
    case.let_go()
    prepared.begin(case.order, NOTHING)
    ending = prepared.wait()
    assert (ending.seen, ending.stopped, ending.reason) == (True, False, "")
    events = case.events()
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert events[-1]["event"] == "ended"
    assert _judged(case, ending).state is AttemptState.SUCCEEDED


def test_what_is_prepared_and_given_up_has_touched_nothing(case: _Case) -> None:
    case.executor.prepare(case.order, case.folder).discard()
    assert not case.mark.exists()
    assert case.events() == []


def test_what_is_ended_at_once_is_not_done(case: _Case) -> None:
    prepared, waiting = _going_on(case)
    prepared.cancel(now=True)
    ending = waiting.result(20)
    assert _judged(case, ending).state is not AttemptState.SUCCEEDED


def test_what_is_asked_to_stop_ends_at_its_border(case: _Case) -> None:
    prepared, waiting = _going_on(case)
    prepared.cancel(now=False)
    case.let_go()
    ending = waiting.result(20)
    assert (ending.seen, ending.stopped) == (True, True)


def test_what_is_held_goes_on_when_released(case: _Case) -> None:
    prepared, waiting = _going_on(case)
    prepared.hold()
    case.let_go()
    prepared.release()
    ending = waiting.result(20)
    assert _judged(case, ending).state is AttemptState.SUCCEEDED


def test_a_probe_held_before_it_begins_looks_at_nothing(probing: _Case) -> None:
    case = probing
    prepared = case.executor.prepare(case.order, case.folder)
    prepared.begin(case.order, NOTHING)
    prepared.hold()
    waiting = threading.Thread(target=prepared.wait)
    waiting.start()
    case.let_go()
    prepared.cancel(now=False)
    waiting.join(10)
    assert not case.mark.exists()
    assert [event["event"] for event in case.events()] == ["ended"]


@dataclass
class _EndedMeanwhile:
    """Sessions while whose opening the step is ended at once; nobody would ever answer in them."""

    sessions: _Sessions
    ended: list[Prepared] = field(default_factory=list)

    def open(self, host: Host, seconds: float) -> Session:
        self.ended[0].cancel(now=True)
        return self.sessions.open(host, seconds)


def test_a_probe_ended_while_it_reaches_for_a_host_asks_nothing(probing: _Case) -> None:
    case = probing
    door = threading.Event()
    sessions = _EndedMeanwhile(_Sessions(door, case.mark))
    prepared = ProbeExecutor(lambda: sessions, SystemClock()).prepare(case.order, case.folder)
    sessions.ended.append(prepared)
    prepared.begin(case.order, NOTHING)
    waiting = threading.Thread(target=prepared.wait, daemon=True)
    waiting.start()
    waiting.join(10)
    went_on_asking = waiting.is_alive()
    door.set()
    assert not went_on_asking
    assert not case.mark.exists()


@dataclass
class _Refusing:
    """Hosts that are not what they should be, or not there."""

    def open(self, host: Host, seconds: float) -> Session:
        if host.name == "one":
            raise RefusedError("host {host}: shows another key", host=host.name)
        raise UnreachableError("host {host}: nobody answers", host=host.name)


def test_a_host_that_cannot_be_looked_at_is_told_with_its_reason(probing: _Case) -> None:
    case = probing
    prepared = ProbeExecutor(_Refusing, SystemClock()).prepare(case.order, case.folder)
    prepared.begin(case.order, NOTHING)
    prepared.wait()
    result = _judged(case, Ending(seen=True))
    assert set(result.outcomes.values()) == {HostOutcome.UNREACHABLE}
    assert result.state is AttemptState.FAILED
    assert "one" in result.reason
