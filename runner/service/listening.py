"""The service's unix socket: made private, put in place whole, and who may come in through it.

A path may be longer than the 107 bytes a socket address holds; it is then reached through the folder's descriptor.
"""

from __future__ import annotations

import os
import socket
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from runner.errors import UsageError
from runner.words import N_

_LONGEST_ADDRESS: Final = 107
_CREDENTIALS: Final = struct.Struct("3i")
"""struct ucred: pid, uid, gid."""
_BACKLOG: Final = 128

PRIVATE: Final = 0o600
"""Only the service's own user may connect (embedded)."""
GROUP: Final = 0o660
"""The service's group may connect (installed)."""


def listen_at(path: Path, mode: int = PRIVATE) -> socket.socket:
    """A socket listening at `path`; a socket left behind there by a service that is gone is replaced.

    The caller holds the state directory's lock, so no other service of the same state can be alive.

    Raises:
        UsageError: the folder belongs to somebody else or lets others write, the path is taken by something that is
            no socket, or a process answers there.
    """
    _prepare_folder(path.parent)
    _require_free(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with suppress(FileNotFoundError):
            beside.unlink()
        with reachable(beside) as address:
            listening.bind(address)
        beside.chmod(mode)
        listening.listen(_BACKLOG)
        listening.setblocking(False)  # noqa: FBT003 - the standard library's signature
        beside.rename(path)
    except OSError as error:
        listening.close()
        with suppress(OSError):
            beside.unlink()
        raise UsageError(
            N_("socket {path}: cannot be made: {reason}"), path=str(path), reason=error.strerror or str(error)
        ) from error
    return listening


@contextmanager
def reachable(path: Path) -> Iterator[str]:
    """An address for a socket's path, however long the path is; valid inside the block."""
    text = str(path)
    if len(os.fsencode(text)) <= _LONGEST_ADDRESS:
        yield text
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def user_of(connection: socket.socket) -> int:
    """The user id of the process at the other end."""
    return process_of(connection)[1]


def process_of(connection: socket.socket) -> tuple[int, int]:
    """Process id and user id at the other end, as they were when it connected."""
    data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    process, user, _ = _CREDENTIALS.unpack(data)
    return int(process), int(user)


def _prepare_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.stat()
    except OSError as error:
        raise UsageError(
            N_("socket folder {path}: {reason}"), path=str(folder), reason=error.strerror or str(error)
        ) from error
    if found.st_uid != os.geteuid() or found.st_mode & stat.S_IWOTH:
        raise UsageError(
            N_("socket folder {path}: it must belong to the service's user, and others must not write to it"),
            hint=N_("set XDG_RUNTIME_DIR to a folder of your own"),
            path=str(folder),
        )


def _require_free(path: Path) -> None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise UsageError(N_("socket {path}: something that is no socket lies there"), path=str(path))
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe, reachable(path) as address:
        if probe.connect_ex(address) == 0:
            raise UsageError(
                N_("socket {path}: another service answers there"),
                hint=N_("stop it with: twokey serve --stop"),
                path=str(path),
            )
