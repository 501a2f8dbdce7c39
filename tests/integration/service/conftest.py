"""A service in a thread: the real application, server, socket and client over a world whose clock stands still."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from runner.audit.keys import load_log_key
from runner.audit.sequencer import Sequencer
from runner.client.log import ServiceLog
from runner.client.service import Service
from runner.engine.desk.desk import Desk
from runner.engine.secret_values import SecretGiver
from runner.service.access.access import Access
from runner.service.access.hashing import Parameters
from runner.service.access.places import PlaceFinder
from runner.service.app import make_app
from runner.service.compose import StorePages
from runner.service.listening import listen_at
from runner.service.parts import Service as Parts
from runner.service.server import Admit, Doorkeeper, WebServer
from runner.service.stream import EventStream
from runner.store.store import SqlLogStore
from tests.desk_world import World, make_world, opened_world

EPOCH = "e1"
CHEAP = Parameters(memory_cost=64, time_cost=1)
"""Passwords cost next to nothing in tests."""


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A founded site of alice and bob."""
    folder = tmp_path_factory.mktemp("founded")
    make_world(folder)
    return folder


@pytest.fixture
def world(founded: Path, tmp_path: Path) -> Iterator[World]:
    """A world of the test's own."""
    shutil.copytree(founded, tmp_path / "two")
    with opened_world(tmp_path / "two") as opened:
        yield opened


@dataclass(frozen=True)
class Served:
    """A world behind its socket."""

    world: World
    parts: Parts
    socket: Path
    client: Service

    @property
    def log(self) -> ServiceLog:
        return self.client.log


@contextmanager
def serving(
    world: World,
    socket: Path,
    admit: Admit = lambda user: user == os.geteuid(),
    places: PlaceFinder | None = None,
) -> Iterator[Parts]:
    """Serve a world at a socket for as long as the block lasts."""
    signer = load_log_key(world.state.root)
    sequencer = Sequencer(SqlLogStore(world.store), signer, world.clock, "twokey")
    access = Access(world.premises, world.state.root, lambda: CHEAP)
    world.desk = Desk(world.premises, access.passwords, signer)
    parts = Parts(
        state=world.state,
        premises=world.premises,
        desk=world.desk,
        access=access,
        sequencer=sequencer,
        stream=EventStream(StorePages(world.store), EPOCH),
        log_key=signer.key,
        epoch=EPOCH,
        started_at=world.clock.now(),
        pid=os.getpid(),
        end=lambda: None,
        secrets=SecretGiver(world.premises.site.inventory, world.premises.planner.secrets, {}),
    )
    ready, ended = threading.Event(), threading.Event()
    loop = asyncio.new_event_loop()
    listening = listen_at(socket)

    async def run() -> None:
        parts.stream.attach(loop)
        server = WebServer(make_app(parts), Doorkeeper(admit, places=places))

        def end() -> None:
            parts.stream.stop()
            server.end()

        threading.Thread(target=lambda: (ended.wait(), loop.call_soon_threadsafe(end)), daemon=True).start()
        loop.call_soon(ready.set)
        await server.serve(sockets=[listening])

    def work() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(run())

    sequencer.start()
    world.store.on_log(parts.stream.committed)
    thread = threading.Thread(target=work, name="service")
    thread.start()
    try:
        assert ready.wait(10)
        yield parts
    finally:
        ended.set()
        thread.join(15)
        parts.access.stop()
        sequencer.stop()
        world.store.off_log(parts.stream.committed)


@pytest.fixture
def served(world: World, short_folder: Path) -> Iterator[Served]:
    """A world behind its socket, and a client of it."""
    socket = short_folder / "s"
    with serving(world, socket) as parts, Service(socket) as client:
        yield Served(world, parts, socket, client)
