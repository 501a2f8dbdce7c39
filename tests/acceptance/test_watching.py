"""The terminal is a face: closing it, or losing the service, changes nothing about a run."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator

import pytest

from tests.acceptance.changes import approved, begun, pass_gate, publish
from tests.acceptance.installed import Installed, founded, lines_until, rows_of
from tests.waiting import is_running, wait_until


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    with founded(tmp_path_factory.mktemp("watch")) as installed:
        publish(installed)
        yield installed


@pytest.fixture(scope="module")
def waiting_run(installed: Installed) -> str:
    """A run past its gate, whose last step waits until the test lets it go on."""
    run = begun(installed, approved(installed, "text=hello"))
    pass_gate(installed, run)
    return run


def test_a_run_outlives_its_watchers_and_the_service(installed: Installed, waiting_run: str) -> None:
    _closed_and_reopened(installed, waiting_run)
    with installed.started("run", "watch", waiting_run) as watching:
        lines_until(watching.stdout, "otherwise: ")
        pid = installed.kill_service()
        wait_until(lambda: not is_running(pid), 10, "the service to end")
        assert lines_until(watching.stderr, "connected again")[0].endswith("the run is not affected; reconnecting…")
        assert installed.service_pid() != pid
        installed.do("serve", "--stop")
        lines_until(watching.stderr, "connected again")
        installed.let_go_on()
        lines_until(watching.stdout, "state:       succeeded; ")
        assert watching.wait(30) == 0
    _nothing_lost(installed, waiting_run)


def _closed_and_reopened(installed: Installed, run: str) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        with installed.started("run", "watch", run) as watching:
            lines_until(watching.stdout, "otherwise: ")
            watching.send_signal(number)
            code = watching.wait(30)
            said = watching.stderr.read() if watching.stderr else ""
        if number == signal.SIGINT:
            assert code == 130
            assert said == f"no longer watching; the run goes on. Watch it again: twokey run watch {run}\n"
        row = installed.ask("run", "show", run)["row"]
        assert isinstance(row, dict)
        assert row["ended_at"] is None


def _nothing_lost(installed: Installed, run: str) -> None:
    """Every event of every attempt is in the log, once."""
    events: dict[str, list[object]] = {}
    for entry in rows_of(installed.ask("audit", "list", "--run", run, "--limit", "200")):
        leaf = entry["leaf"]
        about = leaf.get("about") if isinstance(leaf, dict) else None
        if isinstance(about, dict) and "event" in about:
            attempt = json.dumps([about.get(name) for name in ("batch", "step", "role", "attempt")])
            events.setdefault(attempt, []).append(about["event"])
    assert len(events) == 4
    for numbers in events.values():
        assert sorted(numbers, key=str) == sorted(range(1, len(numbers) + 1), key=str)
    assert installed.ask("audit", "verify")["verdict"] == "VERIFIED"


def test_a_reader_that_goes_away_is_no_error(installed: Installed, waiting_run: str) -> None:
    with installed.started("audit", "list", "--json", "--limit", "200") as listing:
        assert listing.stdout is not None
        listing.stdout.readline()
        listing.stdout.close()
        listing.stdout = None
        code = listing.wait(30)
        said = listing.stderr.read() if listing.stderr else ""
    assert (code, said) == (0, "")
