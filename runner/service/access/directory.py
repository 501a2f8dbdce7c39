"""Who people are, as signing in sees it: the one place that knows where they are written down."""

from __future__ import annotations

from datetime import datetime

from runner.model.people import Standing
from runner.store.store import Transaction


def who_has_key(transaction: Transaction, fingerprint: str, at: datetime) -> str | None:  # noqa: ARG001 - keys of founders count at any time
    """The person who may sign in with that key at that time; None when nobody may."""
    holder = transaction.people.find_by_key(fingerprint)
    return None if holder is None else holder.name


def standing(transaction: Transaction, name: str) -> Standing | None:
    """Whether that person may act; None when there is nobody of that name."""
    return None if transaction.people.find(name) is None else Standing.ACTIVE
