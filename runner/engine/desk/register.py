"""The register and the policy in force, as the log's first entries and every grant since have made them."""

from __future__ import annotations

import threading
from datetime import datetime

from runner.engine.desk.founding import founding_policy, founding_register
from runner.errors import StorageError
from runner.model.grant import GrantKind, GrantRecord, SetPolicy
from runner.model.people import Register
from runner.model.policy import Policy
from runner.rules.register import enter
from runner.runbook.settings import POLICY_FILE, policy_of
from runner.store.store import Transaction
from runner.words import N_


class RegisterShelf:
    """Reads the register; what was read before is gone on from, as long as it is still what stands there."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: tuple[int, str, Register] | None = None

    def of(self, transaction: Transaction) -> Register:
        """The register as this transaction sees it.

        Raises:
            StorageError: a grant in the database cannot be entered.
        """
        head = transaction.grants.head()
        with self._lock:
            known = self._known
        if known is None or not transaction.grants.is_head(known[0], known[1]):
            known = (0, "", founding_register(transaction))
        register = known[2]
        if known[:2] != head:
            for record in transaction.grants.entered(after=known[0]):
                register = enter(register, record.grant, in_effect_since(record))
        with self._lock:
            self._known = (*head, register)
        return register


def in_effect_since(record: GrantRecord) -> datetime:
    """When a grant took effect.

    Raises:
        StorageError: it has not.
    """
    if record.decided_at is None:
        raise StorageError(N_("grant {number}: its record is damaged"), number=record.number)
    return record.decided_at


def policy_source_in_force(transaction: Transaction) -> str:
    """The policy file in force: the newest that was granted, or the one of the first entries.

    Raises:
        RefusedError: it is not the one that was signed.
    """
    granted = transaction.grants.newest(GrantKind.SET_POLICY)
    if granted is not None and isinstance(granted.grant, SetPolicy):
        return granted.grant.text
    return founding_policy(transaction).decode()


def policy_in_force(transaction: Transaction) -> Policy:
    """The policy in force.

    Raises:
        RefusedError: it is not the one that was signed.
        InvalidContentError: this program no longer accepts it.
    """
    return policy_of(policy_source_in_force(transaction).encode(), POLICY_FILE)
