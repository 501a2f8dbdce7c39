from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import InvalidContentError, NotFoundError
from runner.runbook.closure import delegate_problems, reach_of, survey
from runner.runbook.content_tree import Blob, BlobTree
from tests.content import LOOK, RUNBOOK, play, problems, reach, reached, tree_of
from tests.samples import SKETCH, with_steps

PLAIN = play("debug: {msg: hello}")


def test_every_play_of_a_runbook_is_reached() -> None:
    names = {f"postgres/{name}.yml" for name in
             ("backup", "backup_verify", "upgrade", "upgrade_settle", "downgrade", "writes_off", "health")}  # fmt: skip
    tree = tree_of({**dict.fromkeys(names, PLAIN), "postgres/other.yml": PLAIN}, SKETCH)
    found = reach_of(tree, RUNBOOK)
    assert {path.removeprefix("playbooks/") for path in found.blobs} == {*names, RUNBOOK}
    assert {path.removeprefix("playbooks/") for path in found.playbooks} == names
    assert found.source == SKETCH.encode()
    assert [file.path for file in found.content.files] == sorted(found.blobs)


@pytest.mark.parametrize(
    "tasks, files, expected",
    [
        (["copy: {src: a.txt, dest: /x}"], ["p/files/a.txt"], ["p/files/a.txt"]),
        (["copy: src=a.txt dest=/x"], ["p/a.txt"], ["p/a.txt"]),
        (["copy: {src: a.txt, dest: /x}"], ["p/files/a.txt", "p/a.txt"], ["p/files/a.txt", "p/a.txt"]),
        (["copy: {src: d/, dest: /x}"], ["p/files/d/a", "p/files/d/e/b", "p/c"], ["p/files/d/a", "p/files/d/e/b"]),
        (["copy: {src: /etc/a, dest: /x, remote_src: true}"], [], []),
        (["copy: {src: '{{ a }}', dest: /x, remote_src: yes}"], [], []),
        (["copy: {content: a, dest: /x}"], [], []),
        (["{action: copy src=a dest=/x}"], ["p/files/a"], ["p/files/a"]),
        (["{action: {module: copy, src: a, dest: /x}}"], ["p/files/a"], ["p/files/a"]),
        (["{ansible.legacy.copy: {dest: /x}, args: {src: a}}"], ["p/files/a"], ["p/files/a"]),
        (["ansible.builtin.template: {src: a.j2, dest: /x}"], ["p/templates/a.j2"], ["p/templates/a.j2"]),
        (["script: run.sh --now 'x y'"], ["p/files/run.sh"], ["p/files/run.sh"]),
        (["script: {cmd: s/run.sh --now}"], ["p/s/run.sh"], ["p/s/run.sh"]),
        (["unarchive: {src: a.tgz, dest: /x}"], ["p/files/a.tgz"], ["p/files/a.tgz"]),
        (["assemble: {src: /etc/d, dest: /x}"], [], []),
        (["assemble: {src: d, dest: /x, remote_src: false}"], ["p/files/d/1"], ["p/files/d/1"]),
        (["uri: {url: 'http://x', src: body.json}"], ["p/files/body.json"], ["p/files/body.json"]),
        (["include_vars: v.yml"], ["p/vars/v.yml"], ["p/vars/v.yml"]),
        (["include_vars: {file: v.yml}"], ["p/v.yml"], ["p/v.yml"]),
        (["include_vars: {dir: d}"], ["p/d/a.yml", "p/d/b.yml", "p/vars/d/c.yml"], ["p/d/a.yml", "p/d/b.yml"]),
        (["debug: {msg: \"{{ lookup('file', 'a') }}\"}"], ["p/files/a"], ["p/files/a"]),
        (["debug: {msg: \"{{ lookup('template', 'a.j2') }}\"}"], ["p/templates/a.j2"], ["p/templates/a.j2"]),
        (["debug: {msg: \"{{ q('fileglob', 'd/*.x') }}\"}"], ["p/files/d/1.x"], ["p/files/d/1.x"]),
        (["debug: {msg: \"{{ lookup('csvfile', 'k file=a.csv') }}\"}"], ["p/files/a.csv"], ["p/files/a.csv"]),
        (["debug: msg={{ lookup('first_found', x) }}"], ["p/files/a", "p/vars/b", "p/c"], ["p/files/a", "p/vars/b"]),
        (["{debug: , with_file: [a]}"], ["p/files/a"], ["p/files/a"]),
        (["{debug: , with_fileglob: 'd/*'}"], ["p/files/d/a"], ["p/files/d/a"]),
        (["{debug: , with_items: [a, '{{ b }}']}"], [], []),
        (["{debug: , when: \"lookup('file', 'a') == 'b'\"}"], ["p/files/a"], ["p/files/a"]),
        (["{debug: {var: \"lookup('file', 'a')\"}}"], ["p/files/a"], ["p/files/a"]),
        (["{assert: {that: [\"lookup('file', 'a')\"]}}"], ["p/files/a"], ["p/files/a"]),
        (["copy: {src: '{{ a }}', dest: /x}"], ["p/files/1", "p/files/d/2", "p/3"], ["p/files/1", "p/files/d/2"]),
        (["copy: {src: 'd/{{ a }}', dest: /x}"], ["p/files/1", "p/files/d/2", "p/d/3"], ["p/files/d/2", "p/d/3"]),
        (["copy: {src: ../shared/a, dest: /x}"], ["shared/a"], ["shared/a"]),
        (["{block: [{copy: {src: a}}], rescue: [{copy: {src: b}}], always: [{copy: {src: c}}]}"],
         ["p/a", "p/b", "p/c"], ["p/a", "p/b", "p/c"]),
        (["{block: [{block: [{copy: {src: a, dest: /x}}]}]}"], ["p/a"], ["p/a"]),
    ],
)  # fmt: skip
def test_files_of_tasks(tasks: list[str], files: list[str], expected: list[str]) -> None:
    site = {"p/x.yml": play(*tasks), "p/unused": "x", **dict.fromkeys(files, "x")}
    assert reached(site) == {"p/x.yml", *expected}


