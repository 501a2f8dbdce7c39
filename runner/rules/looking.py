"""Which looks at protected data are one query, and so one entry of the log (L9)."""

from __future__ import annotations

from datetime import datetime, timedelta

from runner.model.policy import SessionTerms


def is_same_query(recorded: datetime, terms: SessionTerms, now: datetime) -> bool:
    """Whether a look belongs to the query that the same session has on record for the same object and filters.

    An open view refreshes itself; it is one query for as long as the policy lets a session rest, then a new one.
    """
    return timedelta(0) <= now - recorded < timedelta(seconds=terms.idle)
