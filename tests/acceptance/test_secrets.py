"""A secret reaches its play and nothing else: planted values are looked for in everything a change leaves behind."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.acceptance.changes import publish
from tests.acceptance.installed import LI, WANG, Installed
from tests.acceptance.planted import VALUES, leaks_below, leaks_in, planted
from tests.waiting import is_running, wait_until


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    with planted(tmp_path_factory.mktemp("secrets")) as installed:
        publish(installed, "let-slip")
        yield installed


@pytest.fixture(scope="module")
def finished(installed: Installed) -> tuple[str, str]:
    """Number and run of a change whose play has let slip all it could."""
    number, run = _begun(installed)
    assert _processes_below(installed)
    for process in _processes_below(installed):
        for name in ("cmdline", "environ"):
            assert leaks_in((process / name).read_bytes()) == []
    (installed.place / "go").touch()
    installed.do("run", "watch", run)
    return number, run


def test_the_play_gets_every_secret(installed: Installed, finished: tuple[str, str]) -> None:
    assert "succeeded" in installed.do("run", "show", finished[1])
    assert (installed.place / "copied").read_text("utf-8") == VALUES["from_environment"]
    assert (installed.place / "vault").read_text("utf-8") == VALUES["from_vault"]
    assert (installed.place / "filled").read_text("utf-8").endswith(f"two {VALUES['from_command']}\n")


def test_nothing_of_it_is_kept(installed: Installed, finished: tuple[str, str]) -> None:
    del finished
    assert leaks_below(installed.state) == []
    runtime = Path(os.environ["XDG_RUNTIME_DIR"])
    assert leaks_below(runtime) == []


def test_nothing_of_it_is_shown(installed: Installed, finished: tuple[str, str], tmp_path: Path) -> None:
    number, run = finished
    bundle = tmp_path / "bundle.tar"
    words = [
        ("plan", number), ("plan", "let-slip", "--from", "now", "--to", "+1h"), ("change", "show", number),
        ("run", "show", run), ("run", "report", run), ("audit", "list", "--run", run, "--limit", "200"),
        ("inventory", "check", "--secrets"), ("runbook", "show", "let-slip"), ("status",),
    ]  # fmt: skip
    told = "".join(installed.do(*each) + installed.do(*each, "--json") for each in words)
    told += installed.do("run", "watch", run) + installed.do("audit", "export", run, "-o", str(bundle))
    assert leaks_in(told.encode()) == []
    assert leaks_in(bundle.read_bytes()) == []
    assert "********" in told


def test_the_plan_names_reference_and_version(installed: Installed, finished: tuple[str, str]) -> None:
    number, _ = finished
    for told in (installed.do("plan", number),):
        assert "from_environment: environment:PLANTED_VALUE, version 2026-11; never its value" in told
        assert "from_vault: vault:passwords.vault.yml#planted@sha256:" in told
        assert "from_command: command:" in told
    checked = installed.do("inventory", "check", "--secrets")
    assert checked.count("yes") == len(VALUES)


def test_what_has_changed_since_the_approval_is_not_given(installed: Installed, finished: tuple[str, str]) -> None:
    for person in (WANG, LI):
        installed.sign("close", finished[1], "--achieved", "as seen", "--configuration", "no_change", by=person)
    number = _approved(installed)
    declared = installed.site / "inventory" / "test" / "secrets.yml"
    before = declared.read_text("utf-8")
    declared.write_text(before.replace("version: '1'", "version: '2'"), "utf-8")
    try:
        refusal = installed.refused("start", number, "--yes", by=WANG, code=4)
        assert "binding.secrets.from_command.version" in refusal
    finally:
        declared.write_text(before, "utf-8")


def test_a_shim_killed_in_mid_attempt_leaves_nothing_behind_the_next_start(installed: Installed) -> None:
    for name in ("go", "slipped"):
        (installed.place / name).unlink(missing_ok=True)
    _begun(installed)
    victims = [int(process.name) for process in _processes_below(installed)]
    for pid in [*victims, installed.kill_service()]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not any(is_running(pid) for pid in victims), 20, "every process of the attempt to end")
    installed.do("serve", "--background")
    wait_until(
        lambda: not any(any(work.iterdir()) for work in installed.state.glob("shims/*/work")),
        20,
        "what was private to be removed",
    )
    assert leaks_below(installed.state) == []
    assert list(installed.state.glob("shims/*/*/order.json"))


def _approved(installed: Installed) -> str:
    window = ("--from", "now", "--to", "+2h", "--reason", "acceptance")
    number = str(installed.sign("request", "let-slip", *window, by=WANG)["request"])
    installed.sign("approve", number, by=LI)
    return number


def _begun(installed: Installed) -> tuple[str, str]:
    """A change whose play has done everything and waits for leave to end."""
    number = _approved(installed)
    installed.sign("start", number, by=WANG)
    run = str(installed.sign("confirm", number, by=LI)["run"])
    wait_until((installed.place / "slipped").exists, 60, "the play to have let everything slip")
    return number, run


def _processes_below(installed: Installed) -> list[Path]:
    """Shims and Ansible processes of the site, by their command lines."""
    mark = os.fsencode(installed.state / "shims")
    found: list[Path] = []
    for process in Path("/proc").iterdir():
        with suppress(OSError):
            if process.name.isdigit() and mark in (process / "cmdline").read_bytes():
                found.append(process)
    return found
