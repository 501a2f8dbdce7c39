"""Whatever is typed, missing or broken: a line that says what, a next step, the right exit code, never a traceback."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.changes import publish
from tests.acceptance.installed import LI, TWOKEY, WANG, Installed, founded, rows_of
from tests.needs import needs_mount, needs_other_user, needs_root
from tests.small_disk import fill, small_disk
from tests.ssh_keys import software_key
from tests.waiting import free_port

LOOK = """\
apiVersion: twokey/v1
kind: Runbook
id: far-look
version: 1
family: inspection
title: {{en: Look at a far host, zh: 查看远端主机}}
owner: operations
risk: standard
targets: {{hosts: [{host}]}}
window: optional
steps:
  - {{id: look, remote: {{reachable: true}}}}
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    with founded(tmp_path_factory.mktemp("bad")) as installed:
        yield installed


@pytest.fixture
def runbook(installed: Installed) -> Iterator[Path]:
    """The runbook's file, to be spoilt; it is mended after the test."""
    path = installed.site / "runbooks/maintenance/note-write.yml"
    text = path.read_text("utf-8")
    yield path
    path.write_text(text, "utf-8")


@pytest.fixture
def playbook(installed: Installed) -> Iterator[Path]:
    """A playbook it reaches, to be spoilt likewise."""
    path = installed.site / "playbooks/note/write.yml"
    text = path.read_text("utf-8")
    yield path
    path.write_text(text, "utf-8")


def test_an_unknown_runbook_names_the_nearest(installed: Installed) -> None:
    said = installed.refused("plan", "note-wirte", code=2)
    assert said == 'twokey: runbook "note-wirte": not found in this site\n  next: did you mean "note-write"?\n'
    assert "no such file" in installed.refused("runbook", "lint", str(installed.site / "missing.yml"), code=2)


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"\x00", b"a: [", b"- not a mapping", b""])
def test_a_file_that_is_no_runbook(installed: Installed, runbook: Path, data: bytes) -> None:
    runbook.write_bytes(data)
    for words in (("plan", str(runbook)), ("runbook", "publish", str(runbook), "--yes")):
        said = installed.refused(*words, by=WANG, code=2)
        assert said.startswith("runbooks/maintenance/note-write.yml:"), said
    done = installed.run("runbook", "lint", str(runbook), "--without-ansible")
    assert (done.returncode, done.stdout.splitlines()[0].startswith(f"{runbook}:")) == (2, True)


@needs_other_user
def test_a_file_that_may_not_be_read(installed: Installed, runbook: Path) -> None:
    runbook.chmod(0)
    assert "Permission denied" in installed.refused("plan", str(runbook), code=2)
    runbook.chmod(0o600)


def test_files_of_another_site_are_not_taken_for_those_of_this_one(installed: Installed, tmp_path: Path) -> None:
    shutil.copytree(installed.site / "runbooks", tmp_path / "runbooks")
    listed = installed.run("runbook", "list", "--json", folder=tmp_path)
    (runbook,) = rows_of(json.loads(listed.stdout), "runbooks")
    assert (runbook["path"], runbook["problem"]) == ("runbooks/maintenance/note-write.yml", "")
    assert runbook["standing"] != "invalid"


def test_a_folder_where_a_file_should_be(installed: Installed, tmp_path: Path) -> None:
    key = ("--key", str(tmp_path))
    assert "cannot be read" in installed.refused(*key, "runbook", "publish", "note-write", "--yes", code=2)
    said = installed.refused("init", str(tmp_path / "new"), "--admin", f"a={tmp_path}", "--admin", "b=b.pub", code=2)
    assert "Is a directory" in said
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "typed, what",
    [
        (["-p", "txt=hello"], 'did you mean "text"?'),
        (["-p", "text=HELLO"], "text"),
        (["-p", "text"], "NAME=VALUE"),
        (["-p", "text=a", "-p", "text=b"], "twice"),
        ([], "text"),
        (["-p", "text=hello", "--host", "there"], "there"),
        (["-p", "text=hello", "--from", "now"], "--from and --to belong together"),
        (["-p", "text=hello", "--from", "+2h", "--to", "2020-01-01T00:00"], "not after"),
        (["-p", "text=hello", "--from", "soon", "--to", "+1h"], "soon"),
    ],
)
def test_wrong_parameters_hosts_and_times(installed: Installed, typed: list[str], what: str) -> None:
    assert what in installed.refused("plan", "note-write", *typed, code=2)


def test_a_missing_host(installed: Installed) -> None:
    path = installed.site / "runbooks/maintenance/far-look.yml"
    path.write_text(LOOK.format(host="nowhere"), "utf-8")
    try:
        assert 'host "nowhere": not in the inventory "test"' in installed.refused("plan", "far-look", code=2)
    finally:
        path.unlink()