@pytest.mark.parametrize("keyword", ["import_tasks", "include_tasks", "ansible.builtin.include_tasks"])
def test_lists_of_tasks_are_followed(keyword: str) -> None:
    site = {
        "p/x.yml": play(f"{keyword}: t/one.yml"),
        "p/t/one.yml": "- include_tasks: {file: two.yml}\n- copy: {src: a, dest: /x}\n",
        "p/t/two.yml": "- import_tasks: one.yml\n",
        "p/t/a": "x",
        "p/t/three.yml": "- copy: {src: b, dest: /x}\n",
    }
    assert reached(site) == {"p/x.yml", "p/t/one.yml", "p/t/two.yml", "p/t/a"}


def test_a_templated_list_of_tasks_binds_its_folder() -> None:
    site = {
        "p/x.yml": play("include_tasks: 't/{{ a }}.yml'"),
        "p/t/one.yml": "- copy: {src: a, dest: /x}\n",
        "p/t/sub/two.yml": "- copy: {src: b, dest: /x}\n",
        "p/files/a": "x",
        "p/files/b": "x",
        "p/other.yml": "[]",
    }
    assert reached(site) == {"p/x.yml", "p/t/one.yml", "p/t/sub/two.yml", "p/files/a", "p/files/b"}


@pytest.mark.parametrize(
    "head, tasks",
    [
        ("roles: [web]", []),
        ("roles: [{role: web, vars: {a: 1}}]", []),
        ("roles: [{name: web, when: x}]", []),
        ("", ["import_role: {name: web}"]),
        ("", ["include_role: name=web"]),
        ("", ["{block: [{ansible.builtin.include_role: {name: web, tasks_from: more}}]}"]),
    ],
)
@pytest.mark.parametrize("folder", ["p/roles", "roles", "p"])
def test_a_role_is_bound_whole_with_those_it_needs(head: str, tasks: list[str], folder: str) -> None:
    whole = {
        "web/tasks/main.yml": "- include_tasks: more.yml\n- template: {src: a.j2}\n- copy: {src: /a, remote_src: 1}\n",
        "web/tasks/more.yml": "- copy: {src: '{{ x }}', dest: /x}\n- include_vars: '{{ y }}'\n",
        "web/templates/a.j2": "{% include 'b.j2' %}{{ lookup('file', 'c') }}",
        "web/templates/b.j2": "b",
        "web/files/c": "c",
        "web/files/deep/d": "d",
        "web/meta/main.yml": "dependencies: [{role: base}]\n",
        "web/README.md": "words",
        "web/library/own.py": "",
        "base/tasks/main.yml": "- own: {}\n",
    }
    site = {"p/x.yml": play(*tasks, head=head), "roles/unused/tasks/main.yml": "[]"}
    site |= {f"{folder}/{name}": text for name, text in whole.items()}
    assert reached(site) == {"p/x.yml", *(f"{folder}/{name}" for name in whole)}


