"""`twokey policy`: files are read without a service, and tables fit 80 columns in both languages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner.cli.main import main
from runner.client.wording.line import cell_width
from runner.runbook.places import shipped_files
from runner.runbook.schema import policy_schema_text
from runner.wire.api_people import PolicyShown
from runner.words import use_language
from tests.stub_service import StubService
from tests.unit.cli.conftest import Twokey

BANK = shipped_files() / "inventory" / "example" / "policy.bank.yml"
BAD = "apiVersion: twokey/v1\nkind: Policy\nname: bad\nmax_runs: 0\nposts: {}\n"


def test_lint_is_silent_on_what_is_valid(twokey: Twokey) -> None:
    answer = twokey("policy", "lint", str(BANK))
    assert (answer.code, answer.out, answer.err) == (0, "", "no problems\n")


def test_lint_names_every_problem(twokey: Twokey, tmp_path: Path) -> None:
    path = tmp_path / "policy.yml"
    path.write_text(BAD, "utf-8")
    lines = [
        f"{path}:4:11: max_runs: got 0, expected at least 1",
        f"{path}:5:8: posts: expected at least one post",
    ]
    answer = twokey("policy", "lint", str(path))
    assert (answer.code, answer.out.splitlines(), answer.err) == (2, lines, "")
    answer = twokey("policy", "lint", "--json", str(path))
    assert (answer.code, json.loads(answer.out)) == (2, {"problems": lines})


def test_lint_works_anywhere(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policy.yml").write_text(BAD, "utf-8")
    assert main(["policy", "lint", "."]) == 2
    assert capsys.readouterr().out.startswith("policy.yml:4:11: max_runs")


def test_lint_of_nothing(twokey: Twokey, tmp_path: Path) -> None:
    answer = twokey("policy", "lint", str(tmp_path / "gone.yml"))
    assert (answer.code, answer.out) == (2, "")
    assert "no such file or folder" in answer.err


def test_show_without_a_path_is_the_policy_in_force(twokey: Twokey, stub: StubService) -> None:
    source = "apiVersion: twokey/v1\nkind: Policy\nname: signed by two\n"
    stub.says("GET /v1/policy", PolicyShown("signed by two", source, "sha256:0", "SQ-2026-0001", differs=True))
    answer = twokey("policy", "show")
    assert (answer.code, answer.out.splitlines()[0]) == (0, "policy signed by two")
    assert "it counts once it is granted" in answer.err


def test_before_a_site_is_founded_it_is_that_of_the_site(twokey: Twokey, state: Path) -> None:
    state.rmdir()
    answer = twokey("policy", "show")
    assert (answer.code, answer.out.splitlines()[0]) == (0, "policy two people")


def test_show_of_an_invalid_policy_names_its_problems(twokey: Twokey, tmp_path: Path) -> None:
    path = tmp_path / "policy.yml"
    path.write_text(BAD, "utf-8")
    answer = twokey("policy", "show", str(path))
    assert (answer.code, answer.out) == (2, "")
    assert "max_runs: got 0, expected at least 1" in answer.err


def test_show_as_json_is_the_policy(twokey: Twokey) -> None:
    shown = json.loads(twokey("policy", "show", "--json", str(BANK)).out)
    assert shown["classes"]["major"]["attachments"] == ["rehearsal_report", "risk_analysis", "emergency_plan"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_tables_fit_80_columns(language: str, twokey: Twokey) -> None:
    use_language(language)
    lines = twokey("--lang", language, "policy", "show", str(BANK)).out.splitlines()
    assert [line for line in lines if cell_width(line) > 80] == []
    assert any("信息安全管理员" in line for line in lines) is (language == "zh")


def test_the_schema_is_that_of_the_file(twokey: Twokey) -> None:
    answer = twokey("policy", "schema")
    assert (answer.code, answer.out) == (0, policy_schema_text())
