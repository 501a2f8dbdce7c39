"""When a policy takes effect, by the clock of its site."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from runner.model.policy import Policy


def effect_of(policy: Policy, zone: str) -> datetime | None:
    """The instant from which a policy counts; a date is the beginning of its day at the site. None: at once."""
    if not policy.in_effect_from:
        return None
    written = datetime.fromisoformat(policy.in_effect_from)
    return (written if written.tzinfo else written.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
