"""Step 3.7 of the procedure: which policy was in force at each place of the log.

Policies come into force by grants of two people, in an order and at instants that the entries tell; every approval says
under which it was given.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Final

from runner.audit.statement_check import StatementBook
from runner.audit.steps import StepError
from runner.errors import RunnerError
from runner.model.document import JsonObject
from runner.model.log import LeafFields
from runner.model.policy import Policy
from runner.rules.tags import Tag
from runner.runbook.settings import POLICY_FILE, policy_of
from runner.words import N_

_DAY_AROUND_THE_WORLD: Final = timedelta(hours=14)
"""A date begins at some place of the earth this much before or after it does in UTC."""


class PolicyCheck:
    """Follows the policies through the entries, in order."""

    def __init__(self, statements: StatementBook) -> None:
        self._statements = statements
        self._in_force = ""

    def check(self, leaf: LeafFields, payload: bytes | None) -> None:
        """Look at the next entry.

        Raises:
            StepError: a policy comes into force that nobody granted, or before its date; or an approval was given under
                another policy than the one in force.
        """
        if leaf.tag == Tag.POLICY_IN_FORCE:
            self._take(leaf, _told(payload))
        elif leaf.tag == Tag.REQUEST_APPROVED:
            self._compare(_told(payload))

    def _take(self, leaf: LeafFields, told: JsonObject) -> None:
        digest = str(told.get("policy"))
        text = self._statements.policies.get(leaf.about.statement)
        if text is None or text[0] != digest:
            raise StepError(N_("policy {digest}: no grant puts it into force"), step="3.7", digest=digest[:80])
        earliest = _earliest(text[1])
        if earliest is not None and leaf.occurred < earliest:
            raise StepError(
                N_("policy {digest}: it came into force before its date (at {at}, expected {expected})"),
                step="3.7",
                digest=digest,
                at=leaf.occurred.isoformat(),
                expected=earliest.isoformat(),
            )
        self._in_force = digest

    def _compare(self, told: JsonObject) -> None:
        got, expected = told.get("policy"), self._in_force or self._statements.founding_policy
        if got is not None and got != expected:
            raise StepError(
                N_("approval: it was given under policy {got}, in force is {expected}"),
                step="3.7",
                got=str(got)[:80],
                expected=expected,
            )


def _earliest(source: str) -> datetime | None:
    """The first instant at which a policy may count anywhere on earth; None: whenever it is granted."""
    try:
        policy: Policy = policy_of(source.encode(), POLICY_FILE)
    except RunnerError:
        return None
    if not policy.in_effect_from:
        return None
    written = datetime.fromisoformat(policy.in_effect_from)
    return written if written.tzinfo else written.replace(tzinfo=UTC) - _DAY_AROUND_THE_WORLD


def _told(payload: bytes | None) -> JsonObject:
    """What an entry tells; nothing where its payload was taken away."""
    try:
        told = json.loads(payload or b"{}")
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
