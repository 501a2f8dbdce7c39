"""The register, as the log's first entries and every grant since have made them."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from runner.engine.desk.founding import founding_policy, founding_register
from runner.errors import InvalidContentError, StorageError
from runner.model.grant import GrantRecord, SetPolicy
from runner.model.people import Register
from runner.model.policy import Policy
from runner.rules.register import enter
from runner.rules.upkeep import Upheld, asked_since, overdue, upheld
from runner.runbook.settings import POLICY_FILE, policy_of
from runner.store.store import Transaction
from runner.words import N_


class RegisterShelf:
    """Reads the register; what was read before is gone on from, as long as it is still what stands there."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: tuple[int, str, Register] | None = None
        self._counted: tuple[tuple[object, ...], Register, Policy, Upheld] | None = None

    def of(self, transaction: Transaction) -> Register:
        """The register as this transaction sees it.

        Raises:
            StorageError: a grant in the database cannot be entered.
        """
        head = transaction.grants.head()
        with self._lock:
            known = self._known
        if known is None or (known[:2] != head and not transaction.grants.is_head(known[0], known[1])):
            known = (0, "", _founded(transaction))
        register = known[2]
        if known[:2] != head:
            for record in transaction.grants.entered(after=known[0]):
                register = _entered(register, record)
        with self._lock:
            self._known = (*head, register)
        return register

    def upheld(self, transaction: Transaction, policy: Policy, now: datetime, environment: str) -> Upheld:
        """The register as it counts at present; who is needed all the same is looked for once in a minute at most."""
        register, terms = self.of(transaction), policy.upkeep
        span = terms.unused_after
        used = {} if span is None else transaction.uses.before(now - timedelta(seconds=span))
        found = overdue(register, used, terms, now)
        key = (found, environment, now.replace(second=0, microsecond=0))
        with self._lock:
            known = self._counted
        if known is not None and known[0] == key and known[1] is register and known[2] is policy:
            return known[3]
        counted = upheld(register, found, policy, now, environment)
        with self._lock:
            self._counted = (key, register, policy, counted)
        return counted


def _founded(transaction: Transaction) -> Register:
    """The register as the first entries leave it, with what the first policy asks for in time."""
    register = founding_register(transaction)
    founded = transaction.statements.earliest()
    if founded is None:
        return register
    asked = _asked(register, founding_policy(transaction), founded)
    return replace(register, founded=founded, asked=asked)


def _entered(register: Register, record: GrantRecord) -> Register:
    at = in_effect_since(record)
    register = enter(register, record.grant, at)
    if isinstance(record.grant, SetPolicy):
        register = replace(register, asked=_asked(register, record.grant.text.encode(), at))
    return register


def _asked(register: Register, source: bytes, at: datetime) -> Mapping[str, datetime]:
    """Since when what a policy asks for in time has been asked for; one no longer accepted asks for nothing."""
    try:
        return asked_since(register.asked, policy_of(source, POLICY_FILE), at)
    except InvalidContentError:
        return {}


def in_effect_since(record: GrantRecord) -> datetime:
    """When a grant took effect.

    Raises:
        StorageError: it has not.
    """
    if record.decided_at is None:
        raise StorageError(N_("grant {number}: its record is damaged"), number=record.number)
    return record.decided_at
