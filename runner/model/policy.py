"""What a site decides within the law: spans, limits, and what may stay unbound (`policy.yml` of an environment)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from runner.model.time import Seconds


class People(StrEnum):
    """How many people the site's decision table is made for."""

    TWO = "two"
    """One requests and executes, the other approves and confirms; a major change cannot be started."""


class Drift(StrEnum):
    """What becomes of a start whose patch-level versions differ from the approved runtime."""

    RECORD = "record"
    REFUSE = "refuse"


class Allowance(StrEnum):
    """Whether a plan with something unbound may be requested."""

    ALLOW = "allow"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class UnboundRules:
    """What may be left to run time."""

    outputs: Allowance = Allowance.ALLOW
    """Outputs of earlier steps."""
    sheets: Allowance = Allowance.ALLOW
    """Readings people record on a manual step's sheet."""
    lookups: Allowance = Allowance.REFUSE
    """Lookups to the outside of the snapshot."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The shipped two-person policy unless the site says otherwise."""

    name: str = "two-person"
    people: People = People.TWO
    start_valid_for: Seconds = Seconds(300)
    """How long the executor's signature waits for the confirmer's."""
    approval_valid_for: Seconds = Seconds(7 * 86400)
    """How long an approval may be used when the plan has no window to bound it."""
    max_runs: int = 1
    """Most runs one approval may allow."""
    runtime_drift: Drift = Drift.RECORD
    unbound: UnboundRules = field(default_factory=UnboundRules)
    anchor_within: Seconds = Seconds(86400)
    """How old the tail of the log may get without an anchor."""
    hold: Seconds = Seconds(600)
    """How long a run holds at a task border while the log cannot be written."""
    rollback_reserve: Seconds = Seconds(600)
    """Span kept free between the end of a rollback and the end of the window."""
