"""Ansible's objects as far as events are told from them; ansible-core ships no types of its own.

Names of ansible-core 2.19 to 2.21, without those announced to go. The functions are the only places that read what
Ansible marks as its own, because it offers nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping
from typing import Protocol, cast

Facts = MutableMapping[str, object]
"""Names and values as Ansible gives them; the spool makes them plain."""


class Named(Protocol):
    """A host, a role or a handler."""

    def get_name(self) -> str:
        """Its name."""


class Play(Named, Protocol):
    """A play."""

    hosts: list[str]


class Task(Named, Protocol):
    """A task or a handler."""

    action: object
    resolved_action: str | None
    delegate_to: str | None
    diff: bool
    any_errors_fatal: object
    run_once: object
    ignore_errors: object

    def get_path(self) -> str | None:
        """File and line it was written at."""


class Result(Protocol):
    """How a task, or one item of its loop, ended on a host."""

    host: Named
    task: Task
    result: Facts

    def is_changed(self) -> bool:
        """Whether something was changed."""


class Stats(Protocol):
    """Counts of a whole playbook."""

    processed: Mapping[str, int]
    custom: Mapping[str, Mapping[str, object]]

    def summarize(self, host: str) -> Mapping[str, int]:
        """Counts of one host."""


def uuid_of(task: Task) -> str:
    """What tells a task from every other of its play."""
    return str(vars(task)["_uuid"])


def ends_play(task: Task) -> bool:
    """Whether the play ends for every host when the task fails on one; a template may come to that."""
    return bool(task.any_errors_fatal or task.run_once) and not task.ignore_errors


def role_of(task: Task) -> str | None:
    """The role a task stands in."""
    role = cast("Named | None", getattr(task, "_role", None))
    return role.get_name() if role else None


def file_of(playbook: object) -> str:
    """The file of a playbook."""
    return str(vars(playbook)["_file_name"])


def included(include: object) -> tuple[str, Iterable[Named], Task]:
    """File, hosts and task of an include."""
    parts = vars(include)
    return str(parts["_filename"]), cast("Iterable[Named]", parts["_hosts"]), cast("Task", parts["_task"])
