"""An emergency as it is typed at night: no approver, past its window, told at once, reviewed by two others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.changes import close, publish
from tests.acceptance.installed import LI, WANG, Installed, founded, lines_until, rows_of

CHEN, ZHOU = "chen", "zhou"
WINDOW = ("--from", "2026-01-01T00:00", "--to", "2026-01-01T01:00")
RUNBOOK = """\
apiVersion: twokey/v1
kind: Runbook
id: note-urgent
version: 1
family: emergency
title: {en: Write a note at once, zh: 立即写便条}
owner: operations
risk: emergency
targets: {group: notes}
steps:
  - id: write
    playbook: note/write.yml
    verify: note/verify.yml
    rollback: {playbook: note/remove.yml, verify: note/removed.yml, estimate: 1m}
vars: {text: hello, healthy: hello}
at_window_end: roll_back
"""
TELL = "#!/bin/sh\ncat >> '{told}'\n"


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Installed]:
    with founded(tmp_path, people=(WANG, LI, CHEN, ZHOU)) as installed:
        path = installed.site / "runbooks/emergency/note-urgent.yml"
        path.parent.mkdir()
        path.write_text(RUNBOOK, encoding="utf-8")
        yield installed


def test_an_emergency_from_request_to_review(installed: Installed, tmp_path: Path) -> None:
    command, told = tmp_path / "tell", tmp_path / "told"
    command.write_text(TELL.format(told=told), encoding="utf-8")
    command.chmod(0o700)
    with installed.started("serve", "--notify-command", str(command)) as serving:
        lines_until(serving.stderr, "Ctrl-C ends it")
        publish(installed, "note-urgent")
        number = _asked_for(installed)
        run = _executed(installed, number)
        _reviewed(installed, number, run)
        serving.terminate()
        assert serving.wait(30) == 0
    lines = told.read_text("utf-8").splitlines()
    assert [line.rpartition(" at=")[0] for line in lines] == [
        f"number={number} class=emergency state=approved",
        f"number={run} class=emergency state=running",
        f"number={run} class=emergency state=succeeded",
    ]
    _proven(installed, run, tmp_path)


def _asked_for(installed: Installed) -> str:
    assert "an emergency passes its window, marked" in installed.do("plan", "note-urgent", *WINDOW)
    outcome = installed.sign("request", "note-urgent", *WINDOW, "--reason", "归档空间满", by=WANG)
    number = str(outcome["request"])
    assert outcome["state"] == "approved"
    assert "L12:no-approval" in installed.refused("approve", number, "--yes", by=LI, code=4)
    assert "L12:no-approval" in installed.refused("reject", number, "--reason", "no", "--yes", by=LI, code=4)
    shown = installed.do("change", "show", number)
    assert "allowed for an emergency, marked" in shown
    assert "cannot start" not in shown
    return number


def _executed(installed: Installed, number: str) -> str:
    done = installed.run("start", number, "--yes", by=WANG)
    assert done.returncode == 0
    assert "outside the window (2026-01-01 00:00:00 to 2026-01-01 01:00:00): allowed" in done.stderr
    assert "L2:confirmer-is-executor" in installed.refused("confirm", number, "--yes", by=WANG, code=4)
    run = str(installed.sign("confirm", number, by=LI)["run"])
    watched = installed.do("run", "watch", run)
    assert "outside the window: allowed, marked" in watched
    assert (installed.place / "note").read_text() == "hello\n"
    assert "state:not-approved" in installed.refused("start", number, "--yes", by=WANG, code=4)
    close(installed, number)
    return run


def _reviewed(installed: Installed, number: str, run: str) -> None:
    assert f"run {run}: sign its after-review" in installed.do("status")
    for words in (("change", "show", number), ("run", "show", run)):
        assert ", by: chen, zhou" in installed.do(*words)
    assert "L12:reviews-own" in installed.refused("review", run, "--conclusion", "fine", "--yes", by=WANG, code=4)
    found = ("--finding", "no alarm before 100 %", "--conclusion", "rightly done")
    shown = installed.do("review", number, *found, "--yes", by=CHEN)
    assert "归档空间满" in shown
    assert "chen has signed; another reviewer must sign the same" in shown
    assert installed.sign("review", run, by=ZHOU)["complete"] is True
    shown = installed.do("run", "show", run)
    assert "rightly done" in shown
    assert "DEVIATION" not in shown
    assert f"run {run}: sign its after-review" not in installed.do("status")


def _proven(installed: Installed, run: str, folder: Path) -> None:
    bundle = folder / "evidence.tar"
    installed.do("audit", "export", run, "-o", str(bundle))
    rows = rows_of(installed.ask("audit", "list", "--run", run, "--limit", "200"))
    tags = [leaf["tag"] for row in rows if isinstance(leaf := row["leaf"], dict)]
    for tag in ("service:run:outside_window", "service:review:owed", "service:review:done", "service:notice:sent"):
        assert tag in tags
    assert tags.count("person:review:signed") == 2
    installed.do("serve", "--stop")
    assert installed.ask("audit", "verify")["verdict"] == "VERIFIED"
    assert installed.ask("audit", "verify", "--bundle", str(bundle))["verdict"] == "VERIFIED"
