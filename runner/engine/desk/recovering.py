"""Credentials set anew by two people, each of whom learns one half of the first password and hands it to its owner.

Neither half is of use without the other, so that nobody takes an account over alone. The halves are kept nowhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from runner.engine.desk import granting
from runner.engine.desk.case import Case
from runner.errors import UsageError
from runner.model.grant import GrantKind
from runner.model.statement import SignedStatement, StatementKind
from runner.store.store import Transaction
from runner.wire.api_request import Outcome
from runner.words import N_

Give = Callable[[Transaction, str], str]
"""Gives the credential its effect inside a transaction, by decision of somebody; the approver's half."""


class Recovery(Protocol):
    """Makes first passwords."""

    def half(self, statement: str) -> str:
        """The half that belongs to a statement, known to whoever signed it."""
        ...

    def prepared(self, person: str, application: str, approval: str) -> Give:
        """A credential whose password is made of the halves of both statements; this takes a while."""
        ...


def recovering(signed: SignedStatement, recovery: Recovery | None) -> Callable[[Case], Outcome] | None:
    """How a statement is dealt with by which credentials are set anew; None for every other statement.

    Raises:
        UsageError: it says not whose, or nothing here can set them anew.
    """
    statement = signed.statement
    if statement.content.get("grant") != GrantKind.RESET_CREDENTIALS.value:
        return None
    if statement.kind not in (StatementKind.APPLY, StatementKind.GRANT):
        return None
    if recovery is None:
        raise UsageError(N_("credentials cannot be set anew here"))
    if statement.kind is StatementKind.APPLY:
        half = recovery.half(signed.id)
        return lambda case: replace(granting.apply(case), half=half)
    terms, application = statement.content.get("terms"), statement.content.get("application")
    person = terms.get("person") if isinstance(terms, dict) else None
    if not isinstance(person, str) or not isinstance(application, str):
        raise UsageError(N_('statement: "{name}" must be an object'), name="terms")
    give = recovery.prepared(person, application, signed.id)

    def approve(case: Case) -> Outcome:
        outcome = granting.approve(case)
        return replace(outcome, half=give(case.transaction, case.person.name))

    return approve
