from __future__ import annotations

import queue
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from runner.engine.timers import Timers

_START = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)


class _Clock:
    def __init__(self) -> None:
        self.instant = _START

    def now(self) -> datetime:
        return self.instant


class _World:
    def __init__(self) -> None:
        self.clock = _Clock()
        self.rung: queue.Queue[str] = queue.Queue()
        self.timers = Timers(self.clock, self.rung.put)


@pytest.fixture
def world() -> Iterator[_World]:
    made = _World()
    made.timers.start()
    yield made
    made.timers.stop()


def test_rings_when_the_instant_has_come(world: _World) -> None:
    world.timers.set("late", _START + timedelta(hours=1))
    world.timers.set("now", _START)
    assert world.rung.get(timeout=5) == "now"
    world.clock.instant += timedelta(hours=2)
    world.timers.set("nudge", _START)
    assert {world.rung.get(timeout=5), world.rung.get(timeout=5)} == {"late", "nudge"}


def test_rings_by_itself_after_a_short_while(world: _World) -> None:
    world.timers.set("soon", _START + timedelta(milliseconds=20))
    world.clock.instant += timedelta(milliseconds=20)
    assert world.rung.get(timeout=5) == "soon"


def test_a_later_setting_replaces_the_earlier(world: _World) -> None:
    world.timers.set("run", _START + timedelta(hours=1))
    world.timers.set("run", None)
    world.clock.instant += timedelta(hours=2)
    world.timers.set("other", _START)
    assert world.rung.get(timeout=5) == "other"
    world.timers.stop()
    assert world.rung.empty()


def test_rings_once(world: _World) -> None:
    world.timers.set("run", _START)
    assert world.rung.get(timeout=5) == "run"
    world.timers.set("other", _START)
    assert world.rung.get(timeout=5) == "other"
    world.timers.stop()
    assert world.rung.empty()
