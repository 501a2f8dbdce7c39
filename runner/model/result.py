"""What becomes of a run after its end: result, business verification, trial and acceptance (L13)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from runner.model.joint import ActSignature
from runner.model.run import RunState
from runner.model.time import Seconds


class Configuration(StrEnum):
    """What became of the configuration record, as those who sign a result state it."""

    UPDATED = "updated"
    NO_CHANGE = "no_change"
    """Nothing that is kept there has changed."""


@dataclass(frozen=True, slots=True)
class Achievement:
    """A run's result in the words of its executor and confirmer."""

    achieved: str
    reason: str = ""
    """Why it did not go as planned; empty when it did."""
    configuration: Configuration = Configuration.NO_CHANGE
    reference: str = ""
    """Where the configuration record was updated; empty when nothing has changed."""
    follow_up: str = ""
    """Number of the change that mends or undoes what the business did not accept; empty when there is none."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What a business owner signs."""

    accepted: bool
    verified: str
    """What was verified."""
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verification:
    """A business verification as recorded."""

    person: str
    statement: str
    at: datetime
    found: Findings


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What information and using department sign together at the end of a trial."""

    accepted: bool
    conclusion: str
    follow_up: str = ""
    """Number of the change that undoes or mends what was not accepted; empty when it was."""


@dataclass(frozen=True, slots=True)
class ResultRecord:
    """The signed result of a run, and what follows from it."""

    run: str
    request: str
    state: RunState
    """How the run ended."""
    achievement: Achievement
    signed_at: datetime
    """When both had signed the result."""
    business: bool
    """Whether a business owner verifies it."""
    trial: Seconds = Seconds(0)
    """How long it is on trial; 0: it is not."""
    verifications: tuple[Verification, ...] = ()
    """In the order they were signed."""
    trial_ends: datetime | None = None
    """When it may be accepted; None until the trial has begun."""
    told_at: datetime | None = None
    """When it was recorded and told that the trial's days are over."""
    acceptance: Acceptance | None = None
    signatures: tuple[ActSignature, ...] = ()
    """Under the acceptance."""
    dispute: Achievement | None = None
    """How executor and confirmer closed what the business did not accept."""
    done_at: datetime | None = None
    """When nothing more was owed."""

    def is_overdue(self, now: datetime) -> bool:
        """Whether the trial's days are over and nobody has accepted, or not accepted, what came of it."""
        return self.done_at is None and self.trial_ends is not None and now >= self.trial_ends
