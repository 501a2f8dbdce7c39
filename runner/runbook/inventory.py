"""The static inventory of an environment: Ansible's YAML format, its variables beside it, and pinned host keys.

What is read is what Ansible would read from the same files; `ansible-inventory` is the judge in the tests. Anything
dynamic is refused: an inventory is data that two people can look at.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from runner.errors import NotFoundError, UsageError
from runner.model.document import JsonValue
from runner.model.plan import Connection, Group, Host
from runner.model.site import Site
from runner.runbook.group_tree import ALL, GroupTree, Lineage, Variable, Variables, lineage_of
from runner.runbook.inventory_files import HOSTS_FILE, UNGROUPED, InventoryFiles
from runner.runbook.known_hosts import SSH_PORT, identity_of, keys_of, name_of, parse_known_hosts
from runner.runbook.names import is_address, is_user
from runner.runbook.places import this_machine
from runner.runbook.problems import Problem, invalid, say
from runner.words import N_

KNOWN_HOSTS_FILE: Final = "known_hosts"
_DYNAMIC_SUFFIXES: Final = frozenset({".ini", ".py", ".sh", ".pl", ".rb", ".json", ".toml", ".cfg"})
_MOST_PORT: Final = 65535


@dataclass(frozen=True, slots=True)
class Inventory:
    """Every host and group of an environment."""

    environment: str
    hosts: tuple[Host, ...]
    """Sorted by name."""
    groups: tuple[Group, ...]
    """Sorted by name; includes `all`. A group's hosts are those it names itself."""


def load_inventory(site: Site) -> Inventory:
    """The inventory of the environment a site serves, as seen from this machine.

    Raises:
        NotFoundError: the environment has no inventory.
        InvalidContentError: with every problem of its files.
    """
    return read_inventory(site.inventory, machine=this_machine(), site=site.root)


def read_inventory(folder: Path, *, machine: str, site: Path | None = None) -> Inventory:
    """The inventory in a folder.

    Args:
        folder: folder of the environment, `inventory/NAME`.
        machine: stable name of this machine; hosts with a local connection are it.
        site: folder that problems name files from.

    Raises:
        NotFoundError: the folder has no inventory.
        InvalidContentError: with every problem of its files.
    """
    shown = folder.relative_to(site).as_posix() if site is not None and folder.is_relative_to(site) else str(folder)
    if not (folder / HOSTS_FILE).is_file():
        raise _no_inventory(folder, shown)
    try:
        problems = list(_dynamic_sources(folder, shown))
        files = InventoryFiles(folder, shown)
        files.read()
        known = folder / KNOWN_HOSTS_FILE
        pinned_by, key_problems = parse_known_hosts(
            known.read_bytes() if known.exists() else b"", f"{shown}/{known.name}"
        )
    except OSError as error:
        raise UsageError(
            N_("{path}: cannot be read: {why}"), path=str(error.filename or shown), why=error.strerror or str(error)
        ) from error
    problems += [*files.problems, *key_problems, *_graph_problems(files.tree, shown)]
    if problems:
        raise invalid(shown, problems)
    builder = _Builder(files.tree, lineage_of(files.tree), pinned_by, machine, f"{shown}/{KNOWN_HOSTS_FILE}")
    inventory = builder.inventory(folder.name)
    if builder.problems:
        raise invalid(shown, builder.problems)
    return inventory


def _no_inventory(folder: Path, shown: str) -> UsageError:
    others = sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []
    if others:
        return NotFoundError(
            N_("{folder}: {file} is missing"),
            hint=N_("write the hosts as static YAML into {file}; dynamic sources are imported, not run"),
            folder=shown,
            file=HOSTS_FILE,
        )
    return NotFoundError(N_("{folder}: no inventory there"), folder=shown)


def _dynamic_sources(folder: Path, shown: str) -> Iterator[Problem]:
    """Files that Ansible would take for sources of hosts, and that are not read here."""
    message = N_("not static YAML: write its hosts into {file}, or keep it elsewhere")
    for entry in sorted(folder.iterdir()):
        if not entry.is_file() or entry.name.startswith("."):
            continue
        is_program = bool(entry.stat().st_mode & stat.S_IXUSR) and os.access(entry, os.R_OK)
        if is_program or entry.suffix in _DYNAMIC_SUFFIXES or entry.name == "hosts":
            yield Problem(f"{shown}/{entry.name}", 1, 1, say(message, file=HOSTS_FILE))


