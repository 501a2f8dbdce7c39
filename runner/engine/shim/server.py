"""The shim's one thread: hears the service, begins attempts, watches them, tells how they end.

The service may come, go and come again: what is in progress goes on. Nothing waits for the service to read; a
connection that does not is given up, because the folder holds everything a message says.
"""

from __future__ import annotations

import logging
import os
import selectors
import socket
import struct
import time
from contextlib import suppress
from dataclasses import replace

import runner
from runner.engine.durable import write_durably
from runner.engine.shim.attempt import Attempt, Holds
from runner.engine.shim.executor import Executor
from runner.engine.shim.folder import AttemptFolder, ShimFolder, to_bytes
from runner.engine.shim.judging import Loss, unseen_result
from runner.engine.shim.protocol import Lines, Message, Say, Stand, Standing, to_given, to_line
from runner.engine.shim.readiness import Readiness
from runner.errors import RunnerError, StorageError, UsageError
from runner.model.order import Order
from runner.model.secret import Given
from runner.model.time import Clock
from runner.words import N_

_log = logging.getLogger(__name__)

IDLE_SECONDS = 600.0
"""A shim that has nothing to do for so long ends; the next attempt gets a new one."""
_PIECE = 64 * 1024
_RETRY = 1.0
_CREDENTIALS = struct.Struct("3i")


class _Peer:
    """One connection from a service."""

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(0)
        self.connection = connection
        self.lines = Lines()
        self.is_deaf = False
        """Whether it did not take what it was told; it is still heard until it hangs up."""


