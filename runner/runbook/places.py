"""Where things lie outside a site: its state, the socket, what a client remembers, and what the product ships."""

from __future__ import annotations

import hashlib
import os
import re
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from runner.errors import NotFoundError
from runner.words import N_

_SHIPPED_IN_WHEEL: Final = Path(__file__).resolve().parent.parent / "site_files"
_CHECKOUT: Final = Path(__file__).resolve().parent.parent.parent
_MACHINE_ID: Final = Path("/etc/machine-id")
_READABLE: Final = 40


def state_home(environment: Mapping[str, str] = os.environ) -> Path:
    """Folder of everything Twokey keeps for a person: `$XDG_STATE_HOME/twokey`."""
    given = environment.get("XDG_STATE_HOME", "")
    home = Path(given) if given.startswith("/") else Path(environment.get("HOME") or Path.home()) / ".local" / "state"
    return home / "twokey"


def state_of_site(root: Path, environment: Mapping[str, str] = os.environ) -> Path:
    """The state directory of a site when no other is named: one for each folder, known by its real path."""
    real = root.resolve()
    readable = re.sub(r"[^A-Za-z0-9_.-]+", "-", real.name)[:_READABLE].strip("-.") or "site"
    return state_home(environment) / f"{readable}-{_short_digest(real)}"


def socket_of_state(state: Path, environment: Mapping[str, str] = os.environ) -> Path:
    """Where the service of a state directory listens."""
    runtime = environment.get("XDG_RUNTIME_DIR", "")
    if runtime.startswith("/") and Path(runtime).is_dir():
        return Path(runtime) / "twokey" / f"{_short_digest(state.resolve())}.sock"
    return state / "socket"


def checkpoints_folder(state: Path | None, environment: Mapping[str, str] = os.environ) -> Path:
    """Where a client remembers the last checkpoint of every log it saw.

    Args:
        state: the state directory a person named, or None for the usual one.
        environment: variables of the process.
    """
    if state is not None:
        return state.resolve().parent / "checkpoints"
    return state_home(environment) / "checkpoints"


def sessions_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where a client keeps the tokens of its person's sessions: gone after the login, where the system sees to it."""
    runtime = environment.get("XDG_RUNTIME_DIR", "")
    if runtime.startswith("/") and Path(runtime).is_dir():
        return Path(runtime) / "twokey" / "sessions"
    return state_home(environment) / "sessions"


def this_machine() -> str:
    """A name of this machine that stays: a digest of its machine id, or its host name when it has none."""
    try:
        found = _MACHINE_ID.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        found = ""
    if not re.fullmatch(r"[0-9a-f]{32}", found):
        return socket.gethostname()
    return hashlib.sha256(b"twokey machine " + found.encode()).hexdigest()[:16]


def shipped_files() -> Path:
    """Folder of the runbooks, playbooks and demo inventory that come with the product.

    An installed product keeps them beside its code; a checkout is itself a site and uses the folders at its top.

    Raises:
        NotFoundError: neither is there.
    """
    for folder in (_SHIPPED_IN_WHEEL, _CHECKOUT):
        if (folder / "runbooks").is_dir() and (folder / "playbooks").is_dir():
            return folder
    raise NotFoundError(
        N_("the runbooks that come with Twokey are missing from {folder}"), folder=str(_SHIPPED_IN_WHEEL)
    )


def _short_digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
