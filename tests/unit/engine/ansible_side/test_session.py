from __future__ import annotations

import errno
import json
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from runner.engine.ansible_side.border import Border, Channel, Exit, Go, HeldBy, Say
from runner.engine.ansible_side.masking import Masks
from runner.engine.ansible_side.session import Session
from runner.engine.ansible_side.spool import Spool


class _Disk:
    """A disk that is full for its first writes."""

    def __init__(self) -> None:
        self.full_for = 0
        self.data = b""

    def write(self, _descriptor: int, data: bytes) -> int:
        if self.full_for:
            self.full_for -= 1
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.data += data
        return len(data)

    @property
    def events(self) -> list[str]:
        return [json.loads(line)["event"] for line in self.data.splitlines()]


@dataclass
class _Driver:
    """The driver's end of a border, and the end that is given to the process."""

    channel: Channel
    other: socket.socket

    @property
    def heard(self) -> list[object]:
        heard = []
        while message := self.channel.receive(0):
            heard.append(message.get("by") or message["say"])
        return heard


@pytest.fixture
def driver() -> Iterator[_Driver]:
    one, other = socket.socketpair()
    with one, other:
        yield _Driver(Channel(one), other)


@pytest.fixture
def disk() -> _Disk:
    return _Disk()


def _session(driver: _Driver, disk: _Disk, hold_seconds: float = 5) -> Session:
    go = Go("", "/snap", (), 65536, hold_seconds)
    return Session(Border(Channel(driver.other)), Spool(-1, Masks([]), 65536, write=disk.write), go)


def test_a_border_is_not_passed_before_every_event_is_written(driver: _Driver, disk: _Disk) -> None:
    session = _session(driver, disk)
    disk.full_for = 3
    session.tell("ok")
    session.pass_task_border()
    assert disk.events == ["ok"]
    assert driver.heard == [HeldBy.SPOOL, Say.RELEASED]


def test_when_events_cannot_be_written_the_play_ends_and_says_so(driver: _Driver, disk: _Disk) -> None:
    session = _session(driver, disk, hold_seconds=0.01)
    disk.full_for = 1000
    session.tell("ok")
    with pytest.raises(SystemExit) as end:
        session.pass_task_border()
    assert end.value.code == Exit.SPOOL
    assert session.end(0) == Exit.SPOOL
    assert driver.heard == [HeldBy.SPOOL, Say.ENDED]


def test_the_last_events_are_waited_for_as_well(driver: _Driver, disk: _Disk) -> None:
    session = _session(driver, disk)
    disk.full_for = 2
    assert session.end(0) == 0
    assert disk.events == ["ended"]
    assert driver.heard == [HeldBy.SPOOL, Say.RELEASED, Say.ENDED]


def test_a_play_holds_at_once_when_too_much_waits_in_memory(driver: _Driver, disk: _Disk) -> None:
    session = _session(driver, disk)
    disk.full_for = 80
    for _number in range(80):
        session.tell("ok", result="x" * 60_000)
    assert driver.heard == [HeldBy.SPOOL, Say.RELEASED]
    assert len(disk.events) == 80


def test_the_first_wish_to_end_stands(driver: _Driver, disk: _Disk) -> None:
    session = _session(driver, disk)
    session.break_off(Exit.BROKEN)
    session.break_off(Exit.PROMPT)
    with pytest.raises(SystemExit) as end:
        session.pass_task_border()
    assert end.value.code == Exit.BROKEN
    assert session.end(0) == Exit.BROKEN


def test_a_forked_worker_touches_neither_spool_nor_border(driver: _Driver, disk: _Disk) -> None:
    session = _session(driver, disk)
    session.forget()
    session.tell("ok")
    assert disk.data == b""
