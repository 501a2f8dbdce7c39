"""Serving a site in the foreground until told to end, and ending a service that runs."""

from __future__ import annotations

import asyncio
import logging
import os
import select
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from runner import __version__
from runner.engine.desk.expiry import escalate_reviews, expire_requests, tell_trials
from runner.engine.desk.policies import switch_policies
from runner.engine.desk.state import StateDirectory, hold, open_state, read_service, write_service
from runner.engine.desk.upkeep import stop_unused
from runner.engine.journal import service_entry
from runner.engine.notifier import Notifier, SilentNotifier
from runner.engine.process import ProcessMark, is_alive, leave_no_core, own_mark
from runner.errors import RunnerError, StorageError, UnreachableError
from runner.model.document import JsonObject
from runner.model.log import About
from runner.model.site import Site
from runner.model.time import Clock, to_rfc3339
from runner.rules.tags import Tag
from runner.service.access.places import LoginSessions
from runner.service.app import make_app
from runner.service.clock import SystemClock
from runner.service.compose import Composed, Order, compose
from runner.service.listening import GROUP, PRIVATE, listen_at
from runner.service.server import Doorkeeper, WebServer
from runner.service.service_log import writing_log
from runner.service.status_routes import IN_PROGRESS
from runner.words import N_

_log = logging.getLogger(__name__)

IDLE_AFTER: Final = 600.0
"""Seconds without client and run after which an embedded service ends."""
_LOOK_FOR_EXPIRED: Final = 60.0
"""Seconds between two looks for what is over or overdue."""
_THREADS: Final = 16
"""Requests dealt with at once."""
_PATIENCE: Final = 30.0
"""Seconds a service has to end once it was told."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How a site is to be served."""

    site: Site
    state: Path
    socket: Path
    embedded: bool = False
    """Started by a person's client: only its own user may connect, and it ends by itself when idle."""
    idle_after: float = IDLE_AFTER
    notifier: Notifier = field(default_factory=SilentNotifier)
    clock: Clock = field(default_factory=SystemClock)
    ready: Callable[[], None] = lambda: None
    """Told once the service answers."""


def serve(terms: Terms) -> None:
    """Serve until SIGTERM or SIGINT, until `stop_service`, or until idle; call from the main thread.

    Raises:
        UsageError: state directory or socket cannot be used.
        RefusedError: another service works on this state, or the site may not be served like this.
        StorageError: the state cannot be opened or written.
    """
    leave_no_core()
    state = open_state(terms.state, terms.site)
    with hold(state), writing_log(state.log), ExitStack() as stack:
        ending = _Ending()
        order = Order(terms.site, state, terms.embedded, terms.clock, terms.notifier, ending.ask)
        composed = compose(order)
        stack.callback(composed.close)
        listening = stack.enter_context(_listening(terms))
        stack.enter_context(_announced(composed, terms, state))
        composed.start()
        stack.callback(composed.stop)
        asyncio.run(_serve_web(composed, terms, listening, ending))


def stop_service(state: Path, site: Site) -> bool:
    """End the service that works on a state directory; False when there is none.

    Raises:
        UnreachableError: it does not end.
    """
    said = read_service(open_state(state, site)) or {}
    mark = _mark(said)
    if mark is None or not is_alive(mark):
        return False
    with suppress(ProcessLookupError):
        process = os.pidfd_open(mark.pid)
        try:
            if is_alive(mark):
                signal.pidfd_send_signal(process, signal.SIGTERM)
                if not select.select([process], [], [], _PATIENCE)[0]:
                    raise UnreachableError(
                        N_("service: process {pid} did not end within {seconds} seconds"),
                        pid=mark.pid,
                        seconds=int(_PATIENCE),
                    )
        finally:
            os.close(process)
    return True


class _Ending:
    """The wish to end, from any thread, before or after there is a loop to tell."""

    def __init__(self) -> None:
        self._asked = False
        self._end: Callable[[], None] | None = None

    def ask(self) -> None:
        self._asked = True
        if self._end is not None:
            self._end()

    def bind(self, end: Callable[[], None]) -> None:
        self._end = end
        if self._asked:
            end()


@contextmanager
def _listening(terms: Terms) -> Iterator[socket.socket]:
    listening = listen_at(terms.socket, PRIVATE if terms.embedded else GROUP)
    try:
        yield listening
    finally:
        listening.close()
        with suppress(OSError):
            terms.socket.unlink()


