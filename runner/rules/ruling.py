"""What a decision about a signature is made of: the facts, the question, the ruling with its reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from runner.errors import Fact
from runner.model.grant import GrantRecord
from runner.model.people import Person, Register
from runner.model.policy import Policy, Strength
from runner.model.review import ReviewRecord
from runner.model.run import HandOver
from runner.model.runbook import Risk
from runner.model.statement import StatementKind

_BEGINNING: Final = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known when somebody signs; empty where it does not apply or nobody has signed yet."""

    register: Register = field(default_factory=Register)
    """Everyone, as they stand now."""
    now: datetime = _BEGINNING
    environment: str = ""
    production: bool = False
    embedded: bool = False
    """Whether the service was started by a person's client."""
    risk: Risk = Risk.ORDINARY
    runbook: str = ""
    """Id of the runbook."""
    groups: tuple[frozenset[str], ...] = ()
    """For each of its hosts the groups it is in; what a vendor's terms are compared with."""
    author: str = ""
    """Who signed the publication as its author."""
    countersigner: str = ""
    requester: str = ""
    approvers: tuple[str, ...] = ()
    """Whose approvals count."""
    lapsed: tuple[str, ...] = ()
    """Whose approvals were given under another policy, and start nothing (PCIS-32)."""
    executor: str = ""
    confirmer: str = ""
    hand_over: HandOver | None = None
    """The hand-over in question."""
    hand_overs: tuple[HandOver, ...] = ()
    """Those the run has had."""
    standing: bool = False
    """Whether it is asked for, approved or running as a standing approval."""
    signed: tuple[str, ...] = ()
    """Who has signed this joint act already."""
    key: str = ""
    """Fingerprint of the key that signs now; empty when anybody's own is meant."""
    strength: Strength | None = None
    """What it is signed with now; None when the strongest a person has is meant."""
    funds: bool = False
    """Whether it touches accounts and funds; looked at together with `terminal`."""
    terminal: str | None = None
    """Registered terminal it is signed at now, empty at none; None when it does not matter where."""
    terminals_used: frozenset[str] = frozenset()
    """Terminals at which the other person has signed."""
    attachments: frozenset[str] | None = None
    """Kinds of documents a request names; None when they are not looked at."""
    grant: GrantRecord | None = None
    """The grant in question."""
    overdue: tuple[ReviewRecord, ...] = ()
    """After-reviews of the unit whose time is over."""

    @property
    def unit(self) -> str:
        """The unit a change belongs to: its requester's."""
        requester = self.register.people.get(self.requester)
        return requester.unit if requester is not None else ""


@dataclass(frozen=True, slots=True)
class Ask:
    """May this person make a statement of this kind?"""

    action: StatementKind
    name: str
    facts: Facts
    policy: Policy

    @property
    def person(self) -> Person:
        """Who asks; known to be enrolled, since no rule comes before that one."""
        return self.facts.register.people[self.name]


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the policy says about one signature, and why."""

    allowed: bool
    rule: str = ""
    """Id of the rule that refuses."""
    message: str = ""
    """Message id, filled with `facts`."""
    hint: str = ""
    """Message id of the next step to take."""
    facts: Mapping[str, Fact] = field(default_factory=dict)


Rule = Callable[[Ask], Ruling | None]
"""Refuses, or has nothing against it."""

ALLOWED: Final = Ruling(allowed=True)


def refuse(rule: str, message: str, hint: str = "", **facts: Fact) -> Ruling:
    """A ruling that refuses."""
    return Ruling(allowed=False, rule=rule, message=message, hint=hint, facts=facts)
