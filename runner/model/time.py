"""Time as values: aware UTC instants, spans in whole seconds, and the port through which the clock is read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NewType, Protocol

from runner.errors import UsageError
from runner.words import N_

Seconds = NewType("Seconds", int)
"""A span of time in whole seconds."""


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
    if instant.utcoffset() != UTC.utcoffset(None):
        raise UsageError(N_("time {instant}: expected an instant in UTC"), instant=instant.isoformat())


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
