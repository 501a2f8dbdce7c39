"""Time as values: aware UTC instants, spans in whole seconds, and the port through which the clock is read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NewType, Protocol

from runner.errors import UsageError
from runner.words import N_

Seconds = NewType("Seconds", int)
"""A span of time in whole seconds."""


_NO_OFFSET = timedelta(0)
_WITHOUT_ZONE = len("2026-11-23T18:03:00.000000")


class Clock(Protocol):
    """Where the present comes from; read once per decision."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


def require_utc(instant: datetime) -> None:
    """Refuse a naive instant or one in another zone.

    Raises:
        UsageError: the instant has no zone or is not UTC.
    """
    if instant.tzinfo is not UTC and instant.utcoffset() != _NO_OFFSET:
        raise UsageError(N_("time {instant}: expected an instant in UTC"), instant=instant.isoformat())


def instant_to_text(instant: datetime) -> str:
    """An instant as text of fixed width, so that text order is order in time: `2026-11-23T18:03:00.000000Z`.

    Raises:
        UsageError: the instant has no zone or is not UTC.
    """
    if instant.tzinfo is not UTC:
        require_utc(instant)
    return instant.isoformat("T", "microseconds")[:_WITHOUT_ZONE] + "Z"


def instant_from_text(text: str) -> datetime:
    """Read what `instant_to_text` wrote, and nothing else.

    Raises:
        UsageError: another spelling, or no such instant.
    """
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(N_("time {text}: not an instant"), text=text[:40]) from error
    if instant.utcoffset() is None or instant_to_text(instant.astimezone(UTC)) != text:
        raise UsageError(N_("time {text}: expected an instant in UTC with microseconds"), text=text[:40])
    return instant.astimezone(UTC)


def to_rfc3339(instant: datetime) -> str:
    """An instant as it is written in documents and statements: RFC 3339, UTC as `Z`.

    Raises:
        UsageError: as `require_utc`.
    """
    require_utc(instant)
    return instant.replace(tzinfo=None).isoformat() + "Z"


@dataclass(frozen=True, slots=True)
class Window:
    """The span in which a run may begin and should end."""

    opens: datetime
    """First instant at which a run may begin (UTC)."""
    closes: datetime
    """First instant after the window (UTC)."""

    def __post_init__(self) -> None:
        require_utc(self.opens)
        require_utc(self.closes)
        if self.closes <= self.opens:
            raise UsageError(
                N_("window: it closes at {closes}, which is not after it opens at {opens}"),
                opens=self.opens.isoformat(),
                closes=self.closes.isoformat(),
            )

    def holds(self, instant: datetime) -> bool:
        """Whether the instant lies inside."""
        return self.opens <= instant < self.closes
