"""Numbers without gaps within a year of the site's time zone."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert, select, update

from runner.store.tables import counters


def take_number(connection: Connection, series: str, at: datetime, zone: ZoneInfo) -> str:
    """The next number of a series, such as `BG-2026-0153`.

    Taken inside the caller's transaction: when that is undone the number is free again, so no gap can arise.
    """
    year = at.astimezone(zone).year
    mine = (counters.c.series == series) & (counters.c.year == year)
    taken = connection.execute(update(counters).where(mine).values(last=counters.c.last + 1)).rowcount
    if not taken:
        connection.execute(insert(counters).values(series=series, year=year, last=1))
    last = connection.execute(select(counters.c.last).where(mine)).scalar_one()
    return f"{series}-{year}-{last:04d}"
