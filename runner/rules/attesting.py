"""Where a password with a code is enough to sign: only where the terms of a change say so, and to stop."""

from __future__ import annotations

from typing import Final

from runner.model.policy import Strength
from runner.model.statement import StatementKind
from runner.rules.changing import STOPPING, is_strong_enough
from runner.rules.ruling import Ask, Ruling, refuse
from runner.words import N_

KEY_ONLY: Final = frozenset(
    {
        StatementKind.GENESIS,
        StatementKind.PUBLISH,
        StatementKind.APPLY,
        StatementKind.GRANT,
        StatementKind.DENY,
        StatementKind.RETRACT,
        StatementKind.INSPECT,
    }
)
"""What is signed with a key under every policy: the log's beginning, content, and everything about people."""


def is_enough(ask: Ask) -> Ruling | None:
    """A statement that was confirmed by password and code counts only where the policy is content with that."""
    if ask.facts.strength is not Strength.PASSWORD or ask.action in STOPPING:
        return None
    if ask.action in KEY_ONLY:
        return refuse("policy:key-only", N_("this is signed with a key of one's own, never with a password"))
    return is_strong_enough(ask)
