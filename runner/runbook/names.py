"""Names of hosts and groups: letters that no pattern of Ansible, no shell and no file system takes for more."""

from __future__ import annotations

import re
from typing import Final

_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}", re.ASCII)
_GROUP = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,127}", re.ASCII)
_ADDRESS = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:%-]{0,252}", re.ASCII)
_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.@-]{0,63}\$?", re.ASCII)
_RESERVED: Final = frozenset({"all", "ungrouped"})


def is_host_name(name: str) -> bool:
    """Whether a host may be called so."""
    return _HOST.fullmatch(name) is not None and name not in _RESERVED


def is_group_name(name: str) -> bool:
    """Whether a group may be called so."""
    return _GROUP.fullmatch(name) is not None


def is_address(text: str) -> bool:
    """Whether a host can be reached under it: a name or an IP address, nothing that ssh could take for an option."""
    return _ADDRESS.fullmatch(text) is not None


def is_user(text: str) -> bool:
    """Whether someone may log in under it."""
    return _USER.fullmatch(text) is not None
