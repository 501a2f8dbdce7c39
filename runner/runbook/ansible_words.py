"""Words of Ansible's language that decide what a play can reach."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

BUILTIN: Final = "ansible.builtin."
LEGACY: Final = "ansible.legacy."

TASK_KEYWORDS: Final = frozenset(
    {
        "action", "any_errors_fatal", "args", "async", "become", "become_exe", "become_flags", "become_method",
        "become_user", "changed_when", "check_mode", "collections", "connection", "debugger", "delay", "delegate_facts",
        "delegate_to", "diff", "environment", "failed_when", "ignore_errors", "ignore_unreachable", "listen",
        "local_action", "loop", "loop_control", "module_defaults", "name", "no_log", "notify", "poll", "port",
        "register", "remote_user", "retries", "run_once", "tags", "throttle", "timeout", "until", "vars", "when",
    }
)  # fmt: skip
"""What a task may say besides its module."""
BLOCKS: Final = ("block", "rescue", "always")
TASK_LISTS: Final = ("pre_tasks", "tasks", "post_tasks", "handlers")
EXPRESSIONS: Final = frozenset({"when", "changed_when", "failed_when", "until", "that"})
"""Keys whose values are expressions without braces."""
STRATEGIES: Final = frozenset({"linear", "free", "host_pinned"})

CONNECTION_KEYWORDS: Final = frozenset({"connection", "port", "remote_user"})
"""Keywords that change how a host is reached; the plan has bound that."""
REFUSED_KEYWORDS: Final = frozenset({"vars_prompt", "debugger", "local_action"})
REFUSED_MODULES: Final = frozenset({"add_host", "fetch"})

TASK_IMPORTS: Final = frozenset({"import_tasks", "include_tasks"})
ROLE_IMPORTS: Final = frozenset({"import_role", "include_role"})

CONTROLLER_FILES: Final = {
    "assemble": "files",
    "copy": "files",
    "script": "files",
    "template": "templates",
    "unarchive": "files",
    "uri": "files",
}
"""Modules that take a file of the controller as `src`, with the folder it is looked for in."""
REMOTE_BY_DEFAULT: Final = frozenset({"assemble"})
"""Of these, modules whose `src` is on the host unless `remote_src` is false."""

PURE_LOOKUPS: Final = frozenset(
    {
        "config", "dict", "flattened", "indexed_items", "inventory_hostnames", "items", "list", "nested",
        "random_choice", "sequence", "subelements", "together", "varnames", "vars",
    }
)  # fmt: skip
"""Lookups that see nothing but variables."""
FILE_LOOKUPS: Final = {
    "csvfile": "files",
    "file": "files",
    "fileglob": "files",
    "first_found": "files",
    "ini": "files",
    "template": "templates",
    "unvault": "files",
}
"""Lookups that read files of the controller, with the folder they look in."""
OUTSIDE_FILTERS: Final = frozenset({"fileglob"})
OUTSIDE_TESTS: Final = frozenset(
    {
        "directory", "exists", "file", "is_dir", "is_file", "is_link", "is_mount", "is_same_file", "link",
        "link_exists", "mount", "same_file",
    }
)  # fmt: skip
"""Tests that look at files of the controller."""
DELIMITERS: Final = (
    "variable_start_string",
    "variable_end_string",
    "block_start_string",
    "block_end_string",
    "comment_start_string",
    "comment_end_string",
)
"""Settings that give a template delimiters of its own."""


def plain_name(name: str) -> str:
    """The short name of something built in; other names as they are."""
    return name.removeprefix(BUILTIN).removeprefix(LEGACY)


def collection_of(name: str) -> str | None:
    """`namespace.collection` of a full name that is not Ansible's own."""
    parts = name.split(".")
    if len(parts) < 3 or (parts[0] == "ansible" and parts[1] in {"builtin", "legacy"}):  # noqa: PLR2004 - three parts make a full name
        return None
    return ".".join(parts[:2])


@cache
def builtin_modules() -> frozenset[str]:
    """Names of the modules and actions that ansible-core itself brings."""
    spec = find_spec("ansible")
    folders = [Path(place) for place in (spec.submodule_search_locations or ())] if spec else []
    names = {
        file.stem
        for folder in folders
        for part in ("modules", "plugins/action")
        for file in (folder / part).glob("*.py")
        if file.stem != "__init__"
    }
    return frozenset(names)