def test_a_templated_role_binds_every_role() -> None:
    site = {
        "p/x.yml": play("include_role: {name: '{{ which }}'}"),
        "roles/a/tasks/main.yml": "- copy: {src: f}\n",
        "roles/a/files/f": "",
        "p/roles/b/README": "",
    }
    assert reached(site) == set(site)


def test_roles_that_need_each_other_end() -> None:
    site = {
        "p/x.yml": play(head="roles: [a]"),
        "roles/a/meta/main.yml": "dependencies: [b]",
        "roles/b/tasks/main.yml": "- include_role: {name: a}",
    }
    assert reached(site) == set(site)


def test_plays_and_their_variables() -> None:
    site = {
        "p/x.yml": "- import_playbook: ../q/y.yml\n"
        + play(
            head="vars_files: [a.yml, [b.yml, c.yml], 'd/{{ x }}.yml']\npre_tasks: [{copy: {src: e, dest: /x}}]\n"
            "handlers: [{copy: {src: f, dest: /x}}]\nvars: {g: \"{{ lookup('file', 'g') }}\"}"
        ),
        "q/y.yml": play("copy: {src: h, dest: /x}"),
        "p/vars/a.yml": "z: \"{{ lookup('file', 'i') }}\"",
        **dict.fromkeys(("p/b.yml", "p/c.yml", "p/vars/d/1.yml", "p/e", "p/files/f", "p/g", "q/files/h", "p/i"), ""),
    }
    assert reached(site) == set(site)
    assert reach(site).playbooks == ("playbooks/p/x.yml", "playbooks/q/y.yml")


def test_own_modules_bring_their_utilities_and_plugins_come_whole() -> None:
    site = {
        "p/x.yml": play("mine: {}", "ansible.builtin.ping:"),
        "library/mine.py": "",
        "library/other.py": "",
        "library/ping.py": "",
        "module_utils/a.py": "",
        "p/module_utils/b.py": "",
        "filter_plugins/f.py": "",
        "p/lookup_plugins/l.py": "",
        "test_plugins/__pycache__/t.pyc": "",
    }
    unused = {"library/other.py", "library/ping.py"}
    assert reached(site) - {"test_plugins/__pycache__/t.pyc"} == set(site) - unused - {"test_plugins/__pycache__/t.pyc"}


def test_utilities_without_own_modules_are_not_reached() -> None:
    assert reached({"p/x.yml": PLAIN, "module_utils/a.py": "", "library/b.py": ""}) == {"p/x.yml"}


COLLECTION = "collections/ansible_collections/bank/ops"


@pytest.mark.parametrize(
    "head, task",
    [
        ("", "bank.ops.mine: {}"),
        ("collections: [bank.ops]", "mine: {}"),
        ("", "debug: {msg: '{{ a | bank.ops.shout }}'}"),
        ("", "{debug: , when: a is bank.ops.good}"),
        ("roles: [bank.ops.web]", "ping:"),
        ("", "include_role: {name: bank.ops.web}"),
    ],
)
def test_a_vendored_collection_is_bound_whole(head: str, task: str) -> None:
    whole = {
        f"{COLLECTION}/MANIFEST.json": "{}",
        f"{COLLECTION}/plugins/modules/mine.py": "",
        f"{COLLECTION}/roles/web/tasks/main.yml": "[]",
    }
    site = {"p/x.yml": play(task, head=head), **whole, "collections/ansible_collections/bank/other/x": ""}
    assert reached(site) == {"p/x.yml", *whole}


@pytest.mark.parametrize(
    "task",
    [
        "debug: {msg: \"{{ lookup('env', 'HOME') }}\"}",
        "debug: {msg: \"{{ lookup('pipe', 'id') }}\"}",
        "debug: {msg: \"{{ query('url', 'http://x') }}\"}",
        "debug: {msg: \"{{ lookup('password', 'x') }}\"}",
        "debug: {msg: \"{{ lookup('file', '/etc/passwd') }}\"}",
        "debug: {msg: \"{{ lookup('file', '../../../etc/passwd') }}\"}",
        "debug: {msg: '{{ lookup(name, 1) }}'}",
        "{debug: , with_lines: [cat /etc/passwd]}",
        "{debug: , with_fileglob: '/etc/*'}",
        "{debug: , when: \"'/etc/passwd' is exists\"}",
        "debug: {msg: \"{{ '/etc/*' | fileglob }}\"}",
    ],
)
def test_lookups_to_the_outside_stay_unbound(task: str) -> None:
    found = reach({"p/x.yml": play("ping:", task)})
    assert [(unbound.kind.value, unbound.place, unbound.allowed) for unbound in found.unbound] == [
        ("lookup", "playbooks/p/x.yml:4", False)
    ]


