"""`twokey tui` as a person opens it: on a terminal, in a site, and out of it again."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.acceptance.changes import approved, publish
from tests.acceptance.installed import TWOKEY, WANG, Installed, founded
from tests.waiting import wait_until

_SEQUENCE = re.compile(rb"\x1b(\[[0-9;?<>=]*[ -/]*[@-~]|\][^\x07]*\x07|[()][0-9A-Z]|[@-Z\\-_])")


class Terminal:
    """A terminal of 80x24 with one command on it."""

    def __init__(self, process: subprocess.Popen[bytes], descriptor: int) -> None:
        self.process = process
        self._descriptor = descriptor
        self._seen = b""

    def sees(self, text: str) -> None:
        """Wait until some text was painted."""
        wait_until(lambda: text in self._painted(), 30, f"{text!r} on the terminal")

    def presses(self, keys: str) -> None:
        os.write(self._descriptor, keys.encode())

    def ends(self) -> int:
        """Wait for the command to end; its exit code."""
        wait_until(lambda: self._painted() is not None and self.process.poll() is not None, 30, "the command to end")
        return int(self.process.returncode)

    def _painted(self) -> str:
        """Everything painted so far, without control sequences."""
        with suppress(OSError):  # the other end was closed: the command has ended
            while select.select([self._descriptor], [], [], 0)[0]:
                part = os.read(self._descriptor, 65536)
                if not part:
                    break
                self._seen += part
        return _SEQUENCE.sub(b"", self._seen).decode(errors="replace")


@contextmanager
def terminal(*words: str, folder: Path | None = None) -> Iterator[Terminal]:
    """`twokey` with these words on a terminal of its own."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen(
        [str(TWOKEY), *words],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        cwd=folder,
        env={**os.environ, "TERM": "xterm-256color"},
    )
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        process.kill()
        process.wait(30)
        os.close(ours)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    with founded(tmp_path_factory.mktemp("tui")) as installed:
        publish(installed)
        yield installed


def test_a_change_is_seen_and_left(installed: Installed) -> None:
    number = approved(installed, "text=hello")
    site = ("--site", str(installed.site), "--state", str(installed.state), "--key", str(installed.key(WANG)))
    with terminal(*site, "tui") as screen:
        screen.sees(number)
        screen.sees(f"as {WANG}")
        screen.presses("\r")
        screen.sees("requested by")
        screen.presses("\x11")
        assert screen.ends() == 0


def test_the_people_and_the_policy_of_a_service_are_seen(installed: Installed) -> None:
    site = ("--site", str(installed.site), "--state", str(installed.state), "--key", str(installed.key(WANG)))
    with terminal(*site, "tui") as screen:
        screen.sees(f"as {WANG}")
        screen.presses("p")
        screen.sees("register of people")
        screen.sees("accounts: 2, active: 2")
        screen.presses("y")
        screen.sees("the site's file says the same")
        screen.presses("\x1b")
        screen.presses("\x1b")
        screen.presses("\x11")
        assert screen.ends() == 0


def test_without_a_site_it_says_so_and_ends(tmp_path: Path) -> None:
    with terminal("tui", folder=tmp_path) as screen:
        screen.sees("no site here")
        assert screen.ends() == 2


def test_without_a_terminal_it_is_refused(tmp_path: Path) -> None:
    done = subprocess.run([str(TWOKEY), "tui"], check=False, capture_output=True, encoding="utf-8", cwd=tmp_path)
    assert done.returncode == 2
    assert "this is not a terminal" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_key_that_would_sign_too_easily_is_refused(tmp_path: Path) -> None:
    with terminal("tui", "--bind", "confirm=enter", folder=tmp_path) as screen:
        screen.sees("cannot be the one that signs")
        assert screen.ends() == 2
