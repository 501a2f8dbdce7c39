from __future__ import annotations

from datetime import timedelta

from runner.store.store import Store
from tests.stores import NOON

DAY = timedelta(days=1)


def test_the_last_use_of_an_account_counts(store: Store) -> None:
    with store.writing() as transaction:
        transaction.uses.note("ann", NOON)
        transaction.uses.note("bob", NOON)
        transaction.uses.note("ann", NOON + DAY)
    with store.reading() as transaction:
        assert transaction.uses.before(NOON) == {"bob": NOON}
        assert transaction.uses.before(NOON + DAY) == {"bob": NOON, "ann": NOON + DAY}
        assert transaction.uses.before(NOON - DAY) == {}


def test_that_an_account_was_stopped_is_remembered_until_it_is_used_again(store: Store) -> None:
    with store.writing() as transaction:
        for name in ("ann", "bob"):
            transaction.uses.note(name, NOON)
        transaction.uses.stop("ann", NOON + DAY)
    with store.writing() as transaction:
        assert transaction.uses.not_recorded(["ann", "bob"]) == ("bob",)
        assert transaction.uses.not_recorded([]) == ()
        transaction.uses.note("ann", NOON + 2 * DAY)
        assert transaction.uses.not_recorded(["ann", "bob"]) == ("ann", "bob")
