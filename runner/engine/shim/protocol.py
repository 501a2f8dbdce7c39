"""What service and shim say to one another over the control socket: JSON, one message a line.

The folder is the truth (`runner.engine.shim.folder`); messages only carry wishes and wake-ups, so a lost one costs
time and nothing else.

    service → shim   hello, prepare(order), begin(attempt, secrets), hold, release, pause, go_on,
                     cancel(attempt, now), retire, ping
    shim → service   hello(standings), begun(attempt), refused(attempt), tick(attempt, events), ended(attempt), pong
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from runner.errors import UsageError
from runner.model.order import Order
from runner.model.secret import Given, SecretText
from runner.wire.documents import from_document, to_document
from runner.words import N_

_LONGEST = 16 * 1024 * 1024
"""Bytes of the longest message; an order with every variable fits well inside."""


class Say(StrEnum):
    """What a message says."""

    HELLO = "hello"
    """The service asks what stands; the shim answers with its standings."""
    PREPARE = "prepare"
    """Get ready for the attempt that probably follows; touch nothing."""
    BEGIN = "begin"
    """Carry out the attempt whose `order.json` lies in its folder; at most once, however often it is said."""
    BEGUN = "begun"
    REFUSED = "refused"
    """The attempt has not begun and never will."""
    HOLD = "hold"
    """Wait at the next task border, as long as the order allows: the log cannot be written."""
    RELEASE = "release"
    """The log can be written again."""
    PAUSE = "pause"
    """Wait at the next task border until people have decided."""
    GO_ON = "go_on"
    CANCEL = "cancel"
    """End the attempt at the next task border, or at once; one that has not begun never will."""
    TICK = "tick"
    """The spool has grown."""
    ENDED = "ended"
    """`result.json` is there."""
    RETIRE = "retire"
    """End as soon as no attempt is in progress."""
    PING = "ping"
    PONG = "pong"


class Stand(StrEnum):
    """How far an attempt has come in its shim."""

    ORDERED = "ordered"
    """Its order lies there; nothing was touched."""
    REFUSED = "refused"
    """Nothing was touched, and never will be."""
    BEGUN = "begun"
    ENDED = "ended"
    """Its result is on disk."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One attempt as its shim sees it."""

    attempt: str
    """Name of its folder."""
    stand: Stand
    events: int = 0
    """How many events its spool holds."""
    reason: str = ""
    """Why it was refused."""


@dataclass(frozen=True, slots=True)
class Message:
    """One line on the control socket; a field that a message does not need stays at its default."""

    say: Say
    attempt: str = ""
    """Name of the attempt's folder."""
    events: int = 0
    """How many events the spool holds."""
    now: bool = False
    """Whether to cancel at once instead of at the next task border."""
    order: Order | None = None
    """What probably has to be carried out next."""
    standings: tuple[Standing, ...] = ()
    reason: str = ""
    """Why the attempt was refused."""
    version: str = ""
    """Release of Twokey the shim runs."""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Values that the attempt to begin gets; they are kept in memory only."""


def to_line(message: Message) -> bytes:
    """The line of a message, with its line feed."""
    return json.dumps(to_document(message), separators=(",", ":")).encode() + b"\n"


def begin_message(attempt: str, given: Given) -> Message:
    """The word to begin an attempt, with the secrets it gets."""
    return Message(Say.BEGIN, attempt, secrets={name: text.reveal() for name, text in given.items()})


def to_given(secrets: Mapping[str, str]) -> Given:
    """The values a message carries, as what shows itself to nobody."""
    return {name: SecretText(text) for name, text in secrets.items()}


class Lines:
    """Turns the bytes of one connection into messages."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[Message]:
        """Messages that are complete now.

        Raises:
            UsageError: a line is no message, or too long to be one.
        """
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > _LONGEST:
            raise UsageError(N_("shim protocol: message longer than {limit} bytes"), limit=_LONGEST)
        return [_parse_line(line) for line in lines]


def _parse_line(line: bytes) -> Message:
    try:
        document = json.loads(line)
    except ValueError as error:
        raise UsageError(N_("shim protocol: a line is not JSON")) from error
    return from_document(Message, document)
