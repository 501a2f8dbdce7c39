"""One thread that listens to every live shim of the service and brings what they leave into the log.

A message is only a reason to look into the shim's folder. While the log cannot be written, every shim is told to hold
at its next task border, and what was not recorded is tried again until it is. When a shim is gone, its folder says
what became of its attempt.
"""

from __future__ import annotations

import logging
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from runner.engine.importer import Followed, Importer
from runner.engine.links import Link, ShimStarter, is_running, reap
from runner.engine.lost import Lost
from runner.engine.shim.protocol import Message, Say, Stand
from runner.errors import RunnerError, StorageError, UsageError
from runner.model.holding import Shim
from runner.model.order import Result
from runner.model.run import AttemptKey
from runner.model.time import Clock

_log = logging.getLogger(__name__)

_SOON = 0.2
"""Seconds a shim that has hung up is given to end."""
_RETRY = 1.0
"""Seconds after which what could not be done is tried again."""


@dataclass(eq=False)
class _Task:
    """What is still to be done about one attempt."""

    followed: Followed
    looks: bool = True
    """Its spool may hold events that are not imported."""
    has_begun: bool = False
    has_ended: bool = False
    """Its result should be there."""
    refused: str | None = None
    """Why it has not begun and never will."""
    is_lost: bool = False
    """Nobody is connected to its shim."""
    is_late: bool = False
    """What is to be done waits for the next try."""
    is_blocked: bool = False
    """The log could not be written when it was tried last."""

    @property
    def is_due(self) -> bool:
        return self.looks or self.has_ended or self.is_lost or self.refused is not None


