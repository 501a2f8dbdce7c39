"""Names of variables that may be given to Ansible.

A runbook or an inventory must not redirect a connection, replace what Ansible itself provides, or set what Twokey sets.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping
from typing import Final

from runner.words import N_

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_PROVIDED: Final = frozenset(
    {
        "environment", "group_names", "groups", "hostvars", "inventory_dir", "inventory_file", "inventory_hostname",
        "inventory_hostname_short", "module_defaults", "omit", "play_hosts", "playbook_dir", "role_name", "role_names",
        "role_path", "role_uuid", "vars",
    }
)  # fmt: skip
_TEMPLATE_WORDS: Final = frozenset(
    {
        "cycler", "dict", "false", "joiner", "lipsum", "lookup", "loop", "namespace", "none", "now", "q", "query",
        "range", "self", "true", "undef",
    }
)  # fmt: skip
INVENTORY_SETTINGS: Final = frozenset(
    {
        "ansible_become",
        "ansible_become_exe",
        "ansible_become_flags",
        "ansible_become_method",
        "ansible_become_user",
        "ansible_connection",
        "ansible_host",
        "ansible_port",
        "ansible_python_interpreter",
        "ansible_user",
    }
)
"""What an inventory may tell Ansible about a host; all of it stands in the plan."""
PLAY_SETTINGS: Final = frozenset(
    {
        "ansible_become",
        "ansible_become_exe",
        "ansible_become_flags",
        "ansible_become_method",
        "ansible_become_user",
        "ansible_python_interpreter",
    }
)
"""What plays and roles may set in their variables; the connection is not theirs to change."""
CONNECTION_SETTINGS: Final = frozenset({"ansible_connection", "ansible_host", "ansible_port", "ansible_user"})
"""Settings that decide how a host is reached; read by Twokey itself, so they must be literal."""


def refused_name(name: str, allowed: frozenset[str] = frozenset()) -> str | None:
    """Why a variable must not have that name (message id; its fact is `name`), or None.

    Args:
        name: the variable's name.
        allowed: names beginning with `ansible_` that may be set here.
    """
    if not _IDENTIFIER.fullmatch(name) or keyword.iskeyword(name):
        return N_('"{name}" is no name of a variable: letters, digits and underscores, not beginning with a digit')
    if name.startswith("ansible_") and name not in allowed:
        if name.endswith(("_pass", "_password")):
            return N_('"{name}": secrets are not kept in variables')
        return N_('"{name}": variables beginning with "ansible_" steer Ansible and must not be set here')
    if name in _PROVIDED or name in _TEMPLATE_WORDS:
        return N_('"{name}" is provided by Ansible and must not be replaced')
    return None


def refused_names(names: Mapping[str, object]) -> dict[str, str]:
    """Every refused name of a play's extra variables, with the reason's message id."""
    reasons = {name: refused_name(name) for name in names}
    return {name: reason for name, reason in reasons.items() if reason is not None}
