"""The web server: uvicorn over one unix socket, without timers while nothing happens."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Iterator
from typing import Final

from starlette.types import ASGIApp
from uvicorn import Config, Server
from uvicorn.protocols.http.h11_impl import H11Protocol

from runner.service.access.guard import SOURCE
from runner.service.access.places import NoPlaces, PlaceFinder
from runner.service.listening import process_of, user_of

_log = logging.getLogger(__name__)

_GRACE: Final = 5
"""Seconds that answers in progress have when the service stops."""

Admit = Callable[[int], bool]
"""Whether a process of that user id may connect."""


class Doorkeeper:
    """Who may connect, and how many are connected."""

    def __init__(
        self, admit: Admit, on_change: Callable[[], None] = lambda: None, places: PlaceFinder | None = None
    ) -> None:
        self._admit = admit
        self._on_change = on_change
        self._places = places or NoPlaces()
        self.connected = 0
        """Connections at present."""

    def enter(self, connection: socket.socket) -> bool:
        """Whether this connection is admitted; it must `leave` then."""
        user = user_of(connection)
        if not self._admit(user):
            _log.warning("a process of user id %d tried to connect and was turned away", user)
            return False
        self.connected += 1
        self._on_change()
        return True

    def peer_of(self, connection: socket.socket) -> str:
        """What requests of a connection come from: the operating system's user, which says nothing of the person."""
        return f"uid:{user_of(connection)}"

    def source_of(self, connection: socket.socket) -> str:
        """From where a connection was made, looked up as it is made; empty when nothing proves it."""
        return self._places.find(*process_of(connection))

    def leave(self) -> None:
        """An admitted connection has ended."""
        self.connected -= 1
        self._on_change()


class WebServer(Server):
    """uvicorn's server, told when to end instead of asking itself ten times a second."""

    def __init__(self, app: ASGIApp, doorkeeper: Doorkeeper) -> None:
        super().__init__(
            Config(
                app,
                http=_protocol_behind(doorkeeper),
                ws="none",
                loop="asyncio",
                lifespan="off",
                log_config=None,
                access_log=False,
                date_header=False,
                server_header=False,
                timeout_graceful_shutdown=_GRACE,
            )
        )
        self._ended = asyncio.Event()

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self._ended.wait()

    def end(self) -> None:
        """End gracefully; called in the server's loop."""
        self.should_exit = True
        self._ended.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the service's business."""
        yield


def _protocol_behind(doorkeeper: Doorkeeper) -> type[H11Protocol]:
    """A protocol that lets nobody in whom the doorkeeper does not admit."""

    class GuardedProtocol(H11Protocol):
        _admitted = False

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
            connection = transport.get_extra_info("socket")
            if connection is None or not doorkeeper.enter(connection):
                transport.abort()
                return
            self._admitted = True
            super().connection_made(transport)
            self.client = (doorkeeper.peer_of(connection), 0)
            self.app_state = {**self.app_state, SOURCE: doorkeeper.source_of(connection)}

        def connection_lost(self, exc: Exception | None) -> None:
            if self._admitted:
                doorkeeper.leave()
                super().connection_lost(exc)

    return GuardedProtocol