class Pump:
    """Listens to shims; every public method may be called from any thread."""

    def __init__(
        self, importer: Importer, starter: ShimStarter, lost: Lost, clock: Clock, wake: Callable[[str], None]
    ) -> None:
        """Make a pump that is not running yet.

        Args:
            importer: records what it finds.
            starter: connects to shims again.
            lost: finds out what became of attempts whose shim is gone.
            clock: when it is.
            wake: told the run whose attempt has begun or ended.
        """
        self._importer = importer
        self._starter = starter
        self._wake = wake
        self._clock = clock
        self._lost = lost
        self._links: dict[str, Link] = {}
        self._tasks: dict[str, _Task] = {}
        self._departing: dict[str, Shim] = {}
        self._asked: deque[Callable[[], None]] = deque()
        self._lock = threading.Lock()
        self._retry_at = 0.0
        self._held_since: datetime | None = None
        self._stopping = False
        self._selector = selectors.DefaultSelector()
        self._waker: socket.socket | None = None
        self._woken: socket.socket | None = None
        self._thread = threading.Thread(target=self._listen, name="pump", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._waker, self._woken = socket.socketpair()
        for end in (self._waker, self._woken):
            end.settimeout(0)
        self._selector.register(self._woken, selectors.EVENT_READ, partial(self._heed, self._woken))
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and hang up; shims go on."""
        self._ask(self._stop)
        self._thread.join()
        for link in self._links.values():
            link.close()
        self._selector.close()
        for end in (self._waker, self._woken):
            if end is not None:
                end.close()

    def attach(self, link: Link, *, greets: bool) -> None:
        """Listen to a shim; `greets` asks it what stands, as after a restart."""
        with self._lock:
            self._links[link.shim.id] = link
        self._ask(partial(self._attach, link, greets=greets))

    def link_of(self, run: str) -> Link | None:
        """The connection to the newest live shim of a run."""
        with self._lock:
            links = [link for link in self._links.values() if link.shim.run == run]
        return max(links, key=lambda link: link.shim.started_at, default=None)

    def follow(self, followed: Followed, refused: str | None = None) -> None:
        """See an attempt through to its recorded end; `refused` says why it never begins."""
        with self._lock:
            self._tasks[str(followed.key)] = _Task(
                followed, is_lost=followed.shim.id not in self._links, refused=refused
            )
        self._ask(lambda: None)

    def follows(self, key: AttemptKey) -> bool:
        """Whether an attempt is being seen through."""
        with self._lock:
            return str(key) in self._tasks

    def send(self, shim: str, message: Message) -> None:
        """Tell a shim something; one that cannot hear it is found out to be gone soon."""
        with self._lock:
            link = self._links.get(shim)
        if link is None or not link.send(message):
            _log.info("shim %s does not hear %s", shim, message.say)

    def _ask(self, what: Callable[[], None]) -> None:
        """Have something done by the thread."""
        self._asked.append(what)
        if self._waker is not None:
            with suppress(OSError):
                self._waker.send(b"!")

    def _heed(self, woken: socket.socket) -> None:
        with suppress(BlockingIOError):
            woken.recv(4096)
        self._heed_all()

    def _heed_all(self) -> None:
        while self._asked:
            self._guard(self._asked.popleft())

    def _stop(self) -> None:
        self._stopping = True

    def _listen(self) -> None:
        self._heed_all()
        while not self._stopping:
            for key, _ in self._selector.select(self._patience()):
                self._guard(key.data)
            for task in self._due():
                self._do(task)
            self._let_go_on()
            self._see_off()

    def _patience(self) -> float | None:
        """How long to listen when nobody says anything."""
        due = [task for task in self._all_tasks() if task.is_due]
        if any(not task.is_late for task in due):
            return 0.0
        is_late = bool(due) or self._held_since is not None or bool(self._departing)
        return max(0.0, self._retry_at - time.monotonic()) if is_late else None

    def _due(self) -> list[_Task]:
        """What is to be done now; what waits for the next try is one of it when that has come."""
        is_time = time.monotonic() >= self._retry_at
        return [task for task in self._all_tasks() if task.is_due and (is_time or not task.is_late)]

    def _all_tasks(self) -> list[_Task]:
        with self._lock:
            return list(self._tasks.values())

    def _put_off(self, task: _Task) -> None:
        task.is_late = True
        self._retry_at = time.monotonic() + _RETRY

    @staticmethod
    def _guard(what: Callable[[], None]) -> None:
        try:
            what()
        except Exception:  # noqa: BLE001 - boundary of a thread
            # What goes wrong with one shim must not stop the others.
            _log.exception("a shim could not be heard")

    def _attach(self, link: Link, *, greets: bool) -> None:
        self._selector.register(link, selectors.EVENT_READ, partial(self._hear, link))
        self._departing.pop(link.shim.id, None)
        for task in self._tasks_of(link.shim):
            task.is_lost = False
        if self._held_since is not None:
            link.send(Message(Say.HOLD))
        if greets:
            link.send(Message(Say.HELLO))
            link.send(Message(Say.HOLD if self._held_since is not None else Say.RELEASE))

    def _hear(self, link: Link) -> None:
        try:
            messages = link.receive()
        except UsageError as error:
            _log.warning("shim %s: %s", link.shim.id, error)
            messages = None
        if messages is None:
            self._drop(link)
            return
        for message in messages:
            self._take(link, message)

    def _drop(self, link: Link) -> None:
        self._selector.unregister(link)
        with self._lock:
            if self._links.get(link.shim.id) is link:
                del self._links[link.shim.id]
        link.close()
        for task in self._tasks_of(link.shim):
            task.is_lost = True
        self._departing[link.shim.id] = link.shim
        self._retry_at = max(self._retry_at, time.monotonic() + _SOON)

    def _take(self, link: Link, message: Message) -> None:
        if message.say is Say.HELLO:
            self._compare(link, message)
            return
        task = self._named(link.shim, message.attempt)
        if task is None:
            return
        match message.say:
            case Say.BEGUN:
                task.has_begun = task.looks = True
            case Say.TICK:
                task.looks = True
            case Say.ENDED:
                task.has_ended = True
            case Say.REFUSED:
                task.refused = message.reason

    def _compare(self, link: Link, message: Message) -> None:
        """Take what a shim says stands for each attempt of it; what may not begin any more is cancelled."""
        standings = {standing.attempt: standing for standing in message.standings}
        for task in self._tasks_of(link.shim):
            name = task.followed.folder.name
            standing = standings.get(name)
            match standing.stand if standing else Stand.ORDERED:
                case Stand.BEGUN:
                    task.has_begun = task.looks = True
                case Stand.ENDED:
                    task.has_ended = True
                case Stand.REFUSED:
                    task.refused = standing.reason if standing else ""
                case Stand.ORDERED:
                    if task.followed.is_recovered or task.followed.begin is None:
                        link.send(Message(Say.CANCEL, name))
                    else:
                        link.send(task.followed.begin)

    def _tasks_of(self, shim: Shim) -> list[_Task]:
        return [task for task in self._all_tasks() if task.followed.shim.id == shim.id]

    def _named(self, shim: Shim, attempt: str) -> _Task | None:
        return next((task for task in self._tasks_of(shim) if task.followed.folder.name == attempt), None)

    def _do(self, task: _Task) -> None:
        task.is_late = False
        try:
            self._see_to(task)
            task.is_blocked = False
        except StorageError as error:
            task.is_blocked = True
            self._put_off(task)
            self._hold(error)
        except Exception:  # noqa: BLE001 - boundary of a thread
            # What goes wrong with one attempt must not stop the others; it is tried again.
            _log.exception("attempt %s", task.followed.key)
            self._put_off(task)

    def _see_to(self, task: _Task) -> None:
        followed = task.followed
        if task.has_begun or task.has_ended or task.refused is not None:
            followed.begin = None
        if task.has_begun and not followed.is_begun:
            self._importer.begun(followed)
        if task.looks:
            task.looks = self._importer.import_some(followed)
        if task.refused is not None:
            self._importer.never_begun(followed, task.refused)
            self._finish(task)
        elif task.has_ended:
            self._importer.ended(followed, self._lost.result(followed))
            self._finish(task)
        elif task.is_lost and not task.looks:
            self._resolve(task)

    def _resolve(self, task: _Task) -> None:
        """Find the shim again, or what became of its attempt."""
        followed = task.followed
        if is_running(followed.shim):
            link = self._starter.find(followed.shim)
            if link is None:
                self._put_off(task)
            else:
                with self._lock:
                    self._links[link.shim.id] = link
                self._attach(link, greets=True)
            return
        end = self._lost.end_of(followed)
        if isinstance(end, Result):
            self._importer.ended(followed, end)
        else:
            self._importer.never_begun(followed, end)
        self._finish(task)

    def _finish(self, task: _Task) -> None:
        with self._lock:
            del self._tasks[str(task.followed.key)]
        self._wake(task.followed.key.run)

    def _hold(self, error: RunnerError) -> None:
        if self._held_since is not None:
            return
        _log.error("the log cannot be written, runs hold at their next task border: %s", error)
        self._held_since = self._clock.now()
        self._tell_all(Say.HOLD)

    def _let_go_on(self) -> None:
        """End the hold once everything that waited is recorded, and that there was one."""
        if self._held_since is None or any(task.is_blocked for task in self._all_tasks()):
            return
        try:
            self._importer.log_returned(self._held_since)
        except StorageError:
            self._retry_at = time.monotonic() + _RETRY
            return
        _log.warning("the log can be written again, runs go on")
        self._held_since = None
        self._tell_all(Say.RELEASE)

    def _see_off(self) -> None:
        """Record the end of shims that have hung up, once their processes are gone."""
        if time.monotonic() < self._retry_at:
            return
        for shim in list(self._departing.values()):
            reap(shim)
            if is_running(shim):
                self._retry_at = time.monotonic() + _RETRY
            else:
                del self._departing[shim.id]
                self._lost.gone(shim)

    def _tell_all(self, say: Say) -> None:
        with self._lock:
            links = list(self._links.values())
        for link in links:
            link.send(Message(say))