def test_a_playbook_with_a_syntax_error(installed: Installed, playbook: Path) -> None:
    playbook.write_text("- hosts: all\n  tasks:\n    - name: [\n", "utf-8")
    said = installed.refused("runbook", "publish", "note-write", "--yes", by=WANG, code=2)
    assert said.startswith("playbooks/note/write.yml:")
    playbook.write_text("- hosts: all\n  tasks:\n    - name: x\n      ansible.builtin.copi: {}\n", "utf-8")
    done = installed.run("runbook", "lint", str(installed.site / "runbooks"))
    assert done.returncode == 2
    assert "Traceback" not in done.stdout + done.stderr
    assert any("playbooks/note/write.yml:4:" in line for line in done.stdout.splitlines()), done.stdout


def test_an_inventory_with_problems(installed: Installed) -> None:
    path = installed.site / "inventory/test/hosts.yml"
    text = path.read_text("utf-8")
    path.write_text("all: {hosts: {here: {ansible_connection: docker}}}\n", "utf-8")
    try:
        for words in (("inventory", "check"), ("plan", "note-write", "-p", "text=hello")):
            assert installed.refused(*words, code=2).startswith("inventory/test/hosts.yml:1:")
    finally:
        path.write_text(text, "utf-8")


@pytest.mark.parametrize(
    "words, code",
    [
        (("approve", "BG-1999-0001", "--yes"), 2),
        (("start", "nonsense", "--yes"), 2),
        (("run", "show", "BG-1999-0001/1"), 2),
        (("run", "show", "../../etc/passwd"), 2),
        (("audit", "show", "999999"), 2),
        (("audit", "show", "-1"), 2),
        (("audit", "list", "--limit", "100000"), 2),
        (("audit", "list", "--before", "yesterday"), 2),
        (("audit", "export", "BG-1999-0001/1", "-o", "/dev/null/x"), 2),
        (("audit", "verify", "--bundle", "/dev/null"), 5),
        (("audit", "verify", "--bundle", "/nowhere/x.tar"), 2),
        (("runbook", "publish", "note-write", "--content", "sha256:00", "--yes"), 2),
    ],
)
def test_things_that_are_not_there(installed: Installed, words: tuple[str, ...], code: int) -> None:
    done = installed.run(*words, by=LI)
    assert done.returncode == code, (done.stdout, done.stderr)
    assert "Traceback" not in done.stdout + done.stderr


def test_a_key_of_nobody(installed: Installed, tmp_path: Path) -> None:
    other = Installed(tmp_path)
    other.make_keys()
    said = installed.refused("--key", str(other.key(LI)), "start", "BG-2026-0001", "--yes", code=2)
    assert said.startswith("twokey: ")
    said = installed.refused("--key", str(other.key(LI)), "runbook", "publish", "note-write", "--yes", code=4)
    assert "L1:unknown-key" in said


def test_no_ssh_keygen(installed: Installed, tmp_path: Path) -> None:
    installed.do("serve", "--stop")
    nothing = {"PATH": str(tmp_path)}
    try:
        for words in (("runbook", "publish", "note-write", "--yes"), ("audit", "verify")):
            said = installed.refused(*words, by=WANG, code=2, environment=nothing)
            assert "ssh-keygen" in said
            assert "apt-get install" in said
    finally:
        installed.do("serve", "--stop")


def test_two_services_on_one_state_directory(installed: Installed) -> None:
    installed.do("serve", "--background")
    said = installed.refused("serve", code=4)
    assert f"(process {installed.service_pid()})" in said
    assert "twokey serve --stop" in said
    assert "state:one-service" in installed.refused("init", str(installed.site), "--sign", "--yes", by=WANG, code=4)


def test_notices_that_nothing_would_take(installed: Installed, tmp_path: Path) -> None:
    missing = str(tmp_path / "missing")
    assert f"--notify-command {missing}" in installed.refused("serve", "--notify-command", missing, code=2)
    assert "in the foreground only" in installed.refused("serve", "--background", "--notify-syslog", code=2)


