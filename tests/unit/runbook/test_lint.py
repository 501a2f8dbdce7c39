from __future__ import annotations

from pathlib import Path

import pytest

from runner.errors import NotFoundError
from runner.runbook.lint import lint
from tests.content import LOOK, play
from tests.samples import MINIMAL, with_steps

LOCAL = "all: {hosts: {here: {ansible_connection: local}}}\n"
SITE = "apiVersion: twokey/v1\nkind: Site\nname: s\nenvironment: e\nproduction: false\norigin: o\ntimezone: UTC\n"


def make(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def lines_of(*paths: Path) -> tuple[str, ...]:
    return lint(paths, with_syntax_check=False)


GOOD = {"runbooks/x.yml": with_steps(LOOK), "playbooks/p/x.yml": play("ping:")}


def test_nothing_to_say(awkward_folder: Path) -> None:
    folder = make(awkward_folder, GOOD)
    assert lines_of(folder) == lines_of(folder / "runbooks") == lines_of(folder / "runbooks" / "x.yml") == ()


def test_files_are_named_as_the_person_named_them(awkward_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(awkward_folder, {**GOOD, "playbooks/p/x.yml": play("nonsense:"), "runbooks/y.yml": "id: 1"})
    absolute = lines_of(awkward_folder)
    assert {line.split(".yml")[0] for line in absolute} == {
        str(awkward_folder / "playbooks/p/x"),
        str(awkward_folder / "runbooks/y"),
    }
    monkeypatch.chdir(awkward_folder / "runbooks")
    assert {line.split(".yml")[0] for line in lines_of(Path("x.yml"), Path("y.yml"))} == {"../playbooks/p/x", "y"}


def test_files_above_are_found(awkward_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(awkward_folder, {**GOOD, "site/playbooks/q.yml": "", "y.yml": "id: 1"})
    monkeypatch.chdir(awkward_folder / "site")
    assert lines_of(Path("../runbooks/x.yml")) == ()
    assert lines_of(Path("../y.yml"))[0].startswith("../y.yml:1:1: ")


def test_outside_a_site_the_nearest_playbooks_count(tmp_path: Path) -> None:
    make(tmp_path, {"a/b/c/x.yml": with_steps(LOOK), "a/playbooks/p/x.yml": play("ping:"), "playbooks/q.yml": ""})
    assert lines_of(tmp_path / "a" / "b") == ()


def test_without_any_playbooks_they_are_missing(tmp_path: Path) -> None:
    make(tmp_path, {"x.yml": MINIMAL})
    assert [line.rsplit("playbook ", 1)[1] for line in lines_of(tmp_path / "x.yml")] == [
        '"db/restart.yml" is missing',
        '"db/health.yml" is missing',
    ]


def test_one_id_for_two_runbooks(tmp_path: Path) -> None:
    make(tmp_path, {**GOOD, "runbooks/y.yml": with_steps(LOOK)})
    assert [line.split(": ", 1)[1] for line in lines_of(tmp_path)] == [
        'the id "db-restart" is also that of runbooks/y.yml',
        'the id "db-restart" is also that of runbooks/x.yml',
    ]


OUTSIDE = play("debug: {msg: \"{{ lookup('env', 'HOME') }}\"}")


def test_lookups_to_the_outside_are_refused_unless_policy_allows_them(tmp_path: Path) -> None:
    make(tmp_path, {**GOOD, "playbooks/p/x.yml": OUTSIDE})
    assert len(lines_of(tmp_path)) == 1
    make(tmp_path, {"inventory/site.yml": SITE, "inventory/e/hosts.yml": LOCAL})
    assert "policy refuses" in lines_of(tmp_path)[0]
    policy = "apiVersion: twokey/v1\nkind: Policy\nname: p\nunbound: {lookups: allow}\n"
    make(tmp_path, {"inventory/e/policy.yml": policy})
    assert lines_of(tmp_path) == ()


@pytest.mark.parametrize("name, outside, inside", [("here", 0, 0), ("there", 0, 1), ("localhost", 1, 1)])
def test_delegates_are_hosts_of_the_inventory(tmp_path: Path, name: str, outside: int, inside: int) -> None:
    make(tmp_path, {**GOOD, "playbooks/p/x.yml": play(f"{{ping: , delegate_to: {name}}}")})
    assert len(lines_of(tmp_path)) == outside
    make(tmp_path, {"inventory/site.yml": SITE, "inventory/e/hosts.yml": LOCAL})
    assert len(lines_of(tmp_path)) == inside


def test_an_inventory_with_problems_is_not_linted_here(tmp_path: Path) -> None:
    make(tmp_path, {**GOOD, "inventory/site.yml": SITE, "inventory/e/hosts.yml": "all: ["})
    assert lines_of(tmp_path) == ()


def test_what_several_runbooks_share_is_told_once(tmp_path: Path) -> None:
    other = with_steps(LOOK).replace("id: db-restart", "id: other")
    make(tmp_path, {**GOOD, "runbooks/y.yml": other, "playbooks/p/x.yml": play("nonsense:")})
    assert len(lines_of(tmp_path)) == 1


def test_no_runbook_there(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no such file or folder"):
        lines_of(tmp_path / "none")
    with pytest.raises(NotFoundError, match="no runbook there"):
        lines_of(tmp_path)


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    make(tmp_path, {"a.yml": "", "playbooks/x.yml": ""})
    (tmp_path / "b.yml").symlink_to("/etc/passwd")
    assert [line.split(": ", 1)[1] for line in lines_of(tmp_path / "b.yml")] == ["b.yml: leads out of the site"]


def test_secrets_are_those_of_the_environment(tmp_path: Path) -> None:
    secrets = "apiVersion: twokey/v1\nkind: Secrets\nsecrets: {token: {version: '1', environment: TOKEN}}\n"
    make(
        tmp_path,
        {
            "runbooks/x.yml": with_steps(LOOK).replace("steps:", "secrets: [tokn]\nsteps:", 1),
            "playbooks/p/x.yml": play("debug: {msg: '{{ token }}'}"),
            "inventory/site.yml": SITE,
            "inventory/e/hosts.yml": LOCAL,
            "inventory/e/secrets.yml": secrets,
        },
    )
    unknown, unnamed = lines_of(tmp_path / "runbooks")
    assert 'secret "tokn": the environment does not declare it (did you mean "token"?)' in unknown
    assert "runbooks/x.yml:" in unknown
    assert '"token" is a secret, and the runbook does not name it' in unnamed
    assert "playbooks/p/x.yml:" in unnamed
