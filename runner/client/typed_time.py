"""Times as people type them, on the command line and in the terminal UI."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from runner.errors import UsageError
from runner.model.units import parse_duration
from runner.words import N_


def instant(text: str, now: datetime, zone: str) -> datetime:
    """A time as people type it, in UTC: `2026-11-29T00:30`, `00:30` (its next coming), or `+2h`.

    Raises:
        UsageError: none of these.
    """
    here = now.astimezone(ZoneInfo(zone))
    try:
        if text == "now":
            return now
        if text.startswith("+"):
            return now + timedelta(seconds=parse_duration(text[1:]))
        if len(text) == len("00:30"):
            hour, minute = (int(part) for part in text.split(":"))
            coming = here.replace(hour=hour, minute=minute, second=0, microsecond=0)
            return (coming if coming > here else coming + timedelta(days=1)).astimezone(UTC)
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    except OverflowError as error:
        raise UsageError(N_("time {text}: it is too far away"), text=text) from error
    except (ValueError, UsageError) as error:
        raise UsageError(
            N_("time {text}: expected a time such as 2026-11-29T00:30, 00:30 or +2h"), text=text
        ) from error