def _graph_problems(tree: GroupTree, shown: str) -> Iterator[Problem]:
    path = f"{shown}/{HOSTS_FILE}"
    if found := tree.cycle():
        position = tree.groups[found[0]].children[found[1]]
        yield Problem(path, *position, say(N_("groups contain one another: {groups}"), groups=" > ".join(found)))
    for name, host in tree.hosts.items():
        if name in tree.groups:
            yield Problem(path, *host.position, say(N_('"{name}" is both a host and a group'), name=name))
    ungrouped = tree.groups.get(UNGROUPED)
    if ungrouped is not None and (ungrouped.children or ungrouped.variables):
        yield Problem(path, 1, 1, say(N_('group "{name}" holds hosts only'), name=UNGROUPED))


class _Builder:
    """Builds the values of an inventory from its graph."""

    def __init__(
        self, tree: GroupTree, lineage: Lineage, pinned: Mapping[str, tuple[str, ...]], machine: str, keys_file: str
    ) -> None:
        self.problems: list[Problem] = []
        self._tree = tree
        self._lineage = lineage
        self._pinned = pinned
        self._machine = machine
        self._keys_file = keys_file

    def inventory(self, environment: str) -> Inventory:
        hosts = tuple(self._host(name) for name in sorted(self._tree.hosts))
        parents = self._tree.parents()
        groups: list[Group] = []
        for name in sorted(self._tree.groups):
            if name == UNGROUPED:
                continue
            raw = self._tree.groups[name]
            children = set(raw.children)
            if name == ALL:
                children |= {child for child, above in parents.items() if above == {ALL} and child != UNGROUPED}
            groups.append(Group(name, tuple(raw.hosts), tuple(sorted(children)), _plain(raw.variables)))
        return Inventory(environment, hosts, tuple(groups))

    def _host(self, name: str) -> Host:
        raw = self._tree.hosts[name]
        effective = self._lineage.merged(self._tree, name)
        self._require_one_reading(name, effective)
        settings = _Settings(effective, self._note)
        connection = settings.connection()
        variables = _plain(raw.variables)
        if connection is Connection.LOCAL:
            return Host(name, connection, f"local:{self._machine}", variables=variables)
        address, port, user = settings.address(name), settings.port(), settings.user()
        keys = keys_of(self._pinned, address, port, name)
        if not keys:
            line = f"{name_of(address, port)} ssh-ed25519 …"
            message = N_(
                'host "{name}": no host key is pinned; check its key on the host itself, then add "{line}" to {file}'
            )
            text = say(message, name=name, line=line, file=self._keys_file)
            self.problems.append(Problem(raw.path, *raw.position, text))
        identity = identity_of(keys) if keys else ""
        return Host(name, connection, identity, address, port, user, keys, variables)

    def _require_one_reading(self, host: str, merged: Variables) -> None:
        """Refuse variables for which files beside the inventory would win over a deeper group inside it."""
        for name, variable in self._lineage.as_ansible(self._tree, host).items():
            if merged[name].value != variable.value:
                other = f"{merged[name].path}:{merged[name].position[0]}"
                message = N_(
                    '"{name}" is also set in {other}, and which one wins is easily mistaken; set it in files only'
                )
                self._note(variable, message, name, other)

    def _note(self, variable: Variable, message: str, name: str, other: str = "") -> None:
        problem = Problem(variable.path, *variable.position, say(message, name=name, other=other))
        if problem not in self.problems:
            self.problems.append(problem)


class _Settings:
    """How a host is reached, from its variables."""

    def __init__(self, variables: Variables, note: Callable[[Variable, str, str], None]) -> None:
        self._variables = variables
        self._note = note

    def connection(self) -> Connection:
        value = self._get("ansible_connection", Connection.SSH.value)
        if isinstance(value, str) and value in set(Connection):
            return Connection(value)
        self._refuse("ansible_connection", N_('"{name}": expected ssh or local'))
        return Connection.LOCAL

    def address(self, name: str) -> str:
        value = self._get("ansible_host", name)
        if isinstance(value, str) and is_address(value):
            return value
        self._refuse("ansible_host", N_('"{name}": expected the name or address of a host'))
        return name

    def port(self) -> int:
        value = self._get("ansible_port", SSH_PORT)
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _MOST_PORT:
            return value
        self._refuse("ansible_port", N_('"{name}": expected a port, 1 to 65535, without quotes'))
        return SSH_PORT

    def user(self) -> str:
        value = self._get("ansible_user", "")
        if isinstance(value, str) and (not value or is_user(value)):
            return value
        self._refuse("ansible_user", N_('"{name}": expected the name of a user'))
        return ""

    def _get(self, name: str, usual: JsonValue) -> JsonValue:
        return self._variables[name].value if name in self._variables else usual

    def _refuse(self, name: str, message: str) -> None:
        self._note(self._variables[name], message, name)


def _plain(variables: Variables) -> dict[str, JsonValue]:
    return {name: variables[name].value for name in sorted(variables)}
