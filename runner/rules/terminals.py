"""From where people sign: what is started, passed and closed at registered operations terminals only (RCB-79).

Two people sign at two terminals. No class of change and no runbook is exempt, an emergency neither.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from runner.model.policy import SignedAt
from runner.model.statement import StatementKind
from runner.rules.changing import terms
from runner.rules.ruling import Ask, Ruling, refuse
from runner.words import N_

AT_TERMINALS: Final = frozenset(
    {
        StatementKind.START,
        StatementKind.CONFIRM,
        StatementKind.GATE,
        StatementKind.SHEET,
        StatementKind.DECIDE,
        StatementKind.CLOSE,
    }
)
"""What is signed at operations terminals where they are demanded; stopping is possible from anywhere."""


def is_at_operations_terminal(ask: Ask) -> Ruling | None:
    """It is signed at an operations terminal, another one than the other person's, where that is demanded."""
    facts = ask.facts
    if facts.terminal is None or not (facts.funds or terms(ask).terminals is SignedAt.OPERATIONS):
        return None
    terminals = facts.register.terminals
    able = [each.name for each in terminals.values() if each.operations and each.name not in facts.terminals_used]
    known = terminals.get(facts.terminal)
    if known is None or not known.operations:
        return refuse(
            "terminal:not-operations",
            N_("it is signed at a registered operations terminal, this is none ({terminal}); no class is exempt"),
            _hint(able),
            terminal=facts.terminal or "-",
            terminals=", ".join(able),
        )
    if known.name not in facts.terminals_used:
        return None
    return refuse(
        "terminal:same",
        N_("the other person has signed at terminal {terminal}; two people sign at two terminals, no class is exempt"),
        _hint(able),
        terminal=known.name,
        terminals=", ".join(able),
    )


def _hint(able: Iterable[str]) -> str:
    if any(able):
        return N_("sign at one of these terminals: {terminals}")
    return N_("register two of them: twokey people terminal add, which two people sign")
