from __future__ import annotations

from pathlib import Path

import pytest

from runner.errors import UsageError
from runner.runbook import syntax
from runner.runbook.syntax import syntax_check

_TASKS = "- hosts: all\n  gather_facts: false\n  tasks:\n"
_PLAYBOOKS = {
    "good.yml": _TASKS + "    - ansible.builtin.debug: {msg: hi}\n",
    "by_role.yml": "- hosts: all\n  roles: [deep]\n",
    "bracket.yml": _TASKS + "    - ansible.builtin.debug: {msg: hi\n    - name: next\n",
    "keyword.yml": _TASKS + "    - name: x\n      ansible.builtin.debug: {}\n      whenn: true\n",
    "module.yml": _TASKS + "    - name: x\n      ansible.builtin.debugg: {}\n",
    "role.yml": "- hosts: all\n  roles: [missing]\n",
    "twice.yml": "- hosts: all\n  hosts: all\n  tasks: []\n",
    "import.yml": _TASKS + "    - ansible.builtin.import_tasks: absent.yml\n",
    "empty.yml": "",
}


@pytest.fixture
def content(awkward_folder: Path) -> Path:
    for name, text in _PLAYBOOKS.items():
        (awkward_folder / name).write_text(text, "utf-8")
    tasks = awkward_folder / "roles" / "deep" / "tasks"
    tasks.mkdir(parents=True)
    (tasks / "main.yml").write_text("- name: x\n  ansible.builtin.no_such: {}\n", "utf-8")
    library = awkward_folder / "library"
    library.mkdir()
    return awkward_folder


def test_every_problem_of_every_playbook_is_found_at_its_place(content: Path) -> None:
    found = syntax_check([*(content / name for name in _PLAYBOOKS), content / "gone.yml"], content)
    places = {(Path(problem.path).relative_to(content).as_posix(), problem.line, problem.column) for problem in found}
    assert places == {
        ("bracket.yml", 5, 11),
        ("keyword.yml", 4, 7),
        ("module.yml", 4, 7),
        ("role.yml", 2, 11),
        ("twice.yml", 2, 3),
        ("import.yml", 1, 1),
        ("empty.yml", 1, 1),
        ("gone.yml", 1, 1),
        ("roles/deep/tasks/main.yml", 1, 3),
    }
    texts = " ".join(problem.text for problem in found)
    for word in ("whenn", "debugg", "missing", "hosts", "absent.yml", "no_such", "gone.yml"):
        assert word in texts
    assert not [problem for problem in found if "\n" in problem.text or "Origin:" in problem.text]


def test_places_are_told_in_the_way_the_paths_are_written(content: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(content)
    found = syntax_check([Path("module.yml"), Path("by_role.yml")], Path())
    assert [problem.path for problem in found] == ["module.yml", "roles/deep/tasks/main.yml"]


def test_nothing_is_said_of_good_playbooks_and_nothing_is_written(content: Path) -> None:
    before = sorted(content.rglob("*"))
    assert syntax_check([content / "good.yml"] * 3, content) == ()
    assert sorted(content.rglob("*")) == before


def test_no_playbooks_need_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syntax, "_PROCESS", Path("/absent"))
    assert syntax_check([], Path()) == ()


def test_a_check_that_cannot_be_run_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(syntax, "_PROCESS", tmp_path / "absent.py")
    with pytest.raises(UsageError, match="cannot be run"):
        syntax_check([tmp_path / "x.yml"], tmp_path)
