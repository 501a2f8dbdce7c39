"""What content must not hold: each thing refused at its place."""

from __future__ import annotations

import pytest

from tests.content import play, problems

PLAIN = play("debug: {msg: hello}")


@pytest.mark.parametrize(
    "task, expected",
    [
        ("copy: {src: nope, dest: /x}", 'p/x.yml:3:19: "nope" is missing; it is looked for as playbooks/p/files/nope'),
        ("template: {src: nope.j2, dest: /x}", 'p/x.yml:3:23: "nope.j2" is missing'),
        ("include_tasks: nope.yml", 'p/x.yml:3:22: "nope.yml" is missing'),
        ("include_role: {name: nope}", 'p/x.yml:3:28: role "nope" is missing'),
        ("include_role: {name: r, tasks_from: nope}", 'p/x.yml:3:43: "nope" is missing'),
        ("include_vars: nope.yml", 'p/x.yml:3:21: "nope.yml" is missing'),
        ("debug: {msg: \"{{ lookup('file', 'nope') }}\"}", 'p/x.yml:3:20: "nope" is missing'),
        ("copy: {src: '{{ a }}', dest: /x}", "everything it may name goes into the folder playbooks/p/files/"),
        ("include_tasks: '{{ a }}'", None),
        ("copy: {src: /etc/passwd, dest: /x}", 'p/x.yml:3:19: "/etc/passwd" lies outside playbooks/'),
        ("copy: {src: ~/x, dest: /x}", "lies outside playbooks/"),
        ("copy: {src: ../../../inventory/x, dest: /x}", "lies outside playbooks/"),
        ("copy: {src: '/etc/{{ a }}', dest: /x}", "lies outside playbooks/"),
        ("copy: {src: \"{{ '/etc/' ~ a }}\", dest: /x}", "lies outside playbooks/"),
        ("include_tasks: /tmp/x.yml", "lies outside playbooks/"),
        ("include_vars: {dir: /etc}", "lies outside playbooks/"),
        ("assemble: {src: /etc/d, dest: /x, remote_src: no}", "lies outside playbooks/"),
        ("unarchive: {src: 'https://x/y.tgz', dest: /x}", "the controller fetches nothing"),
        (
            "uri: {url: x, body_format: form-multipart, body: {f: {filename: /etc/passwd}}}",
            "sends files of the controller",
        ),
        ("add_host: name=x", 'p/x.yml:3:7: "add_host": hosts that are not in the plan'),
        ("ansible.builtin.add_host: {name: x}", "hosts that are not in the plan"),
        ("fetch: {src: /a, dest: /b}", "writes nothing on the controller"),
        ("local_action: command id", "the controller is no host of the plan"),
        ("{command: id, connection: local}", '"connection": the plan has bound'),
        ("{command: id, remote_user: root}", '"remote_user": the plan has bound'),
        ("{command: id, port: 2222}", '"port": the plan has bound'),
        ("{command: id, vars: {ansible_host: x}}", 'p/x.yml:3:28: "ansible_host"'),
        ("{block: [{ping: }], vars: {ansible_connection: local}}", '"ansible_connection"'),
        ("set_fact: {ansible_user: root}", '"ansible_user"'),
        ("set_fact: {'{{ a }}': 1}", "the name of a fact is written out"),
        ("{command: id, register: ansible_host}", '"ansible_host"'),
        ("{command: id, register: {ansible_host: x}}", '"ansible_host"'),
        ("{command: id, register: '{{ a }}'}", "the name of a variable is written out"),
        ("{command: id, loop: [b], loop_control: {loop_var: ansible_host}}", 'p/x.yml:3:57: "ansible_host"'),
        ("{command: id, loop: [b], loop_control: {index_var: ansible_port}}", '"ansible_port"'),
        ("{command: id, loop: [b], loop_control: {loop_var: '{{ a }}'}}", "the name of a variable is written out"),
        ("{command: id, loop: [b], loop_control: {loop_var: each}}", None),
        ("include_vars: {file: t.yml, name: ansible_host}", '"ansible_host"'),
        ("{command: id, delegate_to: '{{ groups.db[0] }}'}", '"delegate_to": expected the name of a host'),
        ("{command: id, check_mode: false}", 'p/x.yml:3:21: "check_mode": a check changes nothing'),
        ("{command: id, check_mode: '{{ a }}'}", '"check_mode": a check changes nothing'),
        ("{command: id, check_mode: true}", None),
        ("{block: [{ping: }], check_mode: no}", '"check_mode": a check changes nothing'),
        ("include_role: {name: r, apply: {check_mode: false}}", 'p/x.yml:3:39: "check_mode"'),
        ("include_tasks: {file: t.yml, apply: {delegate_to: '{{ a }}'}}", '"delegate_to": expected the name of a host'),
        ("{include_tasks: t.yml, args: {apply: {connection: local}}}", '"connection": the plan has bound'),
        ("{command: id, async: 60, poll: 0}", 'p/x.yml:3:32: "poll": expected a number of seconds from 1'),
        ("{command: id, async: 60, poll: '{{ a }}'}", '"poll": expected a number'),
        ("{command: id, async: 60, poll: 5}", None),
        ("{copy: {dest: /x}, args: '{{ a }}'}", "arguments of a module are written out"),
        ("copy: '{{ a }}'", "arguments of a module are written out"),
        ("{ping: , module_defaults: {copy: {src: /etc/shadow}}}", '"/etc/shadow" lies outside playbooks/'),
        ("{ping: , module_defaults: [{ansible.builtin.copy: {src: /etc/shadow}}]}", "lies outside playbooks/"),
        ("{ping: , module_defaults: '{{ a }}'}", "arguments of a module are written out"),
        ("{command: id, debugger: always}", '"debugger": nobody is there'),
        ("pause:", "use a gate of the runbook"),
        ("nonsense: {}", 'p/x.yml:3:7: "nonsense": no module of that name'),
        ("coppy: {}", 'did you mean "copy"?'),
        ("ansible.builtin.nonsense: {}", '"ansible.builtin.nonsense": no module'),
        ("community.general.ini_file: {}", 'collection "community.general" is not vendored'),
        ("debug: {msg: '{{ a | community.general.x }}'}", 'collection "community.general" is not vendored'),
        ("{command: id, with_nonsense: a, args: {x: !vault y}}", "secrets are not kept"),
        ("template: {src: r.j2, dest: /x, variable_start_string: '<<'}", "Ansible's own delimiters"),
        ("debug: {msg: \"{{ lookup('template', 'r.j2', variable_start_string='<<') }}\"}", "Ansible's own delimiters"),
    ],
)
def test_what_a_run_does_not_allow(task: str, expected: str | None) -> None:
    site = {"p/x.yml": play(task), "p/t.yml": "[]", "roles/r/tasks/main.yml": "[]", "p/templates/r.j2": "a"}
    lines = problems(site)
    if expected is None:
        assert lines == []
    else:
        assert any(expected in line for line in lines), lines


