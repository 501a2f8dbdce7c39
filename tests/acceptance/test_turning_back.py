"""Changes that do not go straight on: tried only, failed, stopped, turned back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.acceptance.changes import approved, begun, close, pass_gate, publish
from tests.acceptance.installed import LI, WANG, Installed, founded, lines_until, rows_of


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
    assert "state: rolled back; executor 王, confirmer li" in watched
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
    assert "state: succeeded; executor li, confirmer -" in shown
    assert not (installed.place / "note").exists()


def test_people_stop_a_run_go_on_and_turn_it_back(installed: Installed) -> None:
    (installed.place / "go").unlink(missing_ok=True)
    run = begun(installed, approved(installed, "text=hello"))
    installed.do("run", "watch", run, "--until-waiting")
    installed.sign("pause", run, "--reason", "look first", by=LI)
    pass_gate(installed, run)
    assert "state: paused" in installed.do("run", "watch", run, "--until-waiting")
    for person in (WANG, LI):
        installed.sign("continue", run, "--reason", "looked", by=person)
    with installed.started("run", "watch", run) as watching:
        lines_until(watching.stdout, "task: Wait for leave")
        installed.sign("abort", run, "--reason", "wrong note", by=WANG)
        installed.let_go_on()
        lines_until(watching.stdout, "the run waits for a decision")
    assert "is not offered" in installed.refused("continue", run, "--reason", "x", "--yes", by=LI, code=4)
    installed.sign("rollback", run, "--reason", "wrong note", by=LI)
    assert "choice" in installed.refused("decide", run, "abandon", "--reason", "x", "--yes", by=WANG, code=5)
    installed.sign("rollback", run, "--reason", "wrong note", by=WANG)
    assert "state: rolled back" in installed.do("run", "watch", run, code=1)
    assert not (installed.place / "note").exists()
    close(installed, run, "--reason", "it was the wrong note")
