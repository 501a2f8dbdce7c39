"""What holds for unit tests: no network."""

from __future__ import annotations

import socket

import pytest


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection to the outside; sockets between two ends of one test stay allowed."""
    connect = socket.socket.connect

    def refuse(end: socket.socket, address: tuple[str, int] | str | bytes) -> None:
        if end.family != socket.AF_UNIX:
            message = f"a unit test may not connect to {address!r}"
            raise PermissionError(message)
        connect(end, address)

    monkeypatch.setattr(socket.socket, "connect", refuse)
