"""A long answer lasts no longer than the session it was asked under."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import cast

from runner.model.access import Session
from runner.service.access.access import Access
from runner.service.access.guard import LOOK_AGAIN, while_open


@dataclass
class FakeSessions:
    """Sessions that are open until a test says otherwise."""

    endings: int = 0
    open: bool = True
    looks: int = 0

    def may_follow(self, session: Session) -> bool:
        self.looks += 1
        return self.open


@dataclass
class FakeDoor:
    sessions: FakeSessions = field(default_factory=FakeSessions)
    seconds: float = 0.0
    closed: bool = False

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        try:
            for number in range(100):
                yield b"%d" % number
        finally:
            self.closed = True

    def stream(self) -> AsyncGenerator[bytes, None]:
        access, session = cast("Access", self), cast("Session", None)
        return while_open(self.chunks(), access, session, lambda: self.seconds)


async def test_nothing_is_asked_while_nothing_happens() -> None:
    door = FakeDoor()
    assert len([chunk async for chunk in door.stream()]) == 100
    assert door.sessions.looks == 0
    assert door.closed


async def test_it_is_looked_again_when_a_session_ended() -> None:
    door = FakeDoor()
    stream = door.stream()
    assert await anext(stream) == b"0"
    door.sessions.endings += 1
    assert await anext(stream) == b"1"
    door.sessions.endings += 1
    door.sessions.open = False
    assert [chunk async for chunk in stream] == []
    assert (door.sessions.looks, door.closed) == (2, True)


async def test_it_is_looked_again_after_a_while() -> None:
    door = FakeDoor()
    stream = door.stream()
    assert await anext(stream) == b"0"
    door.sessions.open = False
    assert await anext(stream) == b"1"
    door.seconds += LOOK_AGAIN
    assert [chunk async for chunk in stream] == []
    assert door.closed
