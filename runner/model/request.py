"""Publications and requests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from runner.model.plan import Content
from runner.model.runbook import Risk
from runner.model.time import Seconds, Window


class PublicationState(StrEnum):
    """How far content is from being published."""

    PROPOSED = "proposed"
    PUBLISHED = "published"


@dataclass(frozen=True, slots=True)
class Publication:
    """Content signed by its author and by another person."""

    digest: str
    content: Content
    runbook_id: str
    version: int
    state: PublicationState
    author: str
    at: datetime
    countersigner: str | None = None


class RequestState(StrEnum):
    """State of a change request; its legal transitions are in `runner.rules.transitions`."""

    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    USED = "used"
    """Every run the approval allows has been started."""
    REVOKED = "revoked"
    """A standing approval that was taken back, or that lapsed with one of its two people."""


@dataclass(frozen=True, slots=True)
class StandingTerms:
    """What is asked for with a standing approval (预审批): until when, and for how many runs at most."""

    until: datetime
    max_runs: int


@dataclass(frozen=True, slots=True)
class Request:
    """One person's wish to run a runbook."""

    number: str
    """`BG-2026-0153`; without gaps within a year."""
    revision: int
    plan: str
    """Plan digest."""
    content: str
    """Content digest."""
    runbook_id: str
    title_en: str
    title_zh: str
    requester: str
    reason: str
    risk: Risk
    state: RequestState
    window: Window | None
    at: datetime
    """When it was recorded (UTC)."""
    trial: Seconds = Seconds(0)
    """How long the change is on trial before it is accepted; 0: it is not."""
    standing: StandingTerms | None = None
    """What is asked for with a standing approval; None: it is approved for a start by two people."""


@dataclass(frozen=True, slots=True)
class RequestRevision:
    """An earlier revision of a request: what was asked for before, and what became of it."""

    number: str
    revision: int
    plan: str
    requester: str
    reason: str
    state: RequestState
    at: datetime


@dataclass(frozen=True, slots=True)
class Approval:
    """Another person's signed statement over one plan digest; consumed when a run starts."""

    request: str
    plan: str
    approver: str
    statement: str
    """Id of the signed statement."""
    not_before: datetime
    not_after: datetime
    max_runs: int
    used: int
    policy: str = ""
    """Digest of the policy it was given under; under another it starts nothing (PCIS-32)."""
