"""The border between an Ansible process and the driver that started it.

The process connects to the socket `border.sock` in its working directory, says `ready`, and waits. Nothing of the
playbook is read before `go`. Afterwards it looks for messages at every task border and nowhere else. When the driver
is gone the process ends: at once when it has not begun, at the next task border when it has.

Messages are JSON objects, one on a line; `say` names the kind (`Say`).
"""

from __future__ import annotations

import json
import select
import socket
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Protocol

SOCKET_NAME = "border.sock"
"""Name of the socket in the attempt's private folder, which is the working directory of the process."""

_CHUNK = 65536


class Say(StrEnum):
    """Kinds of messages."""

    GO = "go"
    """Driver: read the playbook and run it; carries the fields of `Go`."""
    HOLD = "hold"
    """Driver: wait at the next task border."""
    RELEASE = "release"
    """Driver: go on."""
    STOP = "stop"
    """Driver: end at the next task border."""
    READY = "ready"
    """Process: everything is imported; nothing has been read."""
    BEGUN = "begun"
    """Process: `go` has been taken and the spool is open; the playbook is read next."""
    HELD = "held"
    """Process: waits at a task border; `by` says who wants it (`HeldBy`)."""
    RELEASED = "released"
    """Process: goes on."""
    ENDED = "ended"
    """Process: the playbook has ended by itself, every event is written; `rc` is the exit status about to follow,
    `is_clean` whether no task was in the middle on any host."""


class HeldBy(StrEnum):
    """Who holds a play at a task border."""

    DRIVER = "driver"
    SPOOL = "spool"
    """Events cannot be written."""


class Exit(IntEnum):
    """Exit statuses beyond Ansible's own (0 to 5, 99, 250)."""

    NOT_BEGUN = 90
    """Ended before `go`; nothing was read or run."""
    STOPPED = 91
    """Ended at a task border because the driver asked."""
    ORPHANED = 92
    """Ended at a task border because the driver is gone."""
    SPOOL = 93
    """Ended at a task border because events could not be written for as long as allowed."""
    PROMPT = 94
    """The playbook asks a question, which nobody could answer."""
    BROKEN = 95
    """An event could not be told; ended at the next task border."""


@dataclass(frozen=True, slots=True)
class Go:
    """What a process needs to know beside its arguments."""

    spool: str
    """File that events are appended to."""
    root: str
    """Root of the snapshot; paths inside it are told relative to it."""
    masks: tuple[str, ...]
    """Values that must not be written anywhere."""
    event_limit: int
    """Bytes of one event before it is cut."""
    hold_seconds: float
    """How long to hold when events cannot be written."""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Variables that stand above all others and are in no file."""

    def to_message(self) -> dict[str, object]:
        """The fields as they are sent."""
        return {
            "spool": self.spool,
            "root": self.root,
            "masks": list(self.masks),
            "event_limit": self.event_limit,
            "hold_seconds": self.hold_seconds,
            "secrets": dict(self.secrets),
        }

    @classmethod
    def from_message(cls, message: Mapping[str, object]) -> Go:
        """Read the fields of a `go` message."""
        masks, secrets = message["masks"], message.get("secrets")
        return cls(
            spool=str(message["spool"]),
            root=str(message["root"]),
            masks=tuple(str(mask) for mask in masks) if isinstance(masks, list) else (),
            event_limit=int(str(message["event_limit"])),
            hold_seconds=float(str(message["hold_seconds"])),
            secrets={str(name): str(text) for name, text in secrets.items()} if isinstance(secrets, dict) else {},
        )


class ChannelClosedError(Exception):
    """The other side is gone."""


class Channel:
    """Messages over a connected socket; for one reader."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._unread = bytearray()
        self._waiting: deque[dict[str, object]] = deque()

    def send(self, say: Say, **fields: object) -> None:
        """Send a message.

        Raises:
            ChannelClosedError: the other side is gone.
        """
        line = json.dumps({"say": say, **fields}).encode() + b"\n"
        try:
            self._connection.sendall(line)
        except OSError as error:
            raise ChannelClosedError from error

    def receive(self, seconds: float | None = None) -> dict[str, object] | None:
        """The next message, or None when none comes within `seconds` (None waits for ever).

        Raises:
            ChannelClosedError: the other side is gone and everything it said has been read.
        """
        while not self._waiting:
            if not self._is_readable(seconds):
                return None
            self._read()
        return self._waiting.popleft()

    def is_message_waiting(self) -> bool:
        """Whether a message can be received, or the other side is gone."""
        return bool(self._waiting) or self._is_readable(0)

    def hang_up(self) -> None:
        """Let both sides find the other gone; safe while another thread receives."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close this end."""
        self._connection.close()

    def _is_readable(self, seconds: float | None) -> bool:
        poll = select.poll()
        poll.register(self._connection, select.POLLIN)
        return bool(poll.poll(None if seconds is None else seconds * 1000))

    def _read(self) -> None:
        try:
            chunk = self._connection.recv(_CHUNK)
        except OSError as error:
            raise ChannelClosedError from error
        if not chunk:
            raise ChannelClosedError
        self._unread += chunk
        *lines, rest = self._unread.split(b"\n")
        self._unread = bytearray(rest)
        self._waiting.extend(json.loads(line) for line in lines)


