"""Kept ssh connections, shared by the attempts of a run and ended with it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from runner.errors import UsageError
from runner.words import N_

LONGEST = 107 - len("/0123456789.0123456789abcdef")
"""Bytes of a control folder's path: ssh puts a name and a suffix behind it, and a socket's path has at most 107."""

_SECONDS_TO_END = 5.0


def make_control_dir() -> Path:
    """Make a private folder for kept connections, with a path short enough for sockets in it."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    places = [place for place in (runtime, tempfile.gettempdir(), "/tmp") if place and Path(place).is_dir()]  # noqa: S108 - the folder made in it is private
    for place in places:
        with suppress(OSError, UsageError):
            folder = Path(tempfile.mkdtemp(prefix="tk", dir=place))
            try:
                require_control_dir(folder)
            except UsageError:
                folder.rmdir()
                raise
            return folder
    raise UsageError(N_("no folder for ssh connections can be made in {places}"), places=", ".join(places))


def require_control_dir(folder: Path) -> None:
    """Refuse a folder that ssh cannot keep connections in.

    Raises:
        UsageError: its path is too long, or holds characters that ssh gives a meaning.
    """
    path = str(folder)
    if len(os.fsencode(path)) > LONGEST or not path.isprintable() or set(path) & set("%\"'\\$ "):
        raise UsageError(
            N_("{path}: ssh cannot keep connections there (at most {longest} bytes, no blanks, quotes, $ or %)"),
            path=path,
            longest=LONGEST,
        )


def close_connections(folder: Path) -> None:
    """End the connections kept in a folder, and remove it."""
    for connection in folder.glob("*"):
        if connection.is_socket():
            _close(connection)
    shutil.rmtree(folder, ignore_errors=True)


def _close(connection: Path) -> None:
    command = ["ssh", "-F", "/dev/null", "-o", f"ControlPath={connection}", "-O", "exit", "any"]
    with suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run(
            command, check=False, timeout=_SECONDS_TO_END, stdin=subprocess.DEVNULL, capture_output=True, text=False
        )
