from __future__ import annotations

import errno
import json
import os

import pytest

from runner.engine.ansible_side.masking import Masks
from runner.engine.ansible_side.spool import Spool

_AT = 1_795_457_168_123_456_789


class _Disk:
    """A file on a disk that may be full, and that takes a few bytes at a time."""

    def __init__(self, *, full: bool = False, at_most: int = 1_000_000) -> None:
        self.full = full
        self.at_most = at_most
        self.data = b""
        self.writes = 0

    def write(self, _descriptor: int, data: bytes) -> int:
        if self.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.writes += 1
        self.data += data[: self.at_most]
        return len(data[: self.at_most])

    @property
    def events(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.data.splitlines()]


def _spool(disk: _Disk, *masks: str, limit: int = 65536) -> Spool:
    return Spool(-1, Masks(masks), limit, write=disk.write, clock=lambda: _AT)


def test_an_event_is_one_line_written_at_once() -> None:
    disk = _Disk()
    spool = _spool(disk)
    spool.tell("ok", host="h1", result={"msg": "a\nb 双"}, delegate=None)
    spool.tell("ended")
    assert disk.writes == 2
    assert disk.data.decode() == (
        '{"seq":1,"at":"2026-11-23T18:06:08.123456Z","event":"ok","host":"h1","result":{"msg":"a\\nb 双"}}\n'
        '{"seq":2,"at":"2026-11-23T18:06:08.123456Z","event":"ended"}\n'
    )


def test_nothing_is_lost_or_out_of_order_when_the_disk_is_full_for_a_while() -> None:
    disk = _Disk(full=True)
    spool = _spool(disk)
    for number in range(3):
        spool.tell("ok", number=number)
    assert spool.backlog > 0
    assert not spool.try_to_write()
    disk.full = False
    assert spool.try_to_write()
    assert spool.backlog == 0
    assert [event["seq"] for event in disk.events] == [1, 2, 3]


def test_a_line_may_be_written_in_pieces() -> None:
    disk = _Disk(at_most=7)
    _spool(disk).tell("ok", host="h1")
    assert disk.events[0]["host"] == "h1"


def test_values_are_masked_but_hosts_and_kinds_are_not() -> None:
    disk = _Disk()
    spool = _spool(disk, "secret", "h1", "ok")
    spool.tell("ok", host="h1", task="secret h1", result={"secret": 1})
    (event,) = disk.events
    assert (event["event"], event["host"], event["task"]) == ("ok", "h1", "******** ********")
    assert event["result"] == {"********": 1}
    assert spool.masked == 3


def test_what_is_masked_is_masked_before_it_is_measured_and_hashed() -> None:
    disk = _Disk()
    spool = _spool(disk, "secret", limit=2000)
    spool.tell("ok", result={"stdout": "secret" * 1000})
    assert "secret" not in disk.data.decode()
    assert spool.cuts == 1
    assert disk.events[0]["cut"] != {}


def test_after_it_is_closed_nothing_is_written() -> None:
    disk = _Disk()
    spool = _spool(disk)
    spool.close()
    spool.tell("ok")
    assert (disk.data, spool.seq) == (b"", 0)


@pytest.mark.parametrize("clock", [0, 999_999_999, 1_000_000_000])
def test_time_is_told_to_the_microsecond(clock: int) -> None:
    disk = _Disk()
    Spool(-1, Masks([]), 1000, write=disk.write, clock=lambda: clock).tell("ok")
    second, fraction = divmod(clock, 1_000_000_000)
    assert disk.events[0]["at"] == f"1970-01-01T00:00:0{second}.{fraction // 1000:06d}Z"
