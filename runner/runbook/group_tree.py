"""Groups of an inventory as a graph: who is in whom, how deep, and whose variables win."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from runner.model.document import JsonValue
from runner.runbook.yaml_source import Position

ALL: Final = "all"


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable with the place it is set at."""

    value: JsonValue
    path: str
    position: Position


Variables = dict[str, Variable]


@dataclass(slots=True)
class RawGroup:
    """A group as the files give it."""

    hosts: dict[str, None] = field(default_factory=dict)
    """Members by name, in order."""
    children: dict[str, Position] = field(default_factory=dict)
    inline: Variables = field(default_factory=dict)
    """Set in the inventory file."""
    filed: Variables = field(default_factory=dict)
    """Set in `group_vars/`."""

    @property
    def variables(self) -> Variables:
        """What the group sets; files win over the inventory file."""
        return {**self.inline, **self.filed}


@dataclass(slots=True)
class RawHost:
    """A host as the files give it."""

    path: str
    position: Position
    inline: Variables = field(default_factory=dict)
    filed: Variables = field(default_factory=dict)

    @property
    def variables(self) -> Variables:
        """What the host itself sets; files win over the inventory file."""
        return {**self.inline, **self.filed}


@dataclass(slots=True)
class GroupTree:
    """Groups and hosts as the files give them."""

    groups: dict[str, RawGroup] = field(default_factory=lambda: {ALL: RawGroup()})
    hosts: dict[str, RawHost] = field(default_factory=dict)

    def parents(self) -> dict[str, set[str]]:
        """Parents of every group; a group nobody names as child belongs to `all`."""
        found: dict[str, set[str]] = {name: set() for name in self.groups}
        for name, group in self.groups.items():
            for child in group.children:
                found[child].add(name)
        for name, above in found.items():
            if name != ALL and not above:
                above.add(ALL)
        return found

    def cycle(self) -> tuple[str, ...]:
        """Groups that contain one another, or nothing."""
        done: set[str] = set()
        for name in self.groups:
            if found := self._cycle_from(name, (), done):
                return found
        return ()

    def _cycle_from(self, name: str, way: tuple[str, ...], done: set[str]) -> tuple[str, ...]:
        if name in way:
            return (*way[way.index(name) :], name)
        if name in done:
            return ()
        for child in self.groups[name].children:
            if found := self._cycle_from(child, (*way, name), done):
                return found
        done.add(name)
        return ()

    def members(self, name: str) -> dict[str, None]:
        """Every host of a group and the groups inside it, in order."""
        if name == ALL:
            return dict.fromkeys(self.hosts)
        found = dict(self.groups[name].hosts)
        for child in self.groups[name].children:
            found.update(self.members(child))
        return found


@dataclass(frozen=True, slots=True)
class Lineage:
    """Groups of every host, weakest first, as Ansible orders them."""

    of_host: Mapping[str, tuple[str, ...]]

    def merged(self, tree: GroupTree, host: str) -> Variables:
        """A host's variables when every group speaks once, with all it sets."""
        found: Variables = {}
        for name in self.of_host[host]:
            found.update(tree.groups[name].variables)
        found.update(tree.hosts[host].variables)
        return found

    def as_ansible(self, tree: GroupTree, host: str) -> Variables:
        """A host's variables as Ansible merges the files: all that files of groups set wins over all set inline."""
        found: Variables = {}
        for name in self.of_host[host]:
            found.update(tree.groups[name].inline)
        for name in self.of_host[host]:
            found.update(tree.groups[name].filed)
        found.update(tree.hosts[host].variables)
        return found


def lineage_of(tree: GroupTree) -> Lineage:
    """The groups of every host in the order of their strength: depth, then name."""
    parents = tree.parents()
    depths: dict[str, int] = {ALL: 0}

    def depth(name: str) -> int:
        if name not in depths:
            depths[name] = 1 + max(depth(parent) for parent in parents[name])
        return depths[name]

    direct: dict[str, set[str]] = {host: set() for host in tree.hosts}
    for name, group in tree.groups.items():
        for host in group.hosts:
            direct[host].add(name)
    return Lineage(
        {
            host: tuple(sorted({ALL, *_upwards(groups, parents)}, key=lambda name: (depth(name), name)))
            for host, groups in direct.items()
        }
    )


def _upwards(groups: set[str], parents: Mapping[str, set[str]]) -> Iterator[str]:
    seen: set[str] = set()
    waiting = list(groups)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            yield name
            waiting.extend(parents[name])
