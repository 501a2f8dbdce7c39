"""The inventory is read as Ansible reads it, and what a run sees of it is the same again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runner.model.plan import Binding, Connection
from runner.model.runbook import Targets
from runner.runbook.binding import INTERPRETER, bind_hosts, effective_variables, inventory_document
from runner.runbook.inventory import read_inventory
from tests.ssh_pins import ECDSA, ED25519, OTHER, RSA

FILES = {
    "hosts.yml": """\
all:
  vars: {site: 上海, answer: 42, list: [a, {b: c}], flag: true, own: "{{ inventory_hostname }}-x", over: inline}
  hosts:
    alone: {ansible_connection: local, note: "yes", mode: "0755", empty: , colon: "a: b", hash: "# no", quote: "it's"}
  children:
    web:
      hosts:
        web[01:03]: {ansible_user: ops, over: host}
      vars: {color: blue, depth: web, big: 9007199254740991}
    prod:
      children:
        web:
        db:
      vars: {color: red, depth: prod, only_prod: 1}
db:
  hosts:
    db-a: {ansible_host: 10.0.0.5, ansible_port: 2222, ansible_become: true}
    db-b: {ansible_host: 10.0.0.6}
zone:
  children: {db: {}}
  vars: {depth: zone, long: "a very long text that no line of YAML would hold without being folded, if it were folded"}
empty:
""",
    "group_vars/all.yml": "extra: all-file\nover: file\n",
    "group_vars/web/a.yml": "listen: [80, 443]\nfirst: a\n",
    "group_vars/web/b.yml": "listen: [8080]\nsecond: b\n",
    "group_vars/zone.yaml": "lines: |\n  one\n  two\n",
    "host_vars/db-a.yml": "rack: 7\n",
    "known_hosts": f"web01 {ED25519}\nweb02 {OTHER}\nweb03 {ECDSA}\n[10.0.0.5]:2222 {RSA}\ndb-b {ED25519}\n",
}


@pytest.fixture
def folder(awkward_folder: Path) -> Path:
    for name, text in FILES.items():
        path = awkward_folder / "rich" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return awkward_folder / "rich"


def as_ansible(hosts: Path) -> dict[str, Any]:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("ansible-inventory")), "-i", str(hosts), "--list"],
        env={"PATH": "/usr/bin:/bin", "HOME": str(hosts.parent), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def groups_of(listed: dict[str, Any]) -> dict[str, dict[str, set[str]]]:
    return {
        name: {key: set(names) for key, names in group.items()}
        for name, group in listed.items()
        if name not in {"_meta", "empty"}
    }


def test_ansible_reads_the_same_from_the_files_and_from_what_a_run_sees(folder: Path) -> None:
    inventory = read_inventory(folder, machine="here")
    hosts = tuple(host for host in inventory.hosts if host.name != "db-b")
    _, groups = bind_hosts(inventory, Targets(hosts=tuple(host.name for host in hosts)))
    binding = Binding("rich", production=False, hosts=hosts, groups=groups, batches=(), parameters={}, window=None)
    snapshot = folder.parent / "snapshot" / "hosts.yml"
    snapshot.parent.mkdir()
    snapshot.write_text(inventory_document(binding), "utf-8")

    written, seen = as_ansible(folder / "hosts.yml"), as_ansible(snapshot)
    of_files, of_snapshot = written["_meta"]["hostvars"], seen["_meta"]["hostvars"]
    for host in hosts:
        expected = dict(of_files[host.name])
        assert effective_variables(host, groups) == expected
        if host.connection is Connection.LOCAL:
            expected[INTERPRETER] = "{{ ansible_playbook_python }}"
        assert of_snapshot[host.name] == expected

    of_written = groups_of(written)
    of_written["all"]["children"].discard("empty")
    of_written["db"]["hosts"].discard("db-b")
    assert groups_of(seen) == of_written
