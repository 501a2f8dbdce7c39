"""The register as it counts at present: with accounts that were stopped for want of use, and with dormant posts."""

from __future__ import annotations

from runner.engine.desk.premises import Premises
from runner.engine.journal import service_entry
from runner.model.log import About, Entry
from runner.model.people import Person, Register, Standing
from runner.model.time import to_rfc3339
from runner.rules.tags import Tag
from runner.rules.upkeep import Upheld
from runner.store.store import Transaction


def upheld_register(premises: Premises, transaction: Transaction) -> Upheld:
    """The register that the grants have made, as it counts at present, and who is needed all the same."""
    return premises.register.upheld(transaction, premises.policy, premises.clock.now(), premises.site.environment)


def present_register(premises: Premises, transaction: Transaction) -> Register:
    """The register as it counts at present."""
    return upheld_register(premises, transaction).register


def stop_unused(premises: Premises) -> int:
    """Record, once for each, that accounts are stopped for want of use; how many there were."""
    if premises.policy.upkeep.unused_after is None:
        return 0
    with premises.store.reading() as transaction:
        if not transaction.uses.not_recorded(_stopped(premises, transaction)):
            return 0
    now = premises.clock.now()
    with premises.store.writing() as transaction:
        stopped = _stopped(premises, transaction)
        names = transaction.uses.not_recorded(stopped)
        for name in names:
            transaction.uses.stop(name, now)
        entries: list[Entry] = [
            service_entry(Tag.ACCOUNT_STOPPED, About(), now, {"person": name, "since": _since(stopped[name])})
            for name in names
        ]
        transaction.inbox.put(premises.leaves.make_all(entries))
    return len(names)


def _stopped(premises: Premises, transaction: Transaction) -> dict[str, Person]:
    people = present_register(premises, transaction).people
    return {name: person for name, person in people.items() if person.standing is Standing.UNUSED}


def _since(person: Person) -> str | None:
    return None if person.standing_since is None else to_rfc3339(person.standing_since)
