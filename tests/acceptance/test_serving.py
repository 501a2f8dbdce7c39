"""The service starts by itself, is found again, and ends when told."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.runbook.places import socket_of_state
from tests.acceptance.changes import publish
from tests.acceptance.installed import LI, TWOKEY, WANG, Installed, founded, lines_until, rows_of
from tests.waiting import is_running, wait_until


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    with founded(tmp_path_factory.mktemp("serve")) as installed:
        yield installed


def test_the_first_command_starts_the_service_and_the_next_find_it(installed: Installed) -> None:
    assert installed.refused("status", code=3).startswith("twokey: no service answers")
    installed.do("run", "list")
    pid = installed.service_pid()
    assert pid == installed.ask("serve", "--background")["pid"]
    assert os.getsid(pid) == pid
    assert socket_of_state(installed.state).stat().st_mode & 0o777 == 0o600
    assert f"process {pid}" in installed.do("status")
    installed.do("serve", "--stop")
    assert not is_running(pid)
    assert not socket_of_state(installed.state).exists()


def test_many_commands_at_once_start_one_service(installed: Installed) -> None:
    words = [str(TWOKEY), "--state", str(installed.state), "run", "list"]
    started = [
        subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
        for _ in range(4)
    ]
    for process in started:
        out, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, b"there is none\n"), out
    log = (installed.state / "service.log").read_text("utf-8")
    assert "Traceback" not in log
    installed.do("serve", "--stop")


def test_what_a_killed_service_left_is_no_hindrance(installed: Installed) -> None:
    installed.do("serve", "--background")
    pid = installed.kill_service()
    wait_until(lambda: not is_running(pid), 10, "the service to end")
    assert socket_of_state(installed.state).exists()
    assert installed.refused("status", code=3)
    installed.do("run", "list")
    assert installed.service_pid() != pid
    shown = installed.ask("audit", "list", "--tag", "service:service:recovered")
    assert shown["rows"]
    installed.do("serve", "--stop")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_in_the_foreground_until_told(installed: Installed, number: signal.Signals) -> None:
    with installed.started("serve") as serving:
        lines_until(serving.stderr, "Ctrl-C ends it")
        installed.do("run", "list")
        assert f"process {serving.pid}" in installed.do("status")
        serving.send_signal(number)
        assert serving.wait(30) == 0


def test_the_shipped_site_is_sound(tmp_path: Path) -> None:
    installed = Installed(tmp_path)
    installed.make_keys()
    admins = [word for person in (WANG, LI) for word in ("--admin", f"{person}={installed.key(person)}.pub")]
    names = ("--name", "试验 site", "--origin", "test.example/shipped", "--timezone", "Europe/Berlin")
    shown = installed.do("init", str(installed.site), *names, *admins)
    assert "试验 site" in shown
    assert "has yet to sign" in shown
    assert installed.state.stat().st_mode & 0o777 == 0o700
    assert not list(installed.state.glob("socket"))
    for person in (WANG, LI):
        shown = installed.do("init", str(installed.site), "--sign", "--yes", by=person)
    assert "the site is active" in shown
    done = installed.run("runbook", "lint", str(installed.site / "runbooks"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "no problems\n")
    assert installed.ask("audit", "verify")["verdict"] == "VERIFIED"
    settings = {row["name"]: row["value"] for row in rows_of(installed.ask("config"), "settings")}
    assert settings["state"] == str(installed.state)


def test_a_log_that_was_cut_is_refused_by_everybody_who_signs(tmp_path: Path) -> None:
    """Somebody puts an older copy of the state in place; whoever signs next sees it, and so does verification."""
    with founded(tmp_path) as installed:
        old = tmp_path / "old"
        subprocess.run(["cp", "-a", str(installed.state), str(old)], check=True)
        publish(installed)
        installed.do("serve", "--stop")
        installed.state.rename(tmp_path / "true")
        old.rename(installed.state)
        said = installed.refused("runbook", "publish", "note-write", "--yes", by=WANG, code=5)
        assert "sign nothing" in said
        assert installed.ask("audit", "verify", code=5)["verdict"] == "FAILED"
