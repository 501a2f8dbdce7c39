"""The machine's clock, as the service is given it."""

from __future__ import annotations

from datetime import UTC, datetime


class SystemClock:
    """The present as this machine knows it."""

    def now(self) -> datetime:
        """The present instant in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - this is the clock that is injected everywhere else
