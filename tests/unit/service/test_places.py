"""Where a client sits: only what root has written counts, and whatever is not as it must be is no place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.service.access.places import LoginSessions, NoPlaces

ME = os.geteuid()
SCOPE = f"0::/user.slice/user-{ME}.slice/session-7.scope\n"
SESSION = {
    "UID": str(ME),
    "STATE": "active",
    "CLASS": "user",
    "SCOPE": "session-7.scope",
    "REMOTE": "1",
    "REMOTE_HOST": "10.0.0.7",
    "SERVICE": "sshd",
}


class Machine:
    """Folders such as /proc and /run/systemd/sessions, with one process and one session."""

    def __init__(self, folder: Path) -> None:
        self.processes, self.sessions = folder / "proc", folder / "sessions"
        (self.processes / "42").mkdir(parents=True)
        self.sessions.mkdir()
        self.group(SCOPE)
        self.session()

    def group(self, text: str) -> None:
        (self.processes / "42" / "cgroup").write_text(text)

    def session(self, **changes: str | None) -> Path:
        said = {key: value for key, value in {**SESSION, **changes}.items() if value is not None}
        path = self.sessions / "7"
        path.write_text("# private\n" + "".join(f"{key}={value}\n" for key, value in said.items()))
        path.chmod(0o644)
        return path

    def find(self, pid: int = 42, user: int = ME, owner: int = ME) -> str:
        return LoginSessions(self.processes, self.sessions, owner).find(pid, user)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_session_from_elsewhere_is_known_by_its_address(machine: Machine) -> None:
    assert machine.find() == "10.0.0.7"
    machine.session(REMOTE_HOST="2001:DB8::0:7")
    assert machine.find() == "2001:db8::7"
    machine.session(REMOTE_HOST="::ffff:10.0.0.7")
    assert machine.find() == "10.0.0.7"


def test_a_session_at_a_console_is_known_by_the_console(machine: Machine) -> None:
    machine.session(REMOTE="0", REMOTE_HOST=None, TTY="tty2", SEAT="seat0")
    assert machine.find() == "local/tty2"


def test_older_control_groups_are_read_too(machine: Machine) -> None:
    machine.group(f"3:cpu:/\n1:name=systemd:/user.slice/user-{ME}.slice/session-7.scope\n0::/\n")
    assert machine.find() == "10.0.0.7"


@pytest.mark.parametrize(
    "group",
    [
        "",
        "0::/\n",
        "0::/system.slice/cron.service\n",
        f"0::/user.slice/user-{ME}.slice/user@{ME}.service/session-7.scope\n",
        f"0::/user.slice/user-{ME}.slice/user@{ME}.service/app.slice/session-7.scope\n",
        f"0::/user.slice/user-{ME}.slice/session-7.scope/session-7.scope\n",
        f"0::/user.slice/user-{ME + 1}.slice/session-7.scope\n",
        f"0::/user.slice/user-{ME}.slice/session-../../7.scope\n",
        f"5:freezer:/user.slice/user-{ME}.slice/session-7.scope\n",
    ],
)
def test_a_group_that_a_user_could_have_made_is_no_place(machine: Machine, group: str) -> None:
    machine.group(group)
    assert machine.find() == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"UID": str(ME + 1)},
        {"STATE": "closing"},
        {"STATE": None},
        {"CLASS": "background"},
        {"SCOPE": "session-8.scope"},
        {"REMOTE": None},
        {"REMOTE_HOST": None},
        {"REMOTE_HOST": "a-name.example"},
        {"REMOTE_HOST": "local/tty1"},
        {"REMOTE": "0", "TTY": "tty2"},
        {"REMOTE": "0", "TTY": "pts/3", "SEAT": "seat0"},
        {"REMOTE": "0", "SEAT": "seat0"},
    ],
)
def test_a_session_that_is_not_as_it_must_be_is_no_place(machine: Machine, changes: dict[str, str | None]) -> None:
    machine.session(**changes)
    assert machine.find() == ""


def test_a_session_that_others_could_have_written_is_no_place(machine: Machine) -> None:
    path = machine.session()
    assert machine.find(owner=ME + 1) == ""
    path.chmod(0o664)
    assert machine.find() == ""
    path.chmod(0o644)
    path.rename(path.with_name("real"))
    path.symlink_to("real")
    assert machine.find() == ""


def test_what_is_gone_is_no_place(machine: Machine) -> None:
    assert machine.find(pid=43) == ""
    assert machine.find(pid=0) == ""
    assert machine.find(user=ME + 1) == ""
    machine.session().unlink()
    assert machine.find() == ""


def test_where_no_sessions_are_kept_nobody_has_a_place() -> None:
    assert NoPlaces().find(os.getpid(), ME) == ""
