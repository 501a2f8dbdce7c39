"""The tools of the tests themselves: waiting, and the watch over what a session leaves behind."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import free_port, is_listening, is_running, wait_until, wait_until_async

ROOT = Path(__file__).parents[2]


def test_waiting_returns_the_answer() -> None:
    answers = iter(["", "", "ready"])
    assert wait_until(lambda: next(answers), 5, "an answer") == "ready"


def test_waiting_in_vain_names_what_was_waited_for() -> None:
    asked: list[None] = []
    with pytest.raises(TimeoutError, match=re.escape("waited 0.08 s in vain for the moon")):
        wait_until(lambda: asked.append(None), 0.02, "the moon")
    assert len(asked) > 1


async def test_waiting_in_a_loop() -> None:
    answers = iter([0, 3])
    assert await wait_until_async(lambda: next(answers), 5, "a number") == 3
    with pytest.raises(TimeoutError, match="the moon"):
        await wait_until_async(lambda: False, 0, "the moon")


def test_free_port_is_free_until_something_listens() -> None:
    port = free_port()
    assert not is_listening(port)
    with socket.create_server(("127.0.0.1", port)):
        assert is_listening(port)


def test_an_ended_process_is_not_running() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert is_running(process.pid)
    assert process.stdin is not None
    process.stdin.close()
    wait_until(lambda: not is_running(process.pid), 10, "the process to become a zombie")
    process.wait()
    assert not is_running(process.pid)


def test_a_session_that_leaves_a_process_behind_fails(tmp_path: Path) -> None:
    """Run a session of its own whose one test starts a process that hides in a new session."""
    (tmp_path / "conftest.py").write_text(
        "import tests.conftest\ntests.conftest._SECONDS_TO_END = 0.2\n_own_world = tests.conftest._own_world\n",
        "utf-8",
    )
    (tmp_path / "test_leaves.py").write_text(
        "import pathlib, subprocess, sys\n"
        "def test_leaves() -> None:\n"
        "    code = 'import threading; threading.Event().wait(60)'\n"
        "    left = subprocess.Popen([sys.executable, '-c', code], start_new_session=True)\n"
        "    pathlib.Path(__file__).with_name('pid').write_text(str(left.pid))\n"
        "    left.returncode = 0\n",
        "utf-8",
    )
    session = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", tmp_path, tmp_path],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    left = int((tmp_path / "pid").read_text("utf-8"))
    assert session.returncode == 1
    assert f"left behind (and ended now): {left}:" in session.stdout
    wait_until(lambda: not is_running(left), 5, "the watch to have ended the process")
