from __future__ import annotations

import logging
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runner.engine.notifier import (
    NOBODY_LISTENS,
    CommandNotifier,
    EveryNotifier,
    Notice,
    Notices,
    Notifier,
    SilentNotifier,
    SyslogNotifier,
    notice_entry,
)
from runner.errors import UnreachableError
from runner.model.run import RunState
from runner.model.runbook import Risk
from tests.waiting import is_running, wait_until

_NOTICE = Notice("BG-2026-0153/1", Risk.MAJOR, RunState.ROLLING_BACK, datetime(2026, 11, 23, 18, 6, tzinfo=UTC))
_TEXT = "number=BG-2026-0153/1 class=major state=rolling_back at=2026-11-23T18:06:00Z"


class _Outside:
    """A notifier that works, one that does not, and what has arrived."""

    def __init__(self, good: Notifier, broken: Notifier, arrived: Callable[[], str]) -> None:
        self.good = good
        self.broken = broken
        self.arrived = arrived


@contextmanager
def _syslog(folder: Path) -> Iterator[_Outside]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(folder / "log"))
        receiver.settimeout(5)
        yield _Outside(
            SyslogNotifier(folder / "log"), SyslogNotifier(folder / "nobody"), lambda: receiver.recv(4096).decode()
        )


@contextmanager
def _command(folder: Path) -> Iterator[_Outside]:
    code = "import sys; open(sys.argv[1], 'a').write(sys.stdin.read())"
    told = folder / "told"
    yield _Outside(
        CommandNotifier([sys.executable, "-c", code, str(told)]),
        CommandNotifier([str(folder / "missing")]),
        lambda: told.read_text("utf-8") if told.exists() else "",
    )


@contextmanager
def _both(folder: Path) -> Iterator[_Outside]:
    with _syslog(folder) as syslog, _command(folder) as command:

        def arrived() -> str:
            told = (syslog.arrived().rstrip()[-len(_TEXT) :], command.arrived().rstrip())
            return told[0] if told[0] == told[1] else ""

        good = EveryNotifier([syslog.good, command.good])
        yield _Outside(good, EveryNotifier([syslog.good, command.broken]), arrived)


@pytest.fixture(params=[_syslog, _command, _both], ids=["syslog", "command", "both"])
def outside(request: pytest.FixtureRequest, short_folder: Path) -> Iterator[_Outside]:
    with request.param(short_folder) as world:
        yield world


def test_a_notice_arrives_whole(outside: _Outside) -> None:
    outside.good.notify(_NOTICE)
    assert outside.arrived().rstrip().endswith(_TEXT)


def test_one_that_cannot_be_given_is_said(outside: _Outside) -> None:
    with pytest.raises(UnreachableError):
        outside.broken.notify(_NOTICE)


def test_a_failure_is_logged_and_disturbs_nobody(outside: _Outside, caplog: pytest.LogCaptureFixture) -> None:
    notices = Notices(outside.broken)
    notices.start()
    with caplog.at_level(logging.WARNING):
        notices.tell(_NOTICE)
        notices.stop()
    assert _TEXT in caplog.text


def test_telling_returns_before_the_notice_is_given(outside: _Outside) -> None:
    notices = Notices(outside.good)
    notices.tell(_NOTICE)
    notices.start()
    notices.stop()
    assert outside.arrived().rstrip().endswith(_TEXT)


def test_a_command_that_fails_is_said() -> None:
    with pytest.raises(UnreachableError) as refused:
        CommandNotifier([sys.executable, "-c", "raise SystemExit(3)"]).notify(_NOTICE)
    assert refused.value.facts["status"] == 3


def test_a_command_that_hangs_is_ended_with_what_it_started(tmp_path: Path) -> None:
    mark = tmp_path / "child"
    code = (
        "import subprocess, sys, pathlib;"
        "child = subprocess.Popen([sys.executable, '-c', 'import threading; threading.Event().wait()']);"
        "pathlib.Path(sys.argv[1]).write_text(str(child.pid)); child.wait()"
    )
    with pytest.raises(UnreachableError):
        CommandNotifier([sys.executable, "-c", code, str(mark)], seconds=2).notify(_NOTICE)
    child = int(mark.read_text("utf-8"))
    wait_until(lambda: not is_running(child), 5, "the command's child to end")


class TestOnRecord:
    """A loud notice goes on record: given, or why not."""

    LOUD = replace(_NOTICE, risk=Risk.EMERGENCY, loud=True)

    def recorded(self, notifier: Notifier, *notices: Notice) -> list[tuple[Notice, str]]:
        found: list[tuple[Notice, str]] = []
        given = Notices(notifier, lambda notice, reason: found.append((notice, reason)))
        given.start()
        for notice in notices:
            given.tell(notice)
        given.stop()
        return found

    def test_when_it_was_given(self, outside: _Outside) -> None:
        assert self.recorded(outside.good, self.LOUD, _NOTICE) == [(self.LOUD, "")]

    def test_when_it_could_not_be(self, outside: _Outside) -> None:
        ((notice, reason),) = self.recorded(outside.broken, self.LOUD)
        assert notice == self.LOUD
        assert reason

    def test_when_nobody_listens(self) -> None:
        ((_, reason),) = self.recorded(SilentNotifier(), self.LOUD)
        assert reason == NOBODY_LISTENS

    def test_says_no_more_than_people_outside_were_told(self) -> None:
        entry = notice_entry(self.LOUD, "", _NOTICE.at)
        assert entry.tag == "service:notice:sent"
        assert (entry.about.request, entry.about.run) == ("BG-2026-0153", "BG-2026-0153/1")
        assert entry.payload == {
            "number": "BG-2026-0153/1",
            "class": "emergency",
            "state": "rolling_back",
            "at": "2026-11-23T18:06:00Z",
        }
        assert notice_entry(self.LOUD, "no way", _NOTICE.at).tag == "service:notice:failed"
