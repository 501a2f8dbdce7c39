"""One change through its whole life, as two people type it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.changes import pass_gate
from tests.acceptance.installed import LI, WANG, Installed, founded, rows_of


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    with founded(tmp_path_factory.mktemp("change")) as installed:
        yield installed


def test_a_change_from_idea_to_proof(installed: Installed, tmp_path: Path) -> None:
    _published(installed)
    number = _approved(installed)
    run = _executed(installed, number)
    _proven(installed, run, tmp_path)


def _published(installed: Installed) -> None:
    assert "NOT PUBLISHED" in installed.do("plan", "note-write", "-p", "text=hello")
    refusal = installed.refused("request", "note-write", "-p", "text=hello", "--reason", "x", "--yes", by=WANG, code=4)
    assert "L1:not-published" in refusal
    assert installed.sign("runbook", "publish", "note-write", by=WANG)["complete"] is False
    assert "L1:author-countersigns" in installed.refused("runbook", "publish", "note-write", "--yes", by=WANG, code=4)
    assert installed.sign("runbook", "publish", "note-write", by=LI)["state"] == "published"
    (listed,) = rows_of(installed.ask("runbook", "list"), "runbooks")
    assert (listed["id"], listed["standing"]) == ("note-write", "published")


def _approved(installed: Installed) -> str:
    window = ("--from", "now", "--to", "+2h", "--reason", "第一张便条")
    outcome = installed.sign("request", "note-write", "-p", "text=hello", *window, by=WANG)
    number = str(outcome["request"])
    assert number.startswith("BG-")
    assert number.endswith("-0001")
    assert "L2:approver-is-requester" in installed.refused("approve", number, "--yes", by=WANG, code=4)
    shown = installed.do("approve", number, "--yes", by=LI)
    assert "第一张便条" in shown
    assert "     rollback: note/remove.yml, about 1:00, at most 30:00" in shown
    assert f"change {number} is approved" in shown
    assert "\nWrite a note  (note-write 1)\n" in installed.do("plan", number)
    return number


def _executed(installed: Installed, number: str) -> str:
    assert f"change {number}: start it as executor" in installed.do("status")
    installed.sign("start", number, by=WANG)
    assert installed.refused("confirm", number, "--yes", by=WANG, code=4)
    run = str(installed.sign("confirm", number, by=LI)["run"])
    pass_gate(installed, run)
    installed.let_go_on()
    watched = installed.do("run", "watch", run)
    assert "state:       succeeded; " in watched
    assert "people:      executor 王, confirmer li" in watched
    assert (installed.place / "note").read_text() == "hello\n"
    first = installed.sign("close", number, "--achieved", "written", "--configuration", "no_change", by=WANG)
    assert (first["complete"], first["run"]) == (False, run)
    other = installed.refused("close", number, "--achieved", "in other words", "--yes", by=LI, code=2)
    assert 'the first person wrote "written"' in other
    assert installed.sign("close", number, by=LI)["state"] == "closed"
    return run


def _proven(installed: Installed, run: str, folder: Path) -> None:
    report = installed.do("run", "report", run)
    for text in ("第一张便条", "request by 王", "approve by li", "start by 王", "confirm by li", "close by li"):
        assert text in report
    (newest,) = rows_of(installed.ask("audit", "list", "--run", run, "--limit", "1"))
    index = newest["index"]
    assert installed.ask("audit", "show", str(index))["id"] == newest["id"]
    bundle = folder / "证据 bundle.tar"
    assert installed.ask("audit", "export", run, "-o", str(bundle))["run"] == run
    assert "it exists already" in installed.refused("audit", "export", run, "-o", str(bundle), code=2)
    installed.do("serve", "--stop")
    verdict = installed.ask("audit", "verify")
    assert verdict["verdict"] == "VERIFIED"
    assert isinstance(verdict["entries"], int)
    assert verdict["entries"] > int(str(index))
    assert installed.ask("audit", "verify", "--bundle", str(bundle))["verdict"] == "VERIFIED"
    _forged(installed, bundle)
    assert "no service was running" in installed.do("serve", "--stop")


def _forged(installed: Installed, bundle: Path) -> None:
    data = bytearray(bundle.read_bytes())
    at = data.rindex(b"succeeded")
    data[at : at + 9] = b"abandoned"
    bundle.write_bytes(data)
    assert installed.ask("audit", "verify", "--bundle", str(bundle), code=5)["verdict"] == "FAILED"
