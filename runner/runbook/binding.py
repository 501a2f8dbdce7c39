"""From an inventory to what a plan binds: its hosts, their groups, and the files a run sees of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

import yaml

from runner.errors import NotFoundError, UsageError
from runner.model.document import JsonValue
from runner.model.nearest import nearest
from runner.model.plan import Binding, Connection, Group, Host
from runner.model.runbook import Targets
from runner.runbook.group_tree import ALL
from runner.runbook.inventory import Inventory
from runner.words import N_

_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
INTERPRETER: Final = "ansible_python_interpreter"
_THIS_PYTHON: Final = "{{ ansible_playbook_python }}"
"""The Python that runs Ansible; modules of a local host run under it unless the site says otherwise."""


def bind_hosts(inventory: Inventory, targets: Targets) -> tuple[tuple[Host, ...], tuple[Group, ...]]:
    """Hosts of a plan, sorted by name, and the groups they are in, cut down to them.

    Raises:
        NotFoundError: the inventory has no such group or host.
        UsageError: the group is empty, or one machine would be taken twice under two names.
    """
    names = members_of(inventory, targets)
    hosts = tuple(host for host in inventory.hosts if host.name in names)
    _require_distinct(hosts)
    return hosts, cut_groups(inventory, names)


def members_of(inventory: Inventory, targets: Targets) -> tuple[str, ...]:
    """Names of the target hosts: as the runbook lists them, or of its group, sorted.

    Raises:
        NotFoundError: the inventory has no such group or host.
        UsageError: the group is empty.
    """
    known = {host.name for host in inventory.hosts}
    if targets.group is None:
        for name in targets.hosts:
            if name not in known:
                message = N_('host "{name}": not in the inventory "{environment}"')
                raise _unknown(message, name, known, inventory)
        return targets.hosts
    groups = _by_name(inventory.groups)
    if targets.group not in groups:
        message = N_('group "{name}": not in the inventory "{environment}"')
        raise _unknown(message, targets.group, groups, inventory)
    names = tuple(sorted(known if targets.group == ALL else _hosts_below(groups, targets.group)))
    if not names:
        raise UsageError(
            N_('group "{name}": no host of the inventory "{environment}" is in it'),
            name=targets.group,
            environment=inventory.environment,
        )
    return names


def cut_groups(inventory: Inventory, names: Collection[str]) -> tuple[Group, ...]:
    """Groups that hold a host of the plan, directly or not, cut down to the plan's hosts; `all` is always one."""
    groups, wanted = _by_name(inventory.groups), set(names)
    kept = {name for name in groups if name == ALL or _hosts_below(groups, name) & wanted}
    return tuple(
        replace(
            group,
            hosts=tuple(sorted(wanted.intersection(group.hosts))),
            children=tuple(child for child in group.children if child in kept),
        )
        for group in inventory.groups
        if group.name in kept
    )


def inventory_document(binding: Binding) -> str:
    """The inventory a run sees: the plan's hosts and groups as static YAML."""
    document: dict[str, JsonValue] = {group.name: _group_body(group) for group in binding.groups}
    hosts: dict[str, JsonValue] = {host.name: _host_body(host, binding.groups) for host in binding.hosts}
    top = document.get(ALL)
    document[ALL] = {**(top if isinstance(top, dict) else {}), "hosts": hosts}
    text: str = yaml.dump(
        document, Dumper=_Dumper, allow_unicode=True, default_flow_style=False, sort_keys=True, width=4096
    )
    return text


def effective_variables(host: Host, groups: Sequence[Group]) -> dict[str, JsonValue]:
    """What a host's variables come to: groups by depth, then by name, the host's own last."""
    by_name = _by_name(groups)
    depths = _depths(by_name)
    found: dict[str, JsonValue] = {}
    for name in sorted(by_name, key=lambda one: (depths.get(one, 1), one)):
        if name == ALL or host.name in _hosts_below(by_name, name):
            found.update(by_name[name].variables)
    found.update(host.variables)
    return found


def _group_body(group: Group) -> dict[str, JsonValue]:
    body: dict[str, JsonValue] = {}
    if group.hosts:
        body["hosts"] = dict.fromkeys(group.hosts)
    if group.children:
        body["children"] = dict.fromkeys(group.children)
    if group.variables:
        body["vars"] = dict(group.variables)
    return body


def _host_body(host: Host, groups: Sequence[Group]) -> dict[str, JsonValue]:
    variables = dict(host.variables)
    if host.connection is Connection.LOCAL and INTERPRETER not in effective_variables(host, groups):
        variables[INTERPRETER] = _THIS_PYTHON
    return variables


def _by_name(groups: Sequence[Group]) -> dict[str, Group]:
    return {group.name: group for group in groups}


def _hosts_below(groups: Mapping[str, Group], name: str) -> set[str]:
    group = groups[name]
    below = (_hosts_below(groups, child) for child in group.children)
    return set(group.hosts).union(*below)


def _depths(groups: Mapping[str, Group]) -> dict[str, int]:
    """Length of the longest way from `all` to every group."""
    depths: dict[str, int] = {}

    def visit(name: str, depth: int) -> None:
        if depth > depths.get(name, -1):
            depths[name] = depth
            for child in groups[name].children:
                visit(child, depth + 1)

    visit(ALL, 0)
    return depths


def _require_distinct(hosts: Sequence[Host]) -> None:
    seen: dict[str, str] = {}
    for host in hosts:
        if host.connection is Connection.LOCAL:
            continue
        if host.identity in seen:
            raise UsageError(
                N_('hosts "{first}" and "{second}" show the same host key: one machine must not be taken twice'),
                first=seen[host.identity],
                second=host.name,
            )
        seen[host.identity] = host.name


def _unknown(message: str, name: str, known: Collection[str], inventory: Inventory) -> NotFoundError:
    near = nearest(name, known)
    hint = N_('did you mean "{near}"?') if near else ""
    return NotFoundError(message, hint=hint, name=name, near=near, environment=inventory.environment)