@pytest.mark.parametrize("closing", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_closed_standard_streams(installed: Installed, closing: str) -> None:
    words = shlex.join([str(TWOKEY), "--state", str(installed.state), "run", "list", "--json"])
    done = subprocess.run(["sh", "-c", f"{words} {closing}"], check=False, capture_output=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (done.stdout == b"") == (closing.startswith(">"))


def test_a_state_directory_of_another_site(installed: Installed, tmp_path: Path) -> None:
    other = Installed(tmp_path)
    other.write_site()
    installed.do("run", "list")
    said = installed.refused("--site", str(other.site), "run", "list", code=2)
    assert "belongs to log" in said


@needs_root
def test_a_state_directory_of_another_user(installed: Installed, tmp_path: Path) -> None:
    state = tmp_path / "state"
    shutil.copytree(installed.state, state, ignore=shutil.ignore_patterns("socket"))
    for path in (state, *state.rglob("*")):
        os.chown(path, 65534, 65534)
    for words in (("run", "list"), ("serve",), ("audit", "verify"), ("init", str(installed.site), "--sign", "--yes")):
        done = installed.run("--state", str(state), *words, by=WANG)
        assert done.returncode in (2, 3), (words, done.stderr)
        assert "belongs to" in done.stderr, (words, done.stderr)
        assert "Traceback" not in done.stderr


def test_a_state_directory_that_others_may_read(tmp_path: Path) -> None:
    with founded(tmp_path) as installed:
        installed.state.chmod(0o755)
        assert "chmod 700" in installed.refused("run", "list", code=2)
        installed.state.chmod(0o700)


def test_a_site_that_nobody_founded_or_signed(tmp_path: Path) -> None:
    installed = Installed(tmp_path)
    installed.make_keys()
    installed.write_site()
    assert "twokey init" in installed.refused("run", "list", code=2)
    assert "no log there" in installed.refused("audit", "verify", code=2)
    assert "NOT PUBLISHED" in installed.do("plan", "note-write", "-p", "text=hello")
    admins = [word for person in (WANG, LI) for word in ("--admin", f"{person}={installed.key(person)}.pub")]
    assert "two people" in installed.refused("init", str(installed.site), *admins[:2], code=2)
    new = tmp_path / "new"
    assert "two keys" in installed.refused("init", str(new), *admins[:2], *admins[:2], code=4)
    private = ("--admin", f"x={installed.key(LI)}")
    assert f"{installed.key(LI)}: public key: expected" in installed.refused(
        "init", str(new), *admins[:2], *private, code=2
    )
    assert "time zone" in installed.refused("init", str(new), *admins, "--timezone", "Mars/Base", code=2)
    assert not new.exists()
    installed.do("init", str(installed.site), *admins)
    assert "add --yes to sign" in installed.refused("init", str(installed.site), "--sign", by=WANG, code=2)
    assert "holds the state of a site already" in installed.refused("init", str(installed.site), *admins, code=2)
    installed.do("init", str(installed.site), "--sign", "--yes", by=WANG)
    assert "signed" in installed.refused("init", str(installed.site), "--sign", "--yes", by=WANG, code=4)
    said = installed.refused("run", "list", code=4)
    assert "L1:genesis-unsigned" in said
    assert LI in said


def test_an_unreachable_host(tmp_path: Path) -> None:
    with founded(tmp_path) as installed:
        _far_host(installed.site / "inventory/test", free_port())
        (installed.site / "runbooks/maintenance/far-look.yml").write_text(LOOK.format(host="far"), "utf-8")
        publish(installed, "far-look")
        done = installed.run("plan", "far-look", "--check", "--yes", by=LI)
        assert done.returncode == 1, (done.stdout, done.stderr)
        assert "far unreachable" in done.stdout
        assert "Traceback" not in done.stdout + done.stderr


def _far_host(inventory: Path, port: int) -> None:
    host = f"far: {{ansible_host: 127.0.0.1, ansible_port: {port}}}"
    (inventory / "hosts.yml").write_text(f"all: {{hosts: {{{host}}}}}\n", "utf-8")
    key = software_key("ssh-ed25519", 41).public.to_line()
    (inventory / "known_hosts").write_text(f"[127.0.0.1]:{port} {key}\n", "utf-8")


@needs_mount
def test_a_full_disk(tmp_path: Path) -> None:
    installed = Installed(tmp_path)
    installed.make_keys()
    installed.write_site()
    with small_disk(installed.state, "8m"):
        installed.found()
        installed.do("run", "list")
        try:
            ballast = fill(installed.state)
            said = installed.refused("runbook", "publish", "note-write", "--yes", by=WANG, code=3)
            assert "disk" in said or "space" in said
            ballast.unlink()
            installed.do("runbook", "publish", "note-write", "--yes", by=WANG)
            assert installed.ask("audit", "verify")["verdict"] == "VERIFIED"
        finally:
            installed.stop()


def test_a_path_with_spaces_and_chinese(awkward_folder: Path) -> None:
    deep = awkward_folder / ("很长的文件夹名 " * 4).strip()
    deep.mkdir()
    with founded(deep, {"XDG_RUNTIME_DIR": ""}) as installed:
        assert len(os.fsencode(installed.state / "socket")) > 107
        publish(installed)
        words = ("plan", "note-write", "-p", "text=hello", "--from", "now", "--to", "+1h", "--check", "--yes")
        assert "+hello" in installed.do(*words, by=LI)
        assert installed.ask("audit", "verify")["verdict"] == "VERIFIED"