class Teller(Protocol):
    """Where the border writes what happens to a play; the spool."""

    def tell(self, event: str, /, **fields: object) -> None:
        """Append an event."""

    def try_to_write(self) -> bool:
        """Write what is still unwritten; whether nothing is left."""


class Border:
    """The process's side: where a play is let go, held and stopped."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def wait_for_go(self, argv: list[str]) -> Go:
        """Say that everything is ready and wait until the driver lets the play go.

        Raises:
            SystemExit: the driver does not want it, or is gone.
        """
        try:
            self._channel.send(Say.READY, argv=argv)
            message = self._channel.receive()
        except ChannelClosedError as error:
            raise SystemExit(Exit.NOT_BEGUN) from error
        if message is None or message["say"] != Say.GO:
            raise SystemExit(Exit.NOT_BEGUN)
        return Go.from_message(message)

    def say_begun(self) -> None:
        """Tell the driver that the play begins now.

        Raises:
            SystemExit: the driver is gone.
        """
        try:
            self._channel.send(Say.BEGUN)
        except ChannelClosedError as error:
            raise SystemExit(Exit.NOT_BEGUN) from error

    def is_wanted(self) -> bool:
        """Whether the driver has already decided, so that getting ready any further would only delay it."""
        return self._channel.is_message_waiting()

    def pass_task_border(self, teller: Teller) -> None:
        """Do what the driver wishes at a task border; returns when the play may go on.

        Raises:
            SystemExit: the driver wants the play to end, or is gone.
        """
        while self._channel.is_message_waiting():
            if self._receive(teller, None) == Say.HOLD:
                self._hold(teller)

    def wait_for_spool(self, teller: Teller, seconds: float, pause: float = 0.25) -> None:
        """Hold until every event is written.

        Raises:
            SystemExit: `seconds` are over, the driver wants the play to end, or the driver is gone.
        """
        self._say(Say.HELD, by=HeldBy.SPOOL)
        tries = max(1, round(seconds / pause))
        for _try in range(tries):
            self._receive(teller, pause)
            if teller.try_to_write():
                self._say(Say.RELEASED)
                return
        raise SystemExit(Exit.SPOOL)

    def say_ended(self, rc: int, *, is_clean: bool) -> None:
        """Tell the driver that the playbook has ended by itself, and whether every task of it has."""
        self._say(Say.ENDED, rc=rc, is_clean=is_clean)

    def close(self) -> None:
        """Close this end, as a forked worker must."""
        self._channel.close()

    def _hold(self, teller: Teller) -> None:
        teller.tell("held", by=HeldBy.DRIVER)
        self._say(Say.HELD, by=HeldBy.DRIVER)
        while self._receive(teller, None) != Say.RELEASE:
            pass
        teller.tell("released")
        self._say(Say.RELEASED)

    def _receive(self, teller: Teller, seconds: float | None) -> str:
        try:
            message = self._channel.receive(seconds)
        except ChannelClosedError as error:
            teller.tell("stopped", why="orphaned")
            raise SystemExit(Exit.ORPHANED) from error
        say = str(message["say"]) if message else ""
        if say == Say.STOP:
            teller.tell("stopped", why="asked")
            raise SystemExit(Exit.STOPPED)
        return say

    def _say(self, say: Say, **fields: object) -> None:
        """Tell the driver; that it is gone shows at the next task border."""
        try:
            self._channel.send(say, **fields)
        except ChannelClosedError:
            return
