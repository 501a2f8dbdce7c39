from __future__ import annotations

import stat
from pathlib import Path

import pytest

from runner.errors import InvalidContentError, NotFoundError, UsageError
from runner.model.plan import Binding, Connection
from runner.model.runbook import Targets
from runner.runbook.binding import bind_hosts, cut_groups, effective_variables, inventory_document
from runner.runbook.host_ranges import expand_range
from runner.runbook.inventory import Inventory, read_inventory
from runner.runbook.known_hosts import known_hosts_text, parse_known_hosts, ssh_config_text
from tests.ssh_pins import ECDSA, ED25519, OTHER, RSA

HOSTS = """\
all:
  vars: {site: 上海}
  hosts:
    alone: {ansible_connection: local}
  children:
    web:
      hosts:
        web[01:02]:
        db: {rack: 7}
      vars: {color: blue, depth: web}
    prod:
      children: {web: , data: }
      vars: {depth: prod}
data:
  hosts:
    db: {ansible_host: 10.0.0.5, ansible_port: 2222, ansible_user: ops}
"""
PINS = f"web01 {ED25519}\nweb02,other {OTHER} note\n[10.0.0.5]:2222 {ECDSA}\n[10.0.0.5]:2222 {RSA}\n"


def make(tmp_path: Path, files: dict[str, str]) -> Path:
    folder = tmp_path / "inventory" / "rich"
    for name, text in {"hosts.yml": HOSTS, "known_hosts": PINS, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def read(folder: Path) -> Inventory:
    return read_inventory(folder, machine="here", site=folder.parents[1])


def problems_of(folder: Path) -> tuple[str, ...]:
    with pytest.raises(InvalidContentError) as caught:
        read(folder)
    return caught.value.problems


def test_hosts_with_their_pins(tmp_path: Path) -> None:
    hosts = {host.name: host for host in read(make(tmp_path, {})).hosts}
    assert list(hosts) == ["alone", "db", "web01", "web02"]
    assert (hosts["alone"].connection, hosts["alone"].identity) == (Connection.LOCAL, "local:here")
    db = hosts["db"]
    assert (db.address, db.port, db.user) == ("10.0.0.5", 2222, "ops")
    assert db.host_keys == (ECDSA, RSA)
    assert db.identity.startswith("hostkey:SHA256:")
    assert hosts["web01"].identity != hosts["web02"].identity
    assert db.variables == {"ansible_host": "10.0.0.5", "ansible_port": 2222, "ansible_user": "ops", "rack": 7}


def test_groups_with_what_they_name(tmp_path: Path) -> None:
    groups = {
        group.name: group for group in read(make(tmp_path, {"group_vars/web.yml": "color: green\nextra: 1"})).groups
    }
    assert groups["all"].children == ("prod", "web")
    assert groups["web"].hosts == ("web01", "web02", "db")
    assert groups["web"].variables == {"color": "green", "depth": "web", "extra": 1}
    assert groups["prod"].children == ("data", "web")


def test_the_same_key_under_another_order_is_the_same_host(tmp_path: Path) -> None:
    first = {host.name: host for host in read(make(tmp_path, {})).hosts}["db"]
    turned = PINS.replace(ECDSA, "@").replace(RSA, ECDSA).replace("@", RSA)
    second = {host.name: host for host in read(make(tmp_path / "b", {"known_hosts": turned})).hosts}["db"]
    assert (first.identity, first.host_keys) == (second.identity, second.host_keys)


@pytest.mark.parametrize(
    "files, line",
    [
        ({"known_hosts": ""}, 'rich/hosts.yml:8:9: host "web01": no host key is pinned'),
        ({"hosts.yml": "- a"}, "rich/hosts.yml:1:1: expected a mapping of groups"),
        (
            {"hosts.yml": "all: {hots: {a: }}"},
            'rich/hosts.yml:1:7: group "all": unknown key "hots" (did you mean "hosts"?)',
        ),
        ({"hosts.yml": "all: {hosts: [a]}"}, 'rich/hosts.yml:1:14: group "all": hosts: expected a mapping'),
        ({"hosts.yml": "all: {hosts: {'a b': }}"}, 'rich/hosts.yml:1:15: host "a b": expected letters'),
        ({"hosts.yml": "all: {hosts: {'a:22': }}"}, "a port goes into ansible_port"),
        ({"hosts.yml": "all: {hosts: {'w[9:1]': }}"}, 'rich/hosts.yml:1:15: host "w[9:1]"'),
        ({"hosts.yml": "all: {hosts: {a: 5}}"}, 'rich/hosts.yml:1:18: host "a": expected a mapping of variables'),
        ({"hosts.yml": "x y: {}"}, 'rich/hosts.yml:1:1: group "x y"'),
        ({"hosts.yml": "a: {children: {b: {children: {a: }}}}"}, "groups contain one another: a > b > a"),
        ({"hosts.yml": "a: {children: {all: }}"}, 'group "all" cannot be inside another'),
        ({"hosts.yml": "web: {hosts: {web: }}"}, '"web" is both a host and a group'),
        ({"hosts.yml": "all: {vars: {n: 1.5}}"}, "rich/hosts.yml:1:17: 1.5: only whole numbers"),
        ({"hosts.yml": "all: {vars: {n: yes}}"}, "rich/hosts.yml:1:17: yes: true or false to some readers"),
        ({"hosts.yml": "all: {vars: {n: !vault x}}"}, "rich/hosts.yml:1:17: !vault: secrets"),
        ({"hosts.yml": "all: {vars: {ansible_ssh_common_args: x}}"}, '"ansible_ssh_common_args"'),
        ({"hosts.yml": "all: {vars: {ansible_pasword: x}}"}, "rich/hosts.yml:1:14: "),
        ({"hosts.yml": "all: {vars: {ansible_become_password: x}}"}, "secrets are not kept"),
        ({"hosts.yml": "all: {vars: {hostvars: x}}"}, '"hostvars" is provided by Ansible'),
        ({"hosts.yml": "all: {vars: {twokey_kee: true}}"}, "Twokey's own"),
        ({"hosts.yml": "all: {vars: {ansible_host: '{{ x }}'}}"}, "it must be written out"),
        ({"hosts.yml": "all: {vars: {a: [{b: \"{{ lookup('pipe', 'id') }}\"}]}}"}, "rich/hosts.yml:1:22: "),
        ({"hosts.yml": "all: {hosts: {a: {ansible_connection: docker}}}"}, "expected ssh or local"),
        ({"hosts.yml": "all: {hosts: {a: {ansible_port: '22'}}}"}, "expected a port"),
        ({"hosts.yml": "all: {hosts: {a: {ansible_port: 70000}}}"}, "expected a port"),
        (
            {"hosts.yml": "all: {hosts: {a: {ansible_host: -oProxyCommand=x}}}"},
            "expected the name or address of a host",
        ),
        ({"hosts.yml": "all: {hosts: {a: {ansible_user: 'x y'}}}"}, "expected the name of a user"),
        (
            {"group_vars/wbe.yml": "a: 1"},
            'group_vars/wbe.yml:1:1: no group "wbe" in the inventory (did you mean "web"?)',
        ),
        (
            {"host_vars/web03.yml": "a: 1"},
            'host_vars/web03.yml:1:1: no host "web03" in the inventory (did you mean "web0',
        ),
        ({"group_vars/web.yml": "- a"}, "group_vars/web.yml:1:1: expected a mapping of variables"),
        ({"group_vars/web.json": "{}"}, "group_vars/web.json:1:1: variables are kept in .yml files"),
        ({"group_vars/web.yml": "a: 1", "group_vars/web/b.yml": "b: 1"}, "Ansible would read one of them"),
        ({"group_vars/web/sub/b.yml": "b: 1"}, "group_vars/web/sub:1:1: variables are kept in .yml files"),
        ({"group_vars/prod.yml": "depth: x"}, "which one wins is easily mistaken"),
        ({"hosts.ini": "[a]"}, "hosts.ini:1:1: not static YAML"),
        ({"known_hosts": PINS + f"@cert-authority * {ED25519}"}, "known_hosts:5:1: "),
        ({"known_hosts": PINS + f"|1|abc=|def= {ED25519}"}, "a hashed name"),
        ({"known_hosts": PINS + f"*.example {ED25519}"}, "expected the name of one host"),
        (
            {"known_hosts": PINS + "a ssh-dss AAAA"},
            'known_hosts:5:3: "ssh-dss": not a type of host key that is trusted',
        ),
        ({"known_hosts": PINS + "a ssh-ed25519 AAAA"}, "not a key of the type named before it"),
        ({"known_hosts": PINS + "a ssh-ed25519 ***"}, "not base64"),
        ({"known_hosts": PINS + "a ssh-ed25519 \u00ff"}, "not base64"),
        ({"known_hosts": PINS + "a ssh-ed25519"}, "expected NAME TYPE KEY"),
    ],
)
def test_problems_with_their_places(tmp_path: Path, files: dict[str, str], line: str) -> None:
    lines = problems_of(make(tmp_path, files))
    assert any(line in problem for problem in lines), lines
    assert all(problem.startswith("inventory/rich") for problem in lines)


def test_programs_are_no_inventory(tmp_path: Path) -> None:
    folder = make(tmp_path, {"cloud": "#!/bin/sh\n"})
    (folder / "cloud").chmod(stat.S_IRWXU)
    assert any("cloud:1:1: not static YAML" in line for line in problems_of(folder))


def test_all_problems_of_all_files_at_once(tmp_path: Path) -> None:
    lines = problems_of(make(tmp_path, {"group_vars/wbe.yml": "a: 1", "known_hosts": "x", "host_vars/db.yml": "on: 1"}))
    assert {line.split(":")[0].rsplit("/", 1)[1] for line in lines} == {"wbe.yml", "known_hosts", "db.yml"}


def test_no_inventory(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no inventory there"):
        read_inventory(tmp_path / "none", machine="here")
    (tmp_path / "hosts.ini").write_text("a", "utf-8")
    with pytest.raises(NotFoundError, match=r"hosts\.yml is missing") as caught:
        read_inventory(tmp_path, machine="here")
    assert "static YAML" in caught.value.advice()


def test_a_plan_binds_its_hosts_and_their_groups_only(tmp_path: Path) -> None:
    inventory = read(make(tmp_path, {}))
    hosts, groups = bind_hosts(inventory, Targets(group="data"))
    assert [host.name for host in hosts] == ["db"]
    assert {group.name: (group.hosts, group.children) for group in groups} == {
        "all": ((), ("prod", "web")),
        "data": (("db",), ()),
        "prod": ((), ("data", "web")),
        "web": (("db",), ()),
    }


def test_variables_are_those_of_the_whole_inventory_after_the_cut(tmp_path: Path) -> None:
    inventory = read(make(tmp_path, {}))
    db = next(host for host in inventory.hosts if host.name == "db")
    whole = effective_variables(db, inventory.groups)
    assert whole["depth"] == "web"
    assert effective_variables(db, cut_groups(inventory, ["db"])) == whole


@pytest.mark.parametrize(
    "targets, words",
    [
        (Targets(group="wbe"), 'group "wbe"'),
        (Targets(hosts=("web1",)), 'host "web1"'),
    ],
)
def test_unknown_targets_are_answered_with_the_nearest(tmp_path: Path, targets: Targets, words: str) -> None:
    with pytest.raises(NotFoundError, match=words) as caught:
        bind_hosts(read(make(tmp_path, {})), targets)
    assert "did you mean" in caught.value.advice()


def test_an_empty_group_is_no_target(tmp_path: Path) -> None:
    folder = make(tmp_path, {"hosts.yml": HOSTS + "empty:\n"})
    with pytest.raises(UsageError, match="no host"):
        bind_hosts(read(folder), Targets(group="empty"))


def test_one_machine_is_not_taken_under_two_names(tmp_path: Path) -> None:
    folder = make(tmp_path, {"known_hosts": PINS + f"web02 {ED25519}\n".replace("web02", "twin")})
    (folder / "hosts.yml").write_text(HOSTS + "twins: {hosts: {web01: , twin: }}\n", "utf-8")
    with pytest.raises(UsageError, match="one machine must not be taken twice"):
        bind_hosts(read(folder), Targets(group="twins"))


def test_a_run_sees_static_files_of_its_hosts_only(tmp_path: Path) -> None:
    hosts, groups = bind_hosts(read(make(tmp_path, {})), Targets(hosts=("db", "alone")))
    binding = Binding("rich", production=False, hosts=hosts, groups=groups, batches=(), parameters={}, window=None)
    document = inventory_document(binding)
    assert "web01" not in document
    assert "ansible_python_interpreter: '{{ ansible_playbook_python }}'" in document
    assert known_hosts_text(hosts) == f"[10.0.0.5]:2222 {ECDSA}\n[10.0.0.5]:2222 {RSA}\n"
    assert ssh_config_text(hosts).splitlines()[1:] == [
        "Host db",
        "    HostName 10.0.0.5",
        "    Port 2222",
        "    User ops",
    ]


def test_the_interpreter_a_site_names_stays(tmp_path: Path) -> None:
    text = HOSTS.replace("vars: {site: 上海}", "vars: {site: 上海, ansible_python_interpreter: /usr/bin/python3}")
    hosts, groups = bind_hosts(read(make(tmp_path, {"hosts.yml": text})), Targets(hosts=("alone",)))
    binding = Binding("rich", production=False, hosts=hosts, groups=groups, batches=(), parameters={}, window=None)
    assert "ansible_playbook_python" not in inventory_document(binding)


def test_pins_are_found_by_address_first_then_by_name(tmp_path: Path) -> None:
    by_name = PINS.replace("[10.0.0.5]:2222", "db")
    hosts = {host.name: host for host in read(make(tmp_path, {"known_hosts": by_name})).hosts}
    assert hosts["db"].host_keys == (ECDSA, RSA)


@pytest.mark.parametrize(
    "pattern, names",
    [
        ("web", ("web",)),
        ("w[1:3]", ("w1", "w2", "w3")),
        ("w[01:03]x", ("w01x", "w02x", "w03x")),
        ("w[08:10]", ("w08", "w09", "w10")),
        ("w[0:8:4]", ("w0", "w4", "w8")),
        ("[a:c]", ("a", "b", "c")),
        ("[a:b][1:2]", ("a1", "a2", "b1", "b2")),
        ("w[3:1]", None),
        ("w[a:1]", None),
        ("w[01:3]", None),
        ("w[1:2", None),
        ("w1:2]", None),
        ("w[1:2]]", None),
        ("w[]", None),
        ("w[1:999999999999]", None),
        ("[1:999][1:999]", None),
        ("w[a:Z]", None),
    ],
)
def test_ranges(pattern: str, names: tuple[str, ...] | None) -> None:
    assert expand_range(pattern) == names


def test_names_of_pins_are_looked_up_as_ssh_does() -> None:
    pinned, problems = parse_known_hosts(f"# c\n\n[Web]:22,[web]:23 {ED25519} who\n".encode(), "known_hosts")
    assert problems == ()
    assert pinned == {"web": (ED25519,), "[web]:23": (ED25519,)}
