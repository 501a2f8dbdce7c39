"""How expensive a password is: measured when a site is founded, kept with its state, on record."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from runner.audit.leaves import LeafMaker
from runner.engine.desk.genesis import opened_site
from runner.engine.journal import service_entry
from runner.model.log import About, LogMode
from runner.model.site import Site
from runner.model.time import Clock
from runner.rules.tags import Tag
from runner.service.access.hashing import Note, Parameters, keep_tuned, tuned
from runner.store.store import Transaction


def tune_passwords(site: Site, state: Path, clock: Clock, tune: Callable[[], Parameters] = tuned) -> Parameters:
    """Measure this machine for a site that no service serves yet, unless somebody has.

    Raises:
        RefusedError: a service is running.
        StorageError: it cannot be kept.
    """
    with opened_site(site, state) as store:
        return keep_tuned(store, tune, noting(LeafMaker(clock, LogMode.EMBEDDED), clock))


def noting(leaves: LeafMaker, clock: Clock) -> Note:
    """Puts what was measured on record."""

    def note(transaction: Transaction, found: Parameters) -> None:
        payload = {"memory_cost": found.memory_cost, "time_cost": found.time_cost}
        entry = service_entry(Tag.PASSWORDS_TUNED, About(), clock.now(), {**payload})
        transaction.inbox.put([leaves.make(entry)])

    return note
