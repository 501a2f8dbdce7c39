"""The service as it is installed, killed at every named point between the intent of a change and its end.

A point is met in the step that changes the host; a shim is started earlier, while the confirmer is waited for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from runner.engine.crash import POINTS
from tests.acceptance.changes import approved, begun, close, pass_gate, publish
from tests.acceptance.installed import LI, WANG, Installed, founded, rows_of
from tests.waiting import is_running, wait_until


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    with founded(tmp_path_factory.mktemp("crash")) as installed:
        publish(installed)
        installed.let_go_on()
        yield installed


@pytest.mark.parametrize("point", POINTS)
def test_a_change_is_carried_out_once_wherever_the_service_is_killed(installed: Installed, point: str) -> None:
    note = installed.place / "note"
    note.unlink(missing_ok=True)
    number = approved(installed, "text=hello")
    run = f"{number}/1"
    if point == "shim_started":
        pid = _mortal_service(installed, point)
        installed.run("start", number, "--yes", by=WANG)
        _require_killed(pid)
        installed.sign("confirm", number, by=LI)
        pass_gate(installed, run)
    else:
        begun(installed, number)
        installed.do("run", "watch", run, "--until-waiting")
        pid = _mortal_service(installed, point)
        for person in (WANG, LI):
            installed.run("gate", run, "--yes", by=person)
        _require_killed(pid)
    assert "state:       succeeded" in installed.do("run", "watch", run)
    assert note.read_text("utf-8") == "hello\n"
    close(installed, run)
    assert _ended_attempts(installed, run) == {
        ("look", "do"): 1,
        ("write", "do"): 1,
        ("write", "verify"): 1,
        ("wait", "do"): 1,
    }
    assert installed.ask("audit", "verify")["verdict"] == "VERIFIED"


def _mortal_service(installed: Installed, point: str) -> int:
    """Have the site served by a process that dies at a point; its pid."""
    installed.do("serve", "--stop")
    started = installed.run("run", "list", environment={"TWOKEY_CRASH_AT": point})
    assert started.returncode == 0, started.stderr
    return installed.service_pid()


def _require_killed(pid: int) -> None:
    wait_until(lambda: not is_running(pid), 30, "the service to be killed")


def _ended_attempts(installed: Installed, run: str) -> Counter[tuple[object, object]]:
    """How often each part of a run has ended, according to the log; each Ansible event in it stands there once."""
    ended: Counter[tuple[object, object]] = Counter()
    events: Counter[str] = Counter()
    for entry in rows_of(installed.ask("audit", "list", "--run", run, "--limit", "200")):
        leaf = entry["leaf"]
        assert isinstance(leaf, dict)
        about = leaf["about"]
        assert isinstance(about, dict)
        if leaf["tag"] == "service:attempt:ended":
            ended[about["step"], about["role"]] += 1
        if "event" in about:
            events[str([about.get(name) for name in ("step", "role", "attempt", "event")])] += 1
    assert events
    assert set(events.values()) == {1}
    return ended
