"""Who is of a vendor: what they execute is flagged, and listed by itself."""

from __future__ import annotations

from runner.model.people import Register


def vendors_in(register: Register) -> tuple[str, ...]:
    """Everybody of a vendor."""
    return tuple(name for name, person in register.people.items() if person.vendor is not None)
