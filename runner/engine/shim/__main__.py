"""Composition root of the shim: `python -m runner.engine.shim FOLDER [DESCRIPTOR]`.

DESCRIPTOR is the listening control socket, made by the service so that it can connect at once; without it the shim
listens itself.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import shutil
import signal
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path

from runner.engine.process import leave_no_core, own_mark
from runner.engine.session import Sessions
from runner.engine.shim.ansible_executor import AnsibleExecutor
from runner.engine.shim.executor import Executor, Prepared
from runner.engine.shim.folder import AttemptFolder, ShimFolder
from runner.engine.shim.probe_executor import ProbeExecutor
from runner.engine.shim.server import ShimServer
from runner.engine.ssh_sharing import close_connections, make_control_dir
from runner.model.order import Order, PlayOrder

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class _SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        """The present instant (UTC)."""
        return datetime.now(UTC)  # noqa: TID251 - the composition root is where the real clock comes from


class _ByWork:
    """Gives each attempt to the executor of its kind of work."""

    def __init__(self, plays: Executor, probes: Executor) -> None:
        self._plays = plays
        self._probes = probes

    def prepare(self, order: Order, folder: AttemptFolder) -> Prepared:
        """Get ready for an attempt."""
        executor = self._plays if isinstance(order.work, PlayOrder) else self._probes
        return executor.prepare(order, folder)


def main(arguments: list[str]) -> int:
    """Be the shim of one folder until there is nothing left to do."""
    logging.basicConfig(level=logging.INFO, format=_FORMAT, stream=sys.stderr)
    folder = ShimFolder(Path(arguments[0]))
    listener = socket.socket(fileno=int(arguments[1])) if len(arguments) > 1 else folder.listen()
    os.umask(0o077)
    leave_no_core()
    faulthandler.register(signal.SIGUSR1)  # where every thread stands, into shim.log
    clock = _SystemClock()
    folder.write_about(own_mark(), clock.now())
    control_dir = make_control_dir()
    try:
        executor = _ByWork(AnsibleExecutor(folder, control_dir), ProbeExecutor(lambda: _pinned_sessions(clock), clock))
        server = ShimServer(folder, listener, executor, clock)
        signal.signal(signal.SIGTERM, lambda _number, _frame: server.end_soon())
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        server.run()
    finally:
        close_connections(control_dir)
        shutil.rmtree(folder.path / "work", ignore_errors=True)
    return 0


def _pinned_sessions(clock: _SystemClock) -> Sessions:
    """Hosts reached over SSH; loaded late, because few runs need it."""
    from runner.engine.remote import PinnedSessions

    return PinnedSessions(clock)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
