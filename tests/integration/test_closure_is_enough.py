"""What the closure binds is all that Ansible needs: a play that uses everything runs on the bound files alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from runner.runbook.ansible_folders import FOLDERS
from runner.runbook.closure import reach_of
from tests.content import RUNBOOK, tree_of

FILTER = "class FilterModule:\n    def filters(self):\n        return {'%s': lambda value: value + '%s'}\n"
MODULE = """\
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.%s import WORD


def main():
    module = AnsibleModule(argument_spec={})
    module.exit_json(changed=False, word=WORD)


main()
"""
FIRST = """\
- hosts: all
  gather_facts: false
  tasks:
    - debug: {msg: "{{ lookup('file', 'q.txt') }}"}
"""
COLLECTION = "collections/ansible_collections/bank/ops"

SITE = {
    "p/x.yml": """\
- import_playbook: ../q/first.yml
- hosts: all
  gather_facts: false
  collections: [bank.ops]
  vars:
    which: two
    there: "{{ playbook_dir }}/../../made"
  vars_files: [v.yml, 'd/{{ which }}.yml']
  roles: [web]
  pre_tasks:
    - include_vars: {file: more.yml}
    - include_vars: {dir: vars/all}
    - assert:
        that:
          - from_v == 'v'
          - from_d == 'd'
          - from_more == 'more'
          - from_all == 'all'
  tasks:
    - import_tasks: t/one.yml
    - include_tasks: 't/{{ which }}.yml'
    - include_role: {name: '{{ "ba" ~ "se" }}', tasks_from: other}
    - include_role: {name: bank.ops.vendored}
    - mine: {}
      register: mine
    - bank.ops.theirs: {}
      register: theirs
    - theirs: {}
    - assert:
        that:
          - mine.word == 'own word'
          - theirs.word == 'their word'
          - "'a' | shout == 'a!'"
          - "'a' | whisper == 'a?'"
          - "'a' | bank.ops.yell == 'a!!'"
          - lookup('file', 'plain.txt') == 'plain'
          - lookup('template', 'lookup.j2') == 'included text'
          - query('fileglob', 'glob/*.txt') | length == 2
          - lookup('ini', 'key', file='x.ini') == 'value'
    - copy: {src: folder/, dest: '{{ there }}/folder/', mode: '0600'}
    - copy: {src: '{{ item }}', dest: '{{ there }}/looped', mode: '0600'}
      with_items: [looped.txt]
    - template: {src: deep/nested.j2, dest: '{{ there }}/nested', mode: '0600'}
    - script: run.sh word
      register: ran
      changed_when: false
    - debug: {msg: '{{ item }}'}
      with_file: [with.txt]
      register: looped
    - assert: {that: ["ran.stdout_lines[0] == 'word'", "looped.results[0].msg == 'with'"]}
    - block:
        - fail: {msg: as meant}
      rescue:
        - debug: {msg: "{{ lookup('file', 'rescued.txt') }}"}
          changed_when: true
          notify: handled
  handlers:
    - name: handled
      copy: {src: handled.txt, dest: '{{ there }}/handled', mode: '0600'}
""",
    "q/first.yml": FIRST,
    "q/files/q.txt": "q",
    "p/v.yml": "from_v: v\n",
    "p/vars/d/two.yml": "from_d: d\n",
    "p/vars/more.yml": "from_more: \"{{ lookup('file', 'more.txt') }}\"\n",
    "p/files/more.txt": "more",
    "p/vars/all/a.yml": "from_all: all\n",
    "p/t/one.yml": "- include_tasks: below.yml\n",
    "p/t/below.yml": "- debug: {msg: below}\n",
    "p/t/two.yml": "- debug: {msg: two}\n",
    "p/files/plain.txt": "plain",
    "p/templates/lookup.j2": "{% include 'part.j2' %}",
    "p/templates/part.j2": "included text",
    "p/files/glob/a.txt": "",
    "p/files/glob/b.txt": "",
    "p/files/x.ini": "[global]\nkey = value\n",
    "p/files/folder/a": "a",
    "p/files/looped.txt": "",
    "p/templates/deep/nested.j2": "{% from 'deep/macro.j2' import say %}{{ say('x') }}",
    "p/templates/deep/macro.j2": "{% macro say(x) %}{{ x }}{% endmacro %}",
    "p/files/run.sh": '#!/bin/sh\necho "$1"\n',
    "p/files/with.txt": "with",
    "p/files/rescued.txt": "",
    "p/files/handled.txt": "",
    "p/filter_plugins/shout.py": FILTER % ("shout", "!"),
    "filter_plugins/whisper.py": FILTER % ("whisper", "?"),
    "library/mine.py": MODULE % "own_word",
    "module_utils/own_word.py": "WORD = 'own word'\n",
    "roles/web/meta/main.yml": "dependencies: [{role: base}]\n",
    "roles/web/defaults/main.yml": "web_default: 1\n",
    "roles/web/tasks/main.yml": """\
