"""Somebody of a vendor: what their grant lists, which is all they see and execute; their runs are listed apart."""

from __future__ import annotations

from collections.abc import Iterable

from runner.model.people import Register, Vendor


def vendors_in(register: Register) -> tuple[str, ...]:
    """Everybody of a vendor."""
    return tuple(name for name, person in register.people.items() if person.vendor is not None)


def is_listed(vendor: Vendor | None, runbook: str) -> bool:
    """Whether a runbook, and its content, is there for them; for people of the house each is."""
    return vendor is None or runbook in vendor.runbooks


def groups_beyond(vendor: Vendor, hosts: Iterable[frozenset[str]]) -> frozenset[str] | None:
    """The groups of the first host that is in none of theirs; None: each is in one of them.

    Args:
        vendor: what their grant lists.
        hosts: for each host the groups it is in.
    """
    return next((groups for groups in hosts if not groups.intersection(vendor.groups)), None)


def is_within(vendor: Vendor | None, runbook: str, hosts: Iterable[frozenset[str]]) -> bool:
    """Whether a plan, and what comes of it, is there for them: its runbook is listed, and so is each of its hosts."""
    return vendor is None or (is_listed(vendor, runbook) and groups_beyond(vendor, hosts) is None)
