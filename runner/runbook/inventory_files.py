"""The files of an environment's inventory, read into a graph of groups: `hosts.yml`, `group_vars/`, `host_vars/`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from runner.model.document import JsonValue
from runner.model.finding import DocumentPath
from runner.model.nearest import nearest
from runner.rules.variables import CONNECTION_SETTINGS, INVENTORY_SETTINGS, refused_name
from runner.runbook.group_tree import ALL, GroupTree, RawGroup, RawHost, Variable, Variables
from runner.runbook.host_ranges import expand_range
from runner.runbook.jinja import UseKind, has_template, uses_of_template
from runner.runbook.names import is_group_name, is_host_name
from runner.runbook.problems import Problem, meant, say
from runner.runbook.yaml_source import Places, read_yaml
from runner.words import N_

HOSTS_FILE: Final = "hosts.yml"
UNGROUPED: Final = "ungrouped"
TWOKEY_VARIABLES: Final = frozenset({"twokey_key"})
"""Variables that Twokey itself reads: `twokey_key: true` marks a key target."""

_BODY: Final = ("hosts", "vars", "children")
_SUFFIXES: Final = (".yml", ".yaml")


class InventoryFiles:
    """Reads the files of one environment, collecting what is wrong."""

    def __init__(self, folder: Path, shown: str) -> None:
        """Make a reader.

        Args:
            folder: folder of the environment.
            shown: how to name the folder in problems.
        """
        self.tree = GroupTree()
        self.problems: list[Problem] = []
        self._folder = folder
        self._shown = shown

    def read(self) -> None:
        """Read everything but the host keys."""
        self._read_hosts()
        for kind, known in (("group_vars", set(self.tree.groups)), ("host_vars", set(self.tree.hosts))):
            self._read_variables(kind, known)

    def _read_hosts(self) -> None:
        path = f"{self._shown}/{HOSTS_FILE}"
        read = read_yaml((self._folder / HOSTS_FILE).read_bytes(), path)
        self.problems += read.problems
        if not isinstance(read.value, dict):
            if read.readable:
                self._note(path, (1, 1), N_("expected a mapping of groups"))
            return
        for name, body in read.value.items():
            self._group(_Here(path, read.places, (name,)), name, body)

    def _group(self, here: _Here, name: str, body: JsonValue) -> None:
        if not is_group_name(name):
            self._note(here.path, here.key(), N_('group "{name}": expected letters, digits, "_" and "-"'), name=name)
            return
        group = self.tree.groups.setdefault(name, RawGroup())
        if body is None:
            return
        if not isinstance(body, dict):
            self._note(here.path, here.value(), N_('group "{name}": expected a mapping'), name=name)
            return
        for key, value in body.items():
            inside = here.down(key)
            if key not in _BODY:
                message = N_('group "{name}": unknown key "{key}"{meant}')
                self._note(here.path, inside.key(), message, name=name, key=key, meant=meant(key, _BODY))
            elif value is None:
                continue
            elif not isinstance(value, dict):
                self._note(
                    here.path, inside.value(), N_('group "{name}": {key}: expected a mapping'), name=name, key=key
                )
            elif key == "vars":
                group.inline.update(self._variables(inside, value))
            elif key == "hosts":
                self._hosts(inside, group, value)
            else:
                self._children(inside, group, value)

    def _children(self, here: _Here, group: RawGroup, children: dict[str, JsonValue]) -> None:
        for name, body in children.items():
            inside = here.down(name)
            if name in {ALL, UNGROUPED}:
                self._note(here.path, inside.key(), N_('group "{name}" cannot be inside another'), name=name)
                continue
            self._group(inside, name, body)
            if name in self.tree.groups:
                group.children.setdefault(name, inside.key())

    def _hosts(self, here: _Here, group: RawGroup, hosts: dict[str, JsonValue]) -> None:
        for pattern, body in hosts.items():
            inside = here.down(pattern)
            names = expand_range(pattern)
            if names is None or not all(is_host_name(name) for name in names):
                message = N_(
                    'host "{name}": expected letters, digits, ".", "_" and "-", or a range such as web[01:10]; '
                    "a port goes into ansible_port"
                )
                self._note(here.path, inside.key(), message, name=pattern)
                continue
            variables = self._host_variables(inside, pattern, body)
            for name in names:
                group.hosts.setdefault(name)
                host = self.tree.hosts.setdefault(name, RawHost(here.path, inside.key()))
                host.inline.update(variables)

    def _host_variables(self, here: _Here, name: str, body: JsonValue) -> Variables:
        if isinstance(body, dict):
            return self._variables(here, body)
        if body is not None:
            self._note(here.path, here.value(), N_('host "{name}": expected a mapping of variables'), name=name)
        return {}

    def _read_variables(self, kind: str, known: set[str]) -> None:
        folder = self._folder / kind
        if not folder.is_dir():
            return
        for name, files in sorted(self._variable_files(folder).items()):
            shown = f"{self._shown}/{kind}/{files[0].relative_to(folder).as_posix()}"
            if name not in known:
                self._note(shown, (1, 1), _NO_HOLDER[kind], name=name, meant=meant(name, known))
                continue
            tops = {file.relative_to(folder).parts[0] for file in files}
            if len(tops) > 1:
                self._note(shown, (1, 1), N_("several files and folders for one name; Ansible would read one of them"))
                continue
            holder: RawGroup | RawHost = self.tree.groups[name] if kind == "group_vars" else self.tree.hosts[name]
            for file in files:
                holder.filed.update(
                    self._variables_of_file(file, f"{self._shown}/{file.relative_to(self._folder).as_posix()}")
                )

    def _variable_files(self, folder: Path) -> dict[str, list[Path]]:
        """Files by the group or host they are for, each in the order Ansible reads them."""
        found: dict[str, list[Path]] = {}
        for entry in sorted(folder.iterdir()):
            if entry.name.startswith(".") or entry.name.endswith("~"):
                continue
            if entry.is_dir():
                found.setdefault(entry.name, []).extend(self._files_of_folder(entry))
            elif entry.suffix in _SUFFIXES:
                found.setdefault(entry.stem, []).append(entry)
            else:
                shown = f"{self._shown}/{entry.relative_to(self._folder).as_posix()}"
                self._note(shown, (1, 1), N_("variables are kept in .yml files"))
        return {name: files for name, files in found.items() if files}

    def _files_of_folder(self, folder: Path) -> Iterator[Path]:
        for entry in sorted(folder.iterdir()):
            shown = f"{self._shown}/{entry.relative_to(self._folder).as_posix()}"
            if entry.name.startswith(".") or entry.name.endswith("~"):
                continue
            if entry.is_file() and entry.suffix in _SUFFIXES:
                yield entry
            else:
                self._note(shown, (1, 1), N_("variables are kept in .yml files"))

    def _variables_of_file(self, file: Path, path: str) -> Variables:
        read = read_yaml(file.read_bytes(), path)
        self.problems += read.problems
        if isinstance(read.value, dict):
            return self._variables(_Here(path, read.places, ()), read.value)
        if read.value is not None:
            self._note(path, (1, 1), N_("expected a mapping of variables"))
        return {}

    def _variables(self, here: _Here, values: dict[str, JsonValue]) -> Variables:
        found: Variables = {}
        for name, value in values.items():
            inside = here.down(name)
            if refused := _refused(name):
                self._note(here.path, inside.key(), refused, name=name, meant=meant(name, INVENTORY_SETTINGS))
                continue
            for position, message, what in _unfit(name, value, inside):
                self._note(here.path, position, message, name=name, what=what)
            found[name] = Variable(value, here.path, inside.value())
        return found

    def _note(self, path: str, position: tuple[int, int], message: str, **facts: str) -> None:
        self.problems.append(Problem(path, *position, say(message, **facts)))


class _Here:
    """A place in a document."""

    def __init__(self, path: str, places: Places, at: DocumentPath) -> None:
        self.path = path
        self._places = places
        self._at = at

    def down(self, key: str | int) -> _Here:
        return _Here(self.path, self._places, (*self._at, key))

    def key(self) -> tuple[int, int]:
        return self._places.of_key(self._at)

    def value(self) -> tuple[int, int]:
        return self._places.of_value(self._at)


_NO_HOLDER: Final = {
    "group_vars": N_('no group "{name}" in the inventory{meant}'),
    "host_vars": N_('no host "{name}" in the inventory{meant}'),
}


def _refused(name: str) -> str | None:
    if name.startswith("twokey_") and name not in TWOKEY_VARIABLES:
        return N_('"{name}": variables beginning with "twokey_" are Twokey\'s own')
    if name.startswith("ansible_") and nearest(name, INVENTORY_SETTINGS) and not name.endswith(("_pass", "_password")):
        return (
            None
            if name in INVENTORY_SETTINGS
            else N_('"{name}": a setting of Ansible that must not be set here{meant}')
        )
    return refused_name(name, INVENTORY_SETTINGS)


def _unfit(name: str, value: JsonValue, here: _Here) -> Iterator[tuple[tuple[int, int], str, str]]:
    """What a variable's value must not hold, with its place."""
    if isinstance(value, str):
        if name in CONNECTION_SETTINGS and has_template(value):
            yield here.value(), N_('"{name}" decides how the host is reached: it must be written out'), ""
        for use in uses_of_template(value):
            if use.kind is UseKind.LOOKUP:
                yield here.value(), N_('"{name}": an inventory looks nothing up: {what}'), use.what
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _unfit(name, item, here.down(number))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _unfit(name, key, here.down(key))
            yield from _unfit(name, item, here.down(key))
