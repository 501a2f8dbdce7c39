"""Telling people outside that a run needs them: number, class, state and time, never more.

Who listens outside may not be cleared for what a run does, so a notice has no field for anything else. That a notice
cannot be given never disturbs a run; it is logged.
"""

from __future__ import annotations

import logging
import os
import queue
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from runner.engine.journal import service_entry
from runner.errors import RunnerError, UnreachableError
from runner.model.document import JsonObject
from runner.model.log import About, Entry
from runner.model.request import RequestState
from runner.model.review import ReviewState
from runner.model.run import RunState
from runner.model.runbook import Risk
from runner.model.time import to_rfc3339
from runner.rules.tags import Tag
from runner.words import N_

_log = logging.getLogger(__name__)

TOLD = frozenset(
    {
        RunState.RUNNING,
        RunState.AT_GATE,
        RunState.AT_SHEET,
        RunState.PAUSED,
        RunState.OUTCOME_UNKNOWN,
        RunState.AWAITING_DECISION,
        RunState.ROLLING_BACK,
        RunState.ROLLBACK_FAILED,
        RunState.SUCCEEDED,
        RunState.ROLLED_BACK,
        RunState.FAILED,
        RunState.ABANDONED,
    }
)
"""States people outside hear of: it began, it turned back, it ended, or it waits for them."""

NOBODY_LISTENS: Final = "no way to tell people outside is set up (--notify-syslog, --notify-command)"
"""Why a notice is not given by a service that tells nobody."""
TOO_MANY: Final = "too many notices wait"
_MOST_WAITING = 1000
_FACILITY_AUTHPRIV, _SEVERITY_NOTICE = 10, 5


@dataclass(frozen=True, slots=True)
class Notice:
    """What is told outside."""

    number: str
    """Run or request."""
    risk: Risk
    state: RunState | RequestState | ReviewState
    at: datetime
    loud: bool = False
    """Whether it goes on record that people were told, or could not be (L12)."""

    def __str__(self) -> str:
        return f"number={self.number} class={self.risk} state={self.state} at={to_rfc3339(self.at)}"


def notice_entry(notice: Notice, reason: str, now: datetime) -> Entry:
    """What the log says of a notice; `reason` is why it was not given, or empty."""
    request, slash, _ = notice.number.partition("/")
    about = About(request=request, run=notice.number if slash else "")
    told: JsonObject = {
        "number": notice.number,
        "class": notice.risk.value,
        "state": notice.state.value,
        "at": to_rfc3339(notice.at),
    }
    if not reason:
        return service_entry(Tag.NOTICE_SENT, about, now, told)
    return service_entry(Tag.NOTICE_FAILED, about, now, {**told, "reason": reason})


Record = Callable[[Notice, str], None]
"""Puts on record that a notice was given, or why it was not."""


class Notifier(Protocol):
    """A way to tell people outside."""

    def notify(self, notice: Notice) -> None:
        """Give one notice.

        Raises:
            UnreachableError: it could not be given.
        """
        ...


class SilentNotifier:
    """Tells nobody."""

    def notify(self, notice: Notice) -> None:
        """Do nothing."""


class EveryNotifier:
    """Gives each notice to every one of several notifiers."""

    def __init__(self, notifiers: Sequence[Notifier]) -> None:
        self._notifiers = tuple(notifiers)

    def notify(self, notice: Notice) -> None:
        """Give one notice to all, also when one of them cannot take it.

        Raises:
            UnreachableError: it could not be given to one of them; the first that failed.
        """
        failures: list[UnreachableError] = []
        for notifier in self._notifiers:
            try:
                notifier.notify(notice)
            except UnreachableError as error:
                failures.append(error)
        if failures:
            raise failures[0]


class SyslogNotifier:
    """Writes notices to the system log of this machine."""

    def __init__(self, address: Path = Path("/dev/log")) -> None:
        self._address = address

    def notify(self, notice: Notice) -> None:
        """Send one line.

        Raises:
            UnreachableError: nobody reads the system log's socket.
        """
        line = f"<{_FACILITY_AUTHPRIV * 8 + _SEVERITY_NOTICE}>twokey[{os.getpid()}]: {notice}"
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                sender.settimeout(1)
                sender.connect(str(self._address))
                sender.send(line.encode())
        except OSError as error:
            raise UnreachableError(
                N_("syslog: {address}: {reason}"), address=str(self._address), reason=error.strerror or str(error)
            ) from error


class CommandNotifier:
    """Starts a command of the site with the notice on its standard input."""

    def __init__(self, command: Sequence[str], seconds: float = 10) -> None:
        """Give notices to a command.

        Args:
            command: program and arguments; never a shell line.
            seconds: how long it may take before it is ended with everything it started.
        """
        self._command = list(command)
        self._seconds = seconds

    def notify(self, notice: Notice) -> None:
        """Run the command once.

        Raises:
            UnreachableError: it cannot be started, takes too long, or fails.
        """
        program = self._command[0]
        try:
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            raise UnreachableError(
                N_("notifier {program}: {reason}"), program=program, reason=error.strerror or str(error)
            ) from error
        with process:
            try:
                process.communicate(f"{notice}\n".encode(), self._seconds)
            except subprocess.TimeoutExpired as error:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                raise UnreachableError(
                    N_("notifier {program}: took longer than {seconds} s"), program=program, seconds=self._seconds
                ) from error
        if process.returncode:
            raise UnreachableError(
                N_("notifier {program}: ended with status {status}"), program=program, status=process.returncode
            )


class Notices:
    """Gives notices from a thread of its own, so that a slow or broken notifier never holds up a run."""

    def __init__(self, notifier: Notifier, record: Record | None = None) -> None:
        """Give notices.

        Args:
            notifier: the way to tell people.
            record: puts it on record that a loud notice was given, or why it was not.
        """
        self._notifier = notifier
        self._record = record
        self._waiting: queue.Queue[Notice | None] = queue.Queue(_MOST_WAITING)
        self._thread = threading.Thread(target=self._give, name="notices", daemon=True)

    def start(self) -> None:
        """Begin to give notices."""
        self._thread.start()

    def tell(self, notice: Notice) -> None:
        """Give a notice soon; when too many wait, this one is only logged."""
        try:
            self._waiting.put_nowait(notice)
        except queue.Full:
            _log.warning("notice not given, too many wait: %s", notice)
            self._put_on_record(notice, TOO_MANY)

    def stop(self) -> None:
        """Give what waits, and end."""
        self._waiting.put(None)
        self._thread.join()

    def _give(self) -> None:
        while notice := self._waiting.get():
            reason = NOBODY_LISTENS if isinstance(self._notifier, SilentNotifier) else ""
            try:
                self._notifier.notify(notice)
            except RunnerError as error:
                _log.warning("notice not given: %s: %s", notice, error)
                reason = str(error)
            self._put_on_record(notice, reason)

    def _put_on_record(self, notice: Notice, reason: str) -> None:
        if not notice.loud or self._record is None:
            return
        try:
            self._record(notice, reason)
        except RunnerError as error:
            _log.warning("a notice could not be put on record: %s: %s", notice, error)
