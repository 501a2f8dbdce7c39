"""After-reviews: what two others owe once an emergency has begun (补审).

Findings, conclusion and a permanent fix are signed; until then the review is owed, and overdue after its day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from runner.model.joint import ActSignature


class ReviewState(StrEnum):
    """Where an after-review stands."""

    OPEN = "open"
    """Owed; nobody has signed, or not everybody who must."""
    OVERDUE = "overdue"
    """Owed, and its time is over. Never stored: it follows from the time."""
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What reviewers sign."""

    findings: tuple[str, ...]
    conclusion: str
    permanent_fix: str = ""
    """Number of the request that mends it for good; empty when none is needed."""


@dataclass(frozen=True, slots=True)
class ReviewRecord:
    """The after-review of one emergency run."""

    run: str
    request: str
    unit: str
    """Unit of the requester when the run began."""
    requester: str
    executor: str
    confirmer: str
    since: datetime
    """When the run began."""
    due: datetime
    done_at: datetime | None = None
    escalated_at: datetime | None = None
    """When it was recorded and told that the review is overdue."""
    verdict: Verdict | None = None
    signatures: tuple[ActSignature, ...] = ()
    """Of the reviewers."""
    deviation: bool = False
    """Whether people who took part reviewed it themselves, since there were no others (L12)."""

    def state_at(self, now: datetime) -> ReviewState:
        """Where it stands at a time."""
        if self.done_at is not None:
            return ReviewState.DONE
        return ReviewState.OVERDUE if now >= self.due else ReviewState.OPEN
