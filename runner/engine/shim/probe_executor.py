"""Carrying out a remote step: the fixed probes on every host, a few hosts at a time.

Events in the spool have the shape of Ansible's (`seq`, `at`, `event`, `host`) and kinds of their own:

    probe_start     host
    probe           host, probe, within, figures, reason
    probe_end       host, outcome (ok, failed, unreachable), reason
    ended           every host has been looked at
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from runner.engine.durable import write_all
from runner.engine.probes import command_of, judge
from runner.engine.session import Session, Sessions
from runner.engine.shim.executor import Ending
from runner.engine.shim.folder import AttemptFolder
from runner.errors import RunnerError, UnreachableError, UsageError, fill
from runner.model.document import JsonObject, JsonValue
from runner.model.order import Order, ProbeOrder
from runner.model.plan import Host
from runner.model.run import HostOutcome
from runner.model.secret import Given
from runner.model.time import Clock
from runner.words import N_

_SECONDS_TO_CONNECT = 10.0
_SECONDS_TO_ANSWER = 15.0


class ProbeExecutor:
    """Prepares remote steps."""

    def __init__(self, sessions: Callable[[], Sessions], clock: Clock) -> None:
        """Make an executor.

        Args:
            sessions: gives the way hosts are reached; called when a step begins, because it takes long to load.
            clock: when it is.
        """
        self._sessions = sessions
        self._clock = clock

    def prepare(self, order: Order, folder: AttemptFolder) -> Looking:  # noqa: ARG002 - of the port
        """Get ready for a remote step; there is nothing to get ready."""
        return Looking(folder, self._sessions, self._clock)


class Looking:
    """One remote step."""

    def __init__(self, folder: AttemptFolder, sessions: Callable[[], Sessions], clock: Clock) -> None:
        self._folder = folder
        self._sessions = sessions
        self._clock = clock
        self._may_go_on = threading.Event()
        self._may_go_on.set()
        self._cancelled = threading.Event()
        self._open: list[Session] = []
        self._ended_at_once = False
        self._lock = threading.Lock()
        self._number = 0
        self._spool = -1
        self._order: Order | None = None

    def begin(self, order: Order, given: Given) -> None:
        """Take the order; `wait` carries it out.

        Raises:
            UsageError: it is not an order to look.
        """
        if not isinstance(order.work, ProbeOrder) or given:
            raise UsageError(N_("an order to look names no probes"))
        self._order = order

    def discard(self) -> None:
        """Nothing was prepared."""

    def hold(self) -> None:
        """Begin with no further host."""
        self._may_go_on.clear()

    def release(self) -> None:
        """Go on."""
        self._may_go_on.set()

    def cancel(self, *, now: bool) -> None:
        """Begin with no further host; at once also ends the questions in progress."""
        self._cancelled.set()
        self._may_go_on.set()
        if now:
            with self._lock:
                self._ended_at_once = True
                sessions = list(self._open)
            for session in sessions:
                session.close()

    def wait(self) -> Ending:
        """Look at every host."""
        order = self._order
        if order is None or not isinstance(order.work, ProbeOrder):
            return Ending(seen=False)
        sessions = self._sessions()
        self._spool = os.open(self._folder.spool, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            with ThreadPoolExecutor(min(order.forks, len(order.work.pins)) or 1, "look") as pool:
                for done in [pool.submit(self._look_at, host, order.work, sessions) for host in order.work.pins]:
                    done.result()
            self._tell("ended")
        except OSError as error:
            return Ending(
                seen=False, reason=str(UsageError(N_("events cannot be written: {reason}"), reason=str(error)))
            )
        finally:
            os.close(self._spool)
        return Ending(seen=True, stopped=self._cancelled.is_set())

    def _look_at(self, host: Host, work: ProbeOrder, sessions: Sessions) -> None:
        self._may_go_on.wait()
        if self._cancelled.is_set():
            return
        self._tell("probe_start", host=host.name)
        try:
            outcome, reason = self._ask(host, work, sessions), ""
        except RunnerError as error:
            outcome, reason = HostOutcome.UNREACHABLE, str(error)
        if not (self._cancelled.is_set() and outcome is HostOutcome.UNREACHABLE):
            self._tell("probe_end", host=host.name, outcome=outcome.value, reason=reason)

    def _ask(self, host: Host, work: ProbeOrder, sessions: Sessions) -> HostOutcome:
        session = sessions.open(host, _SECONDS_TO_CONNECT)
        with self._lock:
            self._open.append(session)
            is_over = self._ended_at_once
        try:
            if is_over:
                raise UnreachableError(N_("host {host}: not asked, the step was ended"), host=host.name)
            readings = [judge(probe, session.ask(command_of(probe), _SECONDS_TO_ANSWER)) for probe in work.probes]
        finally:
            with self._lock:
                self._open.remove(session)
            session.close()
        for reading in readings:
            self._tell(
                "probe",
                host=host.name,
                probe=reading.probe.kind.value,
                within=reading.within,
                figures=reading.figures,
                reason=fill(reading.reason, _facts(reading.figures)) if reading.reason else "",
            )
        return HostOutcome.OK if all(reading.within for reading in readings) else HostOutcome.FAILED

    def _tell(self, event: str, **fields: JsonValue) -> None:
        """Append an event, numbered in the order of writing."""
        with self._lock:
            at = self._clock.now().isoformat(timespec="microseconds").replace("+00:00", "Z")
            body: JsonObject = {"seq": self._number + 1, "at": at, "event": event, **fields}
            write_all(self._spool, json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
            self._number += 1


def _facts(figures: JsonObject) -> dict[str, str | int | float | None]:
    return {name: value for name, value in figures.items() if isinstance(value, str | int)}
