"""Sessions with hosts for remote steps: the port, and this machine itself as one of its implementations."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from typing import Protocol

from runner.engine.probes import Answer
from runner.errors import UnreachableError
from runner.model.plan import Host
from runner.model.time import Clock
from runner.words import N_

MOST_OUTPUT = 256 * 1024
"""Bytes of an answer that are read; no probe needs as many."""


class Session(Protocol):
    """A host that can be asked."""

    def ask(self, command: Sequence[str], seconds: float) -> Answer:
        """Run a fixed command and wait for its answer.

        Raises:
            UnreachableError: the host did not answer in time, or the connection broke.
        """
        ...

    def close(self) -> None:
        """End the session; a question in progress ends as unreachable."""
        ...


class Sessions(Protocol):
    """How hosts are reached."""

    def open(self, host: Host, seconds: float) -> Session:
        """A session with a host, proven to be the pinned one.

        Raises:
            RefusedError: the host is not the pinned one.
            UnreachableError: nobody answers in time, or lets us in.
        """
        ...


class LocalSession:
    """Asks this machine itself."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def ask(self, command: Sequence[str], seconds: float) -> Answer:
        """Run a fixed command and wait for its answer.

        Raises:
            UnreachableError: it did not end in time, or this machine does not know it.
        """
        asked = self._clock.now()
        try:
            ended = subprocess.run(
                list(command), stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False
            )
        except (subprocess.TimeoutExpired, OSError) as error:
            raise UnreachableError(N_("this machine: {command}: no answer"), command=command[0]) from error
        output = ended.stdout[:MOST_OUTPUT].decode(errors="replace")
        return Answer(ended.returncode, output, asked, self._clock.now())

    def close(self) -> None:
        """Nothing is held open."""
