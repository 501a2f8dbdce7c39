"""Who people are, as signing in sees it: the one place that reads the register for it."""

from __future__ import annotations

from datetime import datetime

from runner.model.people import Register, Standing


def who_has_key(register: Register, fingerprint: str, at: datetime) -> str | None:
    """The person who may sign in with that key now; None when nobody may."""
    person = register.owner(fingerprint)
    key = person.key(fingerprint) if person is not None else None
    return person.name if person is not None and key is not None and key.is_good(at) else None


def standing(register: Register, name: str) -> Standing | None:
    """Whether that person may act; None when there is nobody of that name."""
    person = register.people.get(name)
    return None if person is None else person.standing