@pytest.mark.parametrize(
    "head, expected",
    [
        ("connection: local", 'p/x.yml:2:3: "connection"'),
        ("check_mode: false", 'p/x.yml:2:3: "check_mode"'),
        ("roles: [{role: r, check_mode: false}]", '"check_mode"'),
        ("vars: {ansible_ssh_common_args: x}", '"ansible_ssh_common_args"'),
        ("vars_prompt: [{name: x}]", '"vars_prompt": nobody is there'),
        ("strategy: debug", 'strategy "debug": expected one of free, host_pinned, linear'),
        ("vars_files: [/etc/x.yml]", "lies outside playbooks/"),
        ("vars_files: [own.yml]", 'p/own.yml:1:1: "ansible_port"'),
        ("roles: [{role: r, ansible_host: x}]", '"ansible_host"'),
        ("roles: [bad]", 'roles/bad/defaults/main.yml:1:1: "ansible_user"'),
        ("roles: [../../r]", 'role "../../r" is missing'),
        ("roles: [plain]", 'roles/plain/tasks/main:1:3: "add_host"'),
        ("roles: [plain]", 'roles/plain/vars/main.json:1:2: "ansible_host"'),
        ("roles: [templated]", 'roles/templated/files/evil.txt:1:3: "add_host"'),
        ("vars_files: [own.json]", 'p/own.json:1:2: "ansible_port"'),
        ("roles: [needy]", 'roles/needy/meta/main.yml:1:26: "check_mode": a check changes nothing'),
        ("roles: [needy]", 'roles/needy/meta/main.yml:1:45: "ansible_host"'),
        ("roles: [needy]", 'roles/needy/meta/main.yml:1:62: "connection": the plan has bound'),
        ("roles: [conn]", "roles/conn/connection_plugins/x.py:1:1: connection_plugins"),
    ],
)
def test_what_a_play_does_not_allow(head: str, expected: str) -> None:
    site: dict[str, str | bytes] = {
        "p/x.yml": play(head=head),
        "p/own.yml": "ansible_port: 1",
        "roles/r/tasks/main.yml": "[]",
        "roles/bad/defaults/main.yml": "ansible_user: x",
        "roles/conn/connection_plugins/x.py": "",
        "roles/needy/meta/main.yml": "dependencies: [{role: r, check_mode: false, ansible_host: x, connection: local}]",
        "roles/plain/tasks/main": "- add_host: {name: x}",
        "roles/plain/vars/main.json": '{"ansible_host": "x"}',
        "roles/templated/tasks/main.yml": "- include_tasks: '{{ a }}'",
        "roles/templated/files/evil.txt": "- add_host: {name: x}",
        "roles/templated/files/binary": b"\xff\x00",
        "roles/templated/files/words": "[ no YAML: {",
        "p/own.json": '{"ansible_port": 1}',
    }
    lines = problems(site)
    assert any(expected in line for line in lines), lines


@pytest.mark.parametrize(
    "name", ["p/group_vars/all.yml", "host_vars/x.yml", "p/callback_plugins/x.py", "vars_plugins/x.py"]
)
def test_what_ansible_would_read_beside_a_playbook_and_a_run_does_not(name: str) -> None:
    folder = name.rsplit("/", 1)[0]
    assert [line.split(":")[0] for line in problems({"p/x.yml": PLAIN, name: ""})] == [folder]
