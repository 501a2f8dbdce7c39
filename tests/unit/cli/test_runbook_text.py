from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runner.cli.runbook_text import print_difference, print_runbook
from runner.client.content import LocalContent, local_content
from runner.model.site import Site
from runner.runbook.content_tree import Blob
from runner.runbook.loader import parse_runbook
from tests.samples import EVERYTHING, SKETCH

OLD = {"a.yml": Blob(b"one\ntwo\n"), "gone.yml": Blob(b"x\n"), "run.sh": Blob(b"y\n"), "same.yml": Blob(b"z\n")}


def difference(before: dict[str, Blob], after: dict[str, Blob], capsys: pytest.CaptureFixture[str]) -> list[str]:
    print_difference(before, after)
    return capsys.readouterr().out.splitlines()


def test_what_changed_is_shown_line_by_line(capsys: pytest.CaptureFixture[str]) -> None:
    new = {
        "a.yml": Blob(b"one\nthree\n"),
        "new.yml": Blob("新\n".encode()),
        "run.sh": Blob(b"y\n", executable=True),
        "same.yml": Blob(b"z\n"),
    }
    lines = difference(OLD, new, capsys)
    for line in (
        "--- a/a.yml",
        "+++ b/a.yml",
        "-two",
        "+three",
        "removed: gone.yml",
        "added: new.yml, 4 bytes",
        "+新",
        "executable bit changed: run.sh",
    ):
        assert line in lines
    assert not any("same.yml" in line for line in lines)


def test_nothing_changed(capsys: pytest.CaptureFixture[str]) -> None:
    assert difference(OLD, dict(OLD), capsys) == []


def test_bytes_that_are_no_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert difference({"x": Blob(b"a")}, {"x": Blob(b"\xff")}, capsys) == ["changed: x (not text)"]


def test_long_differences_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    lines = difference({"x": Blob(b"")}, {"x": Blob(b"line\n" * 1000)}, capsys)
    assert lines[-1] == "… and 603 more lines"
    assert len(lines) == 401


def test_control_characters_of_a_playbook_do_not_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    lines = difference({"x": Blob(b"")}, {"x": Blob(b"- name: \x1b[1A\x1b[2Knothing\n")}, capsys)
    assert lines[-1] == "+- name: \\x1b[1A\\x1b[2Knothing"


@pytest.mark.parametrize("source", [SKETCH, EVERYTHING], ids=["sketch", "everything"])
def test_every_runbook_has_words(source: str, site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    local = local_content(site, "web-restart")
    print_runbook(_with(local, source))
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("parameter: ") for line in lines)
    assert any(line.startswith("targets:   ") for line in lines)


def _with(local: LocalContent, source: str) -> LocalContent:

    runbook = parse_runbook(source.encode(), "x.yml")
    return LocalContent(Path("x.yml"), replace(local.reach, runbook=runbook), local.digest)


def test_a_runbook_shows_its_parameters_steps_and_files(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    print_runbook(local_content(site, "web-restart"))
    out = capsys.readouterr().out
    assert "parameter:  reason_code (integer)  [≥ 1, ≤ 9]  usually 1" in out
    assert "1. look  [read only" in out
    assert "playbooks/web/health.yml" in out
