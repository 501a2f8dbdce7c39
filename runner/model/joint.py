"""Joint acts: what takes effect only once two people have signed the same content."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from runner.model.document import JsonObject
from runner.model.statement import StatementKind


class ActState(StrEnum):
    """How far a joint act is."""

    OPEN = "open"
    """Signed by one; waits for the other."""
    DONE = "done"
    """Signed by both; it has taken effect."""
    DROPPED = "dropped"
    """It lapsed, or the run went on otherwise."""


@dataclass(frozen=True, slots=True)
class ActSignature:
    """One person's signature under a joint act."""

    person: str
    statement: str
    """Id of the signed statement."""
    at: datetime
    """When it was recorded (UTC)."""


@dataclass(frozen=True, slots=True)
class JointAct:
    """A gate, decision, sheet or close, with the signatures it has so far."""

    id: int
    kind: StatementKind
    run: str
    content: JsonObject
    """Exact content the first person put a key to; the second signs the same."""
    digest: str
    """`sha256:<hex>` of the content's RFC 8785 bytes."""
    state: ActState
    opened_at: datetime
    until: datetime | None
    """When the first signature lapses; None: it waits as long as the run does."""
    signatures: tuple[ActSignature, ...]
    """In the order they were recorded."""
