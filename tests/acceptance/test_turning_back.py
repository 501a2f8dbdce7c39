"""Changes that do not go straight on: tried only, failed, stopped, turned back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.acceptance.changes import approved, begun, close, pass_gate, publish
from tests.acceptance.installed import LI, WANG, Installed, founded, lines_until, rows_of

ROUND = """\
apiVersion: twokey/v1
kind: Runbook
id: round
version: 1
family: inspection
title: {en: A round, zh: 巡检}
owner: operations
risk: standard
targets: {group: notes}
steps:
  - id: gauge
    manual:
      instruct: {en: Read the gauge, zh: 读取仪表}
      record: {level: {type: integer, min: 0, max: 10}, room: {type: size}}
      read_only: true
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    with founded(tmp_path_factory.mktemp("turning")) as installed:
        publish(installed)
        installed.let_go_on()
        yield installed


def test_a_change_that_fails_is_rolled_back(installed: Installed) -> None:
    (installed.place / "note").unlink(missing_ok=True)
    run = begun(installed, approved(installed, "text=hello", "healthy=another"))
    pass_gate(installed, run)
    watched = installed.do("run", "watch", run, code=1)
    assert "state:       rolled back; " in watched
    assert not (installed.place / "note").exists()
    close(installed, run, "--reason", "the note was wrong")
    assert installed.do("run", "watch", run, code=1)
    assert rows_of(installed.ask("run", "list", "--state", "closed"))[0]["id"] == run


def test_a_check_shows_what_would_change_and_changes_nothing(installed: Installed) -> None:
    (installed.place / "note").unlink(missing_ok=True)
    words = ("plan", "note-write", "-p", "text=from a check", "--from", "now", "--to", "+1h", "--check")
    assert "add --yes" in installed.refused(*words, by=LI, code=2)
    shown = installed.do(*words, "--yes", by=LI)
    assert any(line.endswith("+from a check") for line in shown.splitlines())
    assert "state:       succeeded; " in shown
    assert "people:      executor li, confirmer -" in shown
    assert not (installed.place / "note").exists()


def test_people_stop_a_run_go_on_and_turn_it_back(installed: Installed) -> None:
    (installed.place / "go").unlink(missing_ok=True)
    run = begun(installed, approved(installed, "text=hello"))
    installed.do("run", "watch", run, "--until-waiting")
    installed.sign("pause", run, "--reason", "look first", by=LI)
    assert "state:       paused; " in installed.do("run", "watch", run, "--until-waiting")
    assert "does not wait for this signature" in installed.refused("gate", run, "--yes", by=WANG, code=4)
    for person in (WANG, LI):
        installed.sign("continue", run, "--reason", "looked", by=person)
    with installed.started("run", "watch", run) as watching:
        lines_until(watching.stdout, "state:       at gate")
        pass_gate(installed, run)
        lines_until(watching.stdout, "task: Wait for leave")
        installed.sign("abort", run, "--reason", "wrong note", by=WANG)
        installed.let_go_on()
        lines_until(watching.stdout, "the run waits for a decision")
    assert "is not offered" in installed.refused("continue", run, "--reason", "x", "--yes", by=LI, code=4)
    installed.sign("rollback", run, "--reason", "wrong note", by=LI)
    said = installed.refused("decide", run, "abandon", "--reason", "x", "--yes", by=WANG, code=4)
    assert "both must choose the same" in said
    installed.sign("rollback", run, "--reason", "wrong note", by=WANG)
    assert "state:       rolled back; " in installed.do("run", "watch", run, code=1)
    assert not (installed.place / "note").exists()
    close(installed, run, "--reason", "it was the wrong note")


def test_a_sheet_is_read_by_both(installed: Installed) -> None:
    (installed.site / "runbooks/maintenance/round.yml").write_text(ROUND, "utf-8")
    publish(installed, "round")
    window = ("--from", "now", "--to", "+1h", "--reason", "round")
    number = str(installed.sign("request", "round", *window, by=WANG)["request"])
    installed.sign("approve", number, by=LI)
    run = begun(installed, number)
    installed.do("run", "watch", run, "--until-waiting")
    assert "room" in installed.refused("sheet", run, "-r", "level=3", "--yes", by=WANG, code=2)
    assert 'did you mean "level"?' in installed.refused("sheet", run, "-r", "levl=3", "--yes", by=WANG, code=2)
    assert "level" in installed.refused("sheet", run, "-r", "level=11", "-r", "room=2GiB", "--yes", by=WANG, code=2)
    installed.sign("sheet", run, "-r", "level=3", "-r", "room=2GiB", by=WANG)
    other = ("-r", "level=4", "-r", "room=2GiB")
    assert "level = 4, the first person recorded 3" in installed.refused("sheet", run, *other, "--yes", by=LI, code=2)
    signed = installed.run("sheet", run, "--yes", by=LI)
    told = signed.stderr.splitlines()
    assert (signed.returncode, told[0]) == (0, "by hand: Read the gauge")
    assert told[2].startswith("王 has signed: sheet")
    assert told[3:5] == ["  level = 3", "  room = 2GiB"]
    installed.do("run", "watch", run)
    close(installed, run)