def test_lookups_in_templates_and_variables_are_seen_too() -> None:
    site = {
        "p/x.yml": play("template: {src: a.j2, dest: /x}", head="vars_files: [v.yml]"),
        "p/a.j2": "one\n{{ lookup('env', 'A') }}",
        "p/v.yml": "b: \"{{ lookup('env', 'B') }}\"",
    }
    assert {unbound.place for unbound in reach(site).unbound} == {"playbooks/p/a.j2:2", "playbooks/p/v.yml:1"}


def test_templates_with_delimiters_of_their_own_are_refused() -> None:
    site = {"p/x.yml": play("template: {src: a.j2, dest: /x}"), "p/a.j2": "#jinja2: variable_start_string: '<<'\n"}
    assert problems(site) == ["p/a.j2:1:1: templates keep Ansible's own delimiters"]


def test_delegates_are_told() -> None:
    site = {"p/x.yml": play("{ping: , delegate_to: db1}", "{ping: , delegate_to: '{{inventory_hostname}}'}")}
    found = reach(site)
    assert [delegate.name for delegate in found.delegates] == ["db1"]
    assert delegate_problems(found, frozenset({"db1"})) == ()
    assert str(delegate_problems(found, frozenset({"db2"}))[0]).startswith("playbooks/p/x.yml:3:29: ")


@pytest.mark.parametrize("text", ["a: [", "- hosts: {", b"\xff", "- &a [*a]", "x: !!binary |\n  a\n", "[" * 100_000])
def test_what_is_no_yaml_is_a_problem_of_its_file(text: str | bytes) -> None:
    assert all(line.startswith("p/x.yml:") for line in problems({"p/x.yml": text}))


def test_a_task_that_holds_itself_ends() -> None:
    text = "- hosts: all\n  tasks: &t\n    - block: *t\n    - &u {block: [*u, {ping: }]}\n    - <<: {command: id}\n"
    assert reached({"p/x.yml": text}) == {"p/x.yml"}


@given(st.text("-: {}[]&*!|>'\"\n ablocktsk_inude", max_size=80))
def test_no_playbook_makes_it_fall_over(text: str) -> None:
    survey(tree_of({"p/x.yml": "- hosts: all\n  tasks:\n" + text}), RUNBOOK)


def test_a_missing_playbook_is_told_at_its_place_with_the_nearest() -> None:
    with pytest.raises(InvalidContentError) as caught:
        reach_of(tree_of({"p/y.yml": PLAIN}), RUNBOOK)
    assert caught.value.problems == (
        'runbooks/x.yml:10:26: step "look": playbook: playbook "p/x.yml" is missing (did you mean "p/y.yml"?)',
    )


def test_missing_playbooks_are_told_beside_other_problems() -> None:
    runbook = with_steps(LOOK.replace("read_only", "timeout: soon, read_only"))
    _, found = survey(tree_of({}, runbook), RUNBOOK)
    assert len(found) == 2


def test_one_byte_more_is_another_content_and_nothing_else() -> None:
    first = reach({"p/x.yml": play("copy: {src: a, dest: /x}"), "p/a": "x", "p/b": "y"})
    second = reach({"p/x.yml": play("copy: {src: a, dest: /x}"), "p/a": "z", "p/b": "n"})
    differ = [one.path for one, two in zip(first.content.files, second.content.files, strict=True) if one != two]
    assert differ == ["playbooks/p/a"]


def test_the_executable_bit_is_bound() -> None:
    tree = tree_of({"p/x.yml": play("script: a.sh"), "p/a.sh": "x"})
    executable = BlobTree({**tree.blobs, "playbooks/p/a.sh": Blob(b"x", executable=True)})
    assert reach_of(tree, RUNBOOK).content != reach_of(executable, RUNBOOK).content


@pytest.mark.parametrize("path", ["runbooks/none.yml", "../x.yml", "/etc/passwd", "runbooks//x.yml", "."])
def test_no_such_runbook(path: str) -> None:
    with pytest.raises(NotFoundError):
        reach_of(tree_of({}), path)