class ShimServer:
    """Carries out the attempts of one run, one at a time."""

    def __init__(
        self,
        folder: ShimFolder,
        listener: socket.socket,
        executor: Executor,
        clock: Clock,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._folder = folder
        self._listener = listener
        self._clock = clock
        self._idle_seconds = idle_seconds
        self._idle_since = time.monotonic()
        self._readiness = Readiness(folder, executor)
        self._attempt: Attempt | None = None
        self._refused: dict[str, str] = {}
        self._holds = Holds()
        self._retires = False
        self._is_asked_to_end = False
        self._peers: list[_Peer] = []
        self._selector = selectors.DefaultSelector()
        self._waker, self._woken = socket.socketpair()
        for end in (self._waker, self._woken, listener):
            end.settimeout(0)
        self._selector.register(listener, selectors.EVENT_READ, self._welcome)
        self._selector.register(self._woken, selectors.EVENT_READ, self._heed)

    def run(self) -> None:
        """Serve until there is nothing left to do."""
        while not self._is_over():
            for key, _ in self._selector.select(self._patience()):
                key.data()
            self._pass_time()
        self._readiness.discard()
        for peer in list(self._peers):
            self._drop(peer)
        self._selector.close()
        for end in (self._waker, self._woken, self._listener):
            end.close()

    def wake(self) -> None:
        """Make the thread look at what has changed; from any thread and from signal handlers."""
        with suppress(BlockingIOError, OSError):
            self._waker.send(b"!")

    def end_soon(self) -> None:
        """End the attempt in progress at its next task border, then the process; from signal handlers too."""
        self._is_asked_to_end = True
        self.wake()

    def _is_over(self) -> bool:
        if self._attempt is not None:
            return False
        return self._retires or time.monotonic() - self._idle_since >= self._idle_seconds

    def _patience(self) -> float:
        if self._attempt is None:
            return max(0.0, self._idle_since + self._idle_seconds - time.monotonic())
        return _RETRY if self._attempt.has_ended else self._attempt.patience()

    def _pass_time(self) -> None:
        if self._is_asked_to_end and not self._retires:
            self._retires = True
            if self._attempt is not None:
                self._attempt.cancel(now=False)
        attempt = self._attempt
        if attempt is None:
            return
        if attempt.pass_time():
            self._tell(Message(Say.TICK, attempt.name, attempt.events))
        if attempt.has_ended:
            self._finish(attempt)

    def _finish(self, attempt: Attempt) -> None:
        watch = attempt.watch
        if watch is not None and watch.fileno() in self._selector.get_map():
            self._selector.unregister(watch)
        try:
            attempt.finish()
        except StorageError as error:
            _log.warning("attempt %s: its result is not on disk yet: %s", attempt.name, error)
            return
        self._attempt = None
        self._idle_since = time.monotonic()
        self._tell(Message(Say.ENDED, attempt.name, attempt.events))

    def _welcome(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        _, user, _ = _CREDENTIALS.unpack(
            connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        )
        if user not in {0, os.geteuid()}:
            _log.warning("user %d may not talk to this shim", user)
            connection.close()
            return
        peer = _Peer(connection)
        self._peers.append(peer)
        self._selector.register(connection, selectors.EVENT_READ, lambda: self._hear(peer))

    def _heed(self) -> None:
        with suppress(BlockingIOError):
            self._woken.recv(_PIECE)

    def _hear(self, peer: _Peer) -> None:
        try:
            data = peer.connection.recv(_PIECE)
            messages = peer.lines.feed(data)
        except BlockingIOError:
            return
        except (OSError, UsageError) as error:
            _log.warning("connection closed: %s", error)
            self._drop(peer)
            return
        if not data:
            self._drop(peer)
        for message in messages:
            try:
                self._obey(message, peer)
            except RunnerError as error:
                _log.warning("message %s: %s", message.say, error)

    def _obey(self, message: Message, peer: _Peer) -> None:
        match message.say:
            case Say.HELLO:
                self._say(peer, Message(Say.HELLO, standings=self._standings(), version=runner.__version__))
            case Say.PING:
                self._say(peer, Message(Say.PONG))
            case Say.PREPARE if message.order is not None:
                self._prepare(message.order)
            case Say.BEGIN:
                self._begin(message.attempt, to_given(message.secrets))
            case Say.CANCEL:
                self._cancel(message.attempt, now=message.now)
            case Say.HOLD | Say.RELEASE:
                self._hold(replace(self._holds, log=message.say is Say.HOLD))
            case Say.PAUSE | Say.GO_ON:
                self._hold(replace(self._holds, people=message.say is Say.PAUSE))
            case Say.RETIRE:
                self._retires = True
            case _:
                _log.warning("message %s is not for a shim", message.say)

    def _standings(self) -> tuple[Standing, ...]:
        standings = []
        for folder in self._folder.attempts():
            if self._attempt is not None and folder.name == self._attempt.name:
                standings.append(Standing(folder.name, Stand.BEGUN, self._attempt.events))
            elif folder.result.exists():
                standings.append(Standing(folder.name, Stand.ENDED))
            elif folder.name in self._refused:
                standings.append(Standing(folder.name, Stand.REFUSED, reason=self._refused[folder.name]))
            else:
                standings.append(Standing(folder.name, Stand.ORDERED))
        return tuple(standings)

    def _prepare(self, order: Order) -> None:
        self._idle_since = time.monotonic()
        try:
            self._readiness.prepare(order)
        except RunnerError as error:
            _log.warning("attempt %s could not be prepared: %s", order.key, error)

    def _begin(self, name: str, given: Given) -> None:
        """Begin an attempt unless it was begun, refused or ended before; say how it stands."""
        if self._attempt is not None and self._attempt.name == name:
            self._tell(Message(Say.BEGUN, name, self._attempt.events))
            return
        try:
            folder = self._folder.named(name)
            if folder.has_begun() and not folder.result.exists():
                write_durably(folder.result, to_bytes(unseen_result(folder, self._clock.now(), Loss.POWER)))
            if folder.result.exists():
                self._tell(Message(Say.ENDED, name))
                return
            if name not in self._refused:
                self._attempt = self._begun(folder, given)
                self._tell(Message(Say.BEGUN, name))
        except RunnerError as error:
            _log.warning("attempt %s is not begun: %s", name, error)
            self._refused[name] = str(error)
        if name in self._refused:
            self._tell(Message(Say.REFUSED, name, reason=self._refused[name]))

    def _begun(self, folder: AttemptFolder, given: Given) -> Attempt:
        if self._attempt is not None:
            raise UsageError(N_("attempt {attempt} is still in progress"), attempt=self._attempt.name)
        order = folder.read_order()
        if self._clock.now() >= order.deadline:
            raise UsageError(N_("its deadline has passed"))
        if missing := sorted({secret.name for secret in order.secrets} ^ given.keys()):
            raise UsageError(N_("its secrets were not given as ordered: {names}"), names=", ".join(missing))
        prepared = self._readiness.take(order, folder)
        try:
            attempt = Attempt(folder, order, given, prepared, self._clock, self.wake)
        except RunnerError:
            prepared.discard()
            raise
        if attempt.watch is not None:
            self._selector.register(attempt.watch, selectors.EVENT_READ, attempt.watch.drain)
        attempt.hold(self._holds)
        return attempt

    def _cancel(self, name: str, *, now: bool) -> None:
        """Cancel the attempt in progress; one that has not begun is refused for ever."""
        if self._attempt is not None and self._attempt.name == name:
            self._attempt.cancel(now=now)
        elif not self._folder.named(name).result.exists():
            self._refused.setdefault(name, str(UsageError(N_("cancelled before it began"))))
            self._tell(Message(Say.REFUSED, name, reason=self._refused[name]))

    def _hold(self, holds: Holds) -> None:
        self._holds = holds
        if self._attempt is not None:
            self._attempt.hold(holds)

    def _tell(self, message: Message) -> None:
        for peer in list(self._peers):
            self._say(peer, message)

    def _say(self, peer: _Peer, message: Message) -> None:
        if peer.is_deaf:
            return
        line = to_line(message)
        try:
            sent = peer.connection.send(line)
        except OSError:
            sent = 0
        if sent != len(line):
            peer.is_deaf = True
            with suppress(OSError):
                peer.connection.shutdown(socket.SHUT_WR)

    def _drop(self, peer: _Peer) -> None:
        if peer in self._peers:
            self._peers.remove(peer)
            self._selector.unregister(peer.connection)
            peer.connection.close()
