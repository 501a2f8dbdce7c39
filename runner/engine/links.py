"""Starting shims, and the service's end of the connection to each."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from runner.engine.ansible_layout import HANDED_ON
from runner.engine.process import ProcessMark, is_alive, mark_of
from runner.engine.shim.folder import ShimFolder
from runner.engine.shim.protocol import Lines, Message, to_line
from runner.errors import StorageError
from runner.model.holding import Shim
from runner.words import N_

_PIECE = 64 * 1024
_SECONDS_TO_TAKE = 5.0
_LISTENER = 3
"""Descriptor under which a new shim finds its control socket."""

Command = Sequence[str]
SHIM_COMMAND: Command = (sys.executable, "-I", "-m", "runner.engine.shim")


def handed_on(caller: Mapping[str, str]) -> dict[str, str]:
    """What a shim gets of the service's variables: none in which a secret is kept."""
    return {name: value for name, value in caller.items() if name in HANDED_ON or name.startswith(("LANG", "LC_"))}


class Link:
    """A connection to one shim: anybody sends, one thread receives."""

    def __init__(self, shim: Shim, folder: ShimFolder, connection: socket.socket) -> None:
        connection.settimeout(_SECONDS_TO_TAKE)
        self.shim = shim
        """The process at the other end."""
        self.folder = folder
        """Where it leaves what it has to say."""
        self._connection = connection
        self._lines = Lines()
        self._sending = threading.Lock()

    def fileno(self) -> int:
        """The descriptor a selector waits for."""
        return self._connection.fileno()

    def send(self, message: Message) -> bool:
        """Tell the shim something; False when it cannot hear."""
        with self._sending:
            try:
                self._connection.sendall(to_line(message))
            except OSError:
                return False
        return True

    def receive(self) -> list[Message] | None:
        """What the shim has said, or None when it has closed the connection.

        Raises:
            UsageError: what it said cannot be understood.
        """
        try:
            data = self._connection.recv(_PIECE, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return []
        except OSError:
            return None
        return self._lines.feed(data) if data else None

    def close(self) -> None:
        """Hang up; the shim goes on."""
        self._connection.close()


class ShimStarter:
    """Starts shims in folders of their own."""

    def __init__(self, shims: Path, command: Command = SHIM_COMMAND) -> None:
        """Make a starter.

        Args:
            shims: folder that holds the folders of all shims.
            command: program and arguments; the folder and a descriptor are appended.
        """
        self._shims = shims
        self._command = list(command)

    def folder(self, shim: str) -> ShimFolder:
        """The folder of a shim."""
        return ShimFolder(self._shims / shim)

    def folders(self) -> Iterator[ShimFolder]:
        """The folders of every shim that ever was here."""
        if self._shims.exists():
            for path in sorted(self._shims.iterdir()):
                yield ShimFolder(path)

    def start(self, run: str, at: datetime) -> Link:
        """Start a shim for a run and connect to it; it outlives this process.

        Raises:
            StorageError: its folder cannot be made, or no process can be started.
        """
        name = f"{run.replace('/', '.')}-{secrets.token_hex(4)}"
        folder = self.folder(name)
        try:
            folder.path.mkdir(mode=0o700, parents=True)
            with folder.listen() as listener:
                pid = self._spawn(folder, listener)
            mark = mark_of(pid)
            connection = folder.connect()
        except OSError as error:
            raise StorageError(
                N_("shim of run {run}: cannot be started: {reason}"), run=run, reason=error.strerror or str(error)
            ) from error
        if mark is None:
            raise StorageError(
                N_("shim of run {run}: ended at once"), hint=N_("see {log}"), run=run, log=str(folder.log)
            )
        shim = Shim(name, run, f"{self._shims.name}/{name}", mark.pid, mark.start, mark.boot, at)
        return Link(shim, folder, connection)

    def find(self, shim: Shim) -> Link | None:
        """Connect to a shim started earlier, or None when it does not answer."""
        folder = self.folder(shim.id)
        if not is_running(shim):
            return None
        try:
            return Link(shim, folder, folder.connect())
        except OSError:
            return None

    def _spawn(self, folder: ShimFolder, listener: socket.socket) -> int:
        """Start the process in a session of its own; only the descriptors named here reach it."""
        return os.posix_spawn(
            self._command[0],
            [*self._command, str(folder.path), str(_LISTENER)],
            handed_on(os.environ),
            file_actions=[
                (os.POSIX_SPAWN_DUP2, listener.fileno(), _LISTENER),
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, str(folder.log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,
            setsigmask=(),
            setsigdef=(signal.SIGTERM, signal.SIGINT, signal.SIGHUP),
        )


def is_running(shim: Shim) -> bool:
    """Whether the very process of a shim still runs."""
    return is_alive(ProcessMark(shim.pid, shim.start_time, shim.boot_id))


def reap(shim: Shim) -> None:
    """Let the kernel forget a shim of ours that has ended."""
    with suppress(ChildProcessError):
        os.waitpid(shim.pid, os.WNOHANG)