@contextmanager
def _announced(composed: Composed, terms: Terms, state: StateDirectory) -> Iterator[None]:
    """Say on disk and in the log that this process serves, and that it has ended."""
    before = read_service(state)
    mark = own_mark()
    document: JsonObject = {
        "pid": mark.pid,
        "start_time": mark.start,
        "boot_id": mark.boot,
        "version": __version__,
        "socket": str(terms.socket),
        "started_at": to_rfc3339(composed.service.started_at),
        "epoch": composed.service.epoch,
    }
    started: JsonObject = {"version": __version__, "embedded": terms.embedded, "epoch": composed.service.epoch}
    _record(composed, Tag.SERVICE_STARTED, started)
    if before is not None:
        _record(composed, Tag.SERVICE_RECOVERED, _left_behind(composed, before))
    write_service(state, document)
    try:
        yield
    finally:
        try:
            _record(composed, Tag.SERVICE_STOPPED, {"epoch": composed.service.epoch})
        except StorageError as error:
            _log.error("the end of the service could not be recorded: %s", error)
        else:
            state.service.unlink(missing_ok=True)


async def _serve_web(composed: Composed, terms: Terms, listening: socket.socket, ending: _Ending) -> None:
    from anyio.to_thread import current_default_thread_limiter

    loop = asyncio.get_running_loop()
    service = composed.service
    service.stream.attach(loop)
    current_default_thread_limiter().total_tokens = _THREADS
    idle = _IdleWatch(composed, terms, ending)
    mine = os.geteuid()
    doorkeeper = Doorkeeper(lambda user: user == mine or not terms.embedded, idle.look_again, LoginSessions())
    idle.watch(doorkeeper, loop)
    server = WebServer(make_app(service), doorkeeper)

    def end() -> None:
        service.stream.stop()
        server.end()

    def end_soon() -> None:
        loop.call_soon_threadsafe(end)

    ending.bind(end_soon)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    expiring = asyncio.create_task(_expire(composed), name="expiry")
    loop.call_soon(terms.ready)
    try:
        await server.serve(sockets=[listening])
    finally:
        expiring.cancel()


async def _expire(composed: Composed) -> None:
    """Look now and then for requests, sessions and trials that are over, reviews overdue; nothing else tells of it."""
    while True:
        try:
            await asyncio.to_thread(switch_policies, composed.service.premises)
            await asyncio.to_thread(expire_requests, composed.service.premises)
            await asyncio.to_thread(escalate_reviews, composed.service.premises)
            await asyncio.to_thread(stop_unused, composed.service.premises)
            await asyncio.to_thread(tell_trials, composed.service.premises)
            await asyncio.to_thread(composed.service.access.sessions.sweep)
        except RunnerError as error:
            _log.warning("what is over or overdue could not be recorded: %s", error)
        await asyncio.sleep(_LOOK_FOR_EXPIRED)


class _IdleWatch:
    """Ends an embedded service that nobody uses and that has no run in progress."""

    def __init__(self, composed: Composed, terms: Terms, ending: _Ending) -> None:
        self._composed = composed
        self._after = terms.idle_after
        self._active = terms.embedded
        self._ending = ending
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, doorkeeper: Doorkeeper, loop: asyncio.AbstractEventLoop) -> None:
        self._doorkeeper, self._loop = doorkeeper, loop
        self.look_again()

    def look_again(self) -> None:
        """Begin to wait anew: somebody has come or gone."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._active and not self._doorkeeper.connected:
            self._timer = self._loop.call_later(self._after, self._end_if_idle)

    def _end_if_idle(self) -> None:
        with self._composed.service.store.reading() as transaction:
            runs = transaction.runs.count(IN_PROGRESS)
        if runs or self._doorkeeper.connected:
            self.look_again()
            return
        _log.info("nobody has asked anything for %d seconds: ending", self._after)
        self._ending.ask()


def _record(composed: Composed, tag: Tag, payload: JsonObject) -> None:
    premises = composed.service.premises
    entry = service_entry(tag, About(), premises.clock.now(), payload)
    with premises.store.writing() as transaction:
        transaction.inbox.put([premises.leaves.make(entry)])


def _left_behind(composed: Composed, before: JsonObject) -> JsonObject:
    """What a service that did not end in order had in its hands."""
    with composed.service.store.reading() as transaction:
        attempts = [str(attempt.key) for attempt in transaction.attempts.unended()]
        runs = [record.id for record in transaction.runs.in_states(IN_PROGRESS)]
    known = {name: before.get(name) for name in ("pid", "started_at", "version", "epoch")}
    return {"before": known, "runs": list(runs), "attempts": list(attempts)}


def _mark(said: JsonObject) -> ProcessMark | None:
    pid, start, boot = said.get("pid"), said.get("start_time"), said.get("boot_id")
    if isinstance(pid, int) and isinstance(start, int) and isinstance(boot, str):
        return ProcessMark(pid, start, boot)
    return None