- include_tasks: '{{ "sub" }}/inner.yml'
- import_tasks: sub/inner.yml
- assert:
    that:
      - web_default == 1
      - lookup('file', 'role.txt') == 'role'
      - lookup('template', 'role.j2') == 'role part'
""",
    "roles/web/tasks/sub/inner.yml": "- include_vars: inner.yml\n- debug: {msg: '{{ inner }}'}\n",
    "roles/web/vars/inner.yml": "inner: 1\n",
    "roles/web/files/role.txt": "role",
    "roles/web/templates/role.j2": "{% include 'part_of_role.j2' %}",
    "roles/web/templates/part_of_role.j2": "role part",
    "roles/base/tasks/main.yml": "- debug: {msg: base}\n",
    "roles/base/tasks/other.yml": "- own_of_role: {}\n",
    "roles/base/library/own_of_role.py": MODULE % "own_word",
    f"{COLLECTION}/galaxy.yml": "namespace: bank\nname: ops\nversion: 1.0.0\n",
    f"{COLLECTION}/plugins/modules/theirs.py": (MODULE % "x").replace(
        "ansible.module_utils.x", "ansible_collections.bank.ops.plugins.module_utils.words"
    ),
    f"{COLLECTION}/plugins/module_utils/words.py": "WORD = 'their word'\n",
    f"{COLLECTION}/plugins/filter/yell.py": FILTER % ("yell", "!!"),
    f"{COLLECTION}/roles/vendored/tasks/main.yml": "- debug: {msg: vendored}\n",
}
UNUSED = {
    "p/unused.txt": "",
    "p/templates/unused.j2": "",
    "p/unused.yml": "- hosts: all\n",
    "library/unused.py": "",
    "collections/ansible_collections/bank/unused/galaxy.yml": "",
}


def test_a_play_that_uses_everything_runs_on_what_is_bound(awkward_folder: Path) -> None:
    found = reach_of(tree_of({**SITE, **UNUSED}), RUNBOOK)
    assert found.unbound == ()
    assert {path.removeprefix("playbooks/") for path in found.blobs} == {RUNBOOK, *SITE}
    for path, blob in found.blobs.items():
        file = awkward_folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(blob.data)
    (awkward_folder / "made").mkdir()
    done = play(awkward_folder)
    assert done.returncode == 0, done.stdout + done.stderr
    made = {file.relative_to(awkward_folder / "made").as_posix() for file in (awkward_folder / "made").rglob("*")}
    assert made == {"folder", "folder/a", "looped", "nested", "handled"}


def play(snapshot: Path) -> subprocess.CompletedProcess[str]:
    content = snapshot / "playbooks"
    settings = {name: content / folder for name, folder in FOLDERS.items()}
    config = snapshot / "ansible.cfg"
    lines = [*(f"{name} = {value}" for name, value in settings.items()), f"local_tmp = {snapshot / 'tmp'}"]
    config.write_text("\n".join(["[defaults]", *lines, "nocows = True", "pipelining = True"]) + "\n", "utf-8")
    inventory = snapshot / "hosts.yml"
    here = "{ansible_connection: local, ansible_python_interpreter: '{{ ansible_playbook_python }}'}"
    inventory.write_text(f"all: {{hosts: {{here: {here}}}}}\n", "utf-8")
    return subprocess.run(
        [str(Path(sys.executable).with_name("ansible-playbook")), "-i", str(inventory), str(content / "p" / "x.yml")],
        env={"PATH": "/usr/bin:/bin", "HOME": str(snapshot), "ANSIBLE_CONFIG": str(config), "LC_ALL": "C.UTF-8"},
        cwd=snapshot,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
