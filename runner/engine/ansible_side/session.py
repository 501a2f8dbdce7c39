"""The one play that runs in this process: its spool and its border together.

`begin` is called once, when the driver has let the play go; the callback plugin, which Ansible loads by itself, finds
the session by `current`.
"""

from __future__ import annotations

import os
import threading

from runner.engine.ansible_side.border import Border, Exit, Go
from runner.engine.ansible_side.masking import Masks
from runner.engine.ansible_side.spool import Spool

_LONGEST_BACKLOG = 4 * 1024 * 1024
"""Bytes that may wait in memory until the next task border; beyond, the play holds at once."""
_PRIVATE = 0o600


class Session:
    """Tells what happens in a play, and passes its task borders."""

    def __init__(self, border: Border, spool: Spool, go: Go) -> None:
        self._border = border
        self._spool = spool
        self._hold_seconds = go.hold_seconds
        self._roots = tuple(root.rstrip("/") + "/" for root in (go.root, os.path.realpath(go.root)))
        self._at_border = threading.RLock()
        self._verdict: int | None = None
        self._running: set[tuple[str, str]] = set()

    @property
    def masked(self) -> int:
        """How many times a value has been masked."""
        return self._spool.masked

    @property
    def cuts(self) -> int:
        """How many events were cut."""
        return self._spool.cuts

    def tell(self, event: str, /, **fields: object) -> None:
        """Append an event; never raises, because Ansible lets nothing but SystemExit out of a callback."""
        self._spool.tell(event, **fields)
        if self._spool.backlog > _LONGEST_BACKLOG:
            self._hold_for_spool()

    def host_begins(self, host: str, task: str) -> None:
        """A task begins on a host."""
        self._running.add((host, task))

    def host_ends(self, host: str, task: str) -> None:
        """A task has ended on a host."""
        self._running.discard((host, task))

    def try_to_write(self) -> bool:
        """Write what is still unwritten; whether nothing is left."""
        return self._spool.try_to_write()

    def break_off(self, exit_status: Exit) -> None:
        """Let the process end with this status at the next task border; the first such wish stands."""
        if self._verdict is None:
            self._verdict = exit_status

    def pass_task_border(self) -> None:
        """Go on only when every event is written and the driver agrees; for the main thread.

        Raises:
            SystemExit: the play ends here.
        """
        with self._at_border:
            if not self._spool.try_to_write():
                self._hold_for_spool()
            if self._verdict is not None:
                raise SystemExit(self._verdict)
            self._border.pass_task_border(self)

    def end(self, rc: int) -> int:
        """Tell that the playbook has ended by itself, here and to the driver; the exit status that follows."""
        with self._at_border:
            unfinished = sorted({host for host, _task in self._running})
            self.tell("ended", rc=self._status(rc), unfinished=unfinished)
            if not self._spool.try_to_write():
                self._hold_for_spool()
            self._border.say_ended(self._status(rc), is_clean=not unfinished)
            return self._status(rc)

    def inside(self, path: str | None) -> str | None:
        """A path as it reads inside the snapshot."""
        if path is None:
            return None
        root = next((root for root in self._roots if path.startswith(root)), "")
        return path.removeprefix(root)

    def forget(self) -> None:
        """Touch neither spool nor border again: for a forked worker, whose parent goes on telling."""
        self._spool.forget()
        self._border.close()

    def _status(self, rc: int) -> int:
        return rc if self._verdict is None else self._verdict

    def _hold_for_spool(self) -> None:
        with self._at_border:
            try:
                self._border.wait_for_spool(self._spool, self._hold_seconds)
            except SystemExit as end:
                self._verdict = int(end.code or Exit.SPOOL)
                self._spool.close()


_sessions: list[Session] = []


def begin(border: Border, go: Go) -> Session:
    """Open the spool, tell the driver, and make the session of this process.

    Raises:
        OSError: the spool cannot be opened; nothing has begun.
        SystemExit: the driver is gone; nothing has begun.
    """
    descriptor = os.open(go.spool, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, _PRIVATE)
    session = Session(border, Spool(descriptor, Masks(go.masks), go.event_limit), go)
    border.say_begun()
    os.register_at_fork(after_in_child=session.forget)
    _sessions[:] = [session]
    return session


def has_begun() -> bool:
    """Whether a play was let go in this process."""
    return bool(_sessions)


def current() -> Session:
    """The session of this process.

    Raises:
        LookupError: nothing was let go here.
    """
    if not _sessions:
        raise LookupError("no play was let go in this process")
    return _sessions[0]
