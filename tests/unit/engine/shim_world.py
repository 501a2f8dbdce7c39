"""A shim's surroundings for tests: a snapshot, orders, an executor under the test's control, and a talking service."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from runner.engine.shim.executor import Ending
from runner.engine.shim.folder import AttemptFolder, ShimFolder
from runner.engine.shim.protocol import Lines, Message, Say, Standing, to_line
from runner.engine.shim.server import ShimServer
from runner.engine.snapshot import Snapshot, build_snapshot
from runner.model.document import JsonValue
from runner.model.order import Order, PlayOrder
from runner.model.plan import Content, Role
from runner.model.run import AttemptKey
from runner.model.secret import Given
from runner.model.time import Seconds
from tests.waiting import wait_until

HOSTS = ("web1", "web2")


class SystemClock:
    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time(), UTC)


class NoBlobs:
    def read(self, sha256: str) -> bytes:
        raise KeyError(sha256)


def make_snapshot(folder: Path) -> Snapshot:
    return build_snapshot(folder, "sha256:" + "ab" * 32, Content("runbooks/x.yml", ()), NoBlobs(), {"ssh/config": b""})


def make_order(
    snapshot: Snapshot, number: int = 1, seconds: float = 60, *, hold: int = 600, **more: JsonValue
) -> Order:
    return Order(
        key=AttemptKey("BG-2026-0001/1", 1, "upgrade", Role.DO, number),
        work=PlayOrder("upgrade.yml", more),
        hosts=HOSTS,
        mutating=True,
        snapshot=str(snapshot.folder),
        manifest=snapshot.manifest,
        deadline=SystemClock().now() + timedelta(seconds=seconds),
        hold=Seconds(hold),
    )


class Spool:
    """Writes events as Ansible does."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._number = 0

    def tell(self, event: str, **fields: JsonValue) -> None:
        self._number += 1
        body = {"seq": self._number, "at": "2026-11-23T18:00:00.000000Z", "event": event, **fields}
        with self._path.open("ab", buffering=0) as spool:
            spool.write(json.dumps(body).encode() + b"\n")

    def task(self, host: str, outcome: str = "changed", action: str = "command") -> None:
        self.tell("task_start", task="t", task_uuid="u", action=action)
        self.tell("host_start", host=host, task="t", task_uuid="u", action=action)
        if outcome:
            self.tell(outcome, host=host, task="t", task_uuid="u", action=action, result={})

    def close(self, hosts: Sequence[str] = HOSTS) -> None:
        counts: dict[str, JsonValue] = {"ok": 1, "changed": 1, "failed": 0, "skipped": 0, "unreachable": 0}
        self.tell("stats", hosts=dict.fromkeys(hosts, counts), custom={"run": {}, "hosts": {}}, masked=0)
        self.tell("ended", rc=0)


@dataclass
class FakePrepared:
    """Work that goes on until the test ends it."""

    order: Order
    folder: AttemptFolder
    calls: list[str] = field(default_factory=list)
    begun_with: Order | None = None
    given: dict[str, str] = field(default_factory=dict)
    ending: Ending = field(default_factory=lambda: Ending(seen=True))
    over: threading.Event = field(default_factory=threading.Event)

    def begin(self, order: Order, given: Given) -> None:
        assert self.folder.begun.exists()
        self.begun_with = order
        self.given = {name: text.reveal() for name, text in given.items()}
        self.calls.append("begin")

    def discard(self) -> None:
        self.calls.append("discard")

    def hold(self) -> None:
        self.calls.append("hold")

    def release(self) -> None:
        self.calls.append("release")

    def cancel(self, *, now: bool) -> None:
        self.calls.append("kill" if now else "stop")

    def wait(self) -> Ending:
        assert self.over.wait(30)
        return self.ending

    @property
    def spool(self) -> Spool:
        return Spool(self.folder.spool)

    def end(self, ending: Ending | None = None) -> None:
        self.ending = ending or self.ending
        self.over.set()


@dataclass
class FakeExecutor:
    """Remembers what it was asked to prepare."""

    made: list[FakePrepared] = field(default_factory=list)

    def prepare(self, order: Order, folder: AttemptFolder) -> FakePrepared:
        self.made.append(FakePrepared(order, folder))
        return self.made[-1]

    @property
    def last(self) -> FakePrepared:
        return self.made[-1]


class Service:
    """The other end of a control socket."""

    def __init__(self, folder: ShimFolder) -> None:
        self.connection = folder.connect()
        self.connection.settimeout(0.05)
        self.lines = Lines()
        self.heard: list[Message] = []

    def say(self, say: Say, attempt: str = "", *, now: bool = False, order: Order | None = None) -> None:
        self.connection.sendall(to_line(Message(say, attempt, now=now, order=order)))

    def say_often(self, say: Say, times: int) -> None:
        for _ in range(times):
            self.say(say)

    def hear(self, say: Say) -> Message:
        """The next message of that kind; what came before it stays heard."""
        known = len([message for message in self.heard if message.say is say])

        def more() -> Message | None:
            self._listen()
            found = [message for message in self.heard if message.say is say]
            return found[known] if len(found) > known else None

        return wait_until(more, 10, f"the shim to say {say}") or Message(say)

    def standings(self) -> tuple[Standing, ...]:
        self.say(Say.HELLO)
        return self.hear(Say.HELLO).standings

    def is_hung_up_on(self) -> bool:
        try:
            return self.connection.recv(65536) == b""
        except TimeoutError:
            return False
        except ConnectionResetError:
            return True

    def close(self) -> None:
        self.connection.close()

    def _listen(self) -> None:
        try:
            self.heard += self.lines.feed(self.connection.recv(65536))
        except TimeoutError:
            return


@dataclass
class World:
    """A shim served by a thread of the test."""

    folder: ShimFolder
    snapshot: Snapshot
    executor: FakeExecutor
    server: ShimServer
    thread: threading.Thread
    services: list[Service] = field(default_factory=list)

    def service(self) -> Service:
        self.services.append(Service(self.folder))
        return self.services[-1]

    def order(self, number: int = 1, seconds: float = 60, *, hold: int = 600, **more: JsonValue) -> AttemptFolder:
        """Leave an order on disk, as the service does."""
        order = make_order(self.snapshot, number, seconds, hold=hold, **more)
        attempt = self.folder.attempt(order.key)
        attempt.write_order(order)
        return attempt

    def end(self) -> None:
        for prepared in self.executor.made:
            prepared.end()
        self.server.end_soon()
        self.thread.join(10)
        for service in self.services:
            service.close()


@contextmanager
def running_shim(folder: Path, idle_seconds: float = 60) -> Iterator[World]:
    """A shim with a fake executor, ended when the block ends."""
    (folder / "shim").mkdir()
    shim_folder = ShimFolder(folder / "shim")
    executor = FakeExecutor()
    server = ShimServer(shim_folder, shim_folder.listen(), executor, SystemClock(), idle_seconds)
    thread = threading.Thread(target=server.run)
    world = World(shim_folder, make_snapshot(folder / "snapshots"), executor, server, thread)
    thread.start()
    try:
        yield world
    finally:
        world.end()
