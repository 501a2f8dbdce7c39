"""What the API says of people, grants and the policy in force."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from runner.model.document import JsonObject
from runner.model.grant import GrantKind, GrantState
from runner.model.people import Person, PersonRole, Terminal
from runner.model.runbook import Risk
from runner.model.statement import StatementKind
from runner.wire.api import Words
from runner.wire.api_request import Act


@dataclass(frozen=True, slots=True)
class GrantRow:
    """A grant."""

    number: str
    grant: GrantKind
    terms: JsonObject
    """What exactly is granted: the fields of its kind in `runner.model.grant`."""
    reason: str
    state: GrantState
    applicant: str
    application: str
    """Id of the applicant's statement."""
    applied_at: datetime
    approver: str
    approval: str
    decided_at: datetime | None
    inspector: str
    inspected_at: datetime | None


@dataclass(frozen=True, slots=True)
class GrantPage:
    """Grants, newest first."""

    rows: tuple[GrantRow, ...]
    next: str | None
    """Number to go on behind; None: there are no more."""


@dataclass(frozen=True, slots=True)
class GrantShown:
    """A grant with what may be signed about it."""

    row: GrantRow
    acts: tuple[Act, ...]
    open: tuple[Words, ...]
    """Of somebody who leaves: what stays open in their name."""
    ends: tuple[Words, ...] = ()
    """Of somebody who leaves: what ends with that, or has ended."""


@dataclass(frozen=True, slots=True)
class LeavingShown:
    """What becomes of what rests on somebody when they leave."""

    person: str
    ends: tuple[Words, ...]
    """What ends at once."""
    open: tuple[Words, ...]
    """What stays open in their name."""


@dataclass(frozen=True, slots=True)
class PersonShown:
    """Somebody as they stand now."""

    person: Person
    roles: tuple[PersonRole, ...]
    """What their posts let them do at present."""
    posts: tuple[str, ...]
    """Posts they may act by at present."""


@dataclass(frozen=True, slots=True)
class RegisterShown:
    """The register as it stood at one moment."""

    at: datetime
    people: tuple[PersonShown, ...]
    terminals: tuple[Terminal, ...]
    remarks: tuple[Words, ...]
    """What is to be reported; empty for a past moment."""


@dataclass(frozen=True, slots=True)
class ComingPolicy:
    """A policy that was granted and takes effect later."""

    number: str
    """Of its grant."""
    name: str
    version: int | None
    digest: str
    at: datetime
    """When it takes effect."""


@dataclass(frozen=True, slots=True)
class ApprovalInUse:
    """An approval that a start may still use."""

    request: str
    approver: str
    not_after: datetime


@dataclass(frozen=True, slots=True)
class PolicyShown:
    """The policy in force."""

    name: str
    source: str
    """Its file; empty: the shipped one."""
    digest: str
    grant: str
    """Number of the grant that put it in force; empty: the log's first entries."""
    differs: bool
    """Whether the site's file says something else."""
    coming: tuple[ComingPolicy, ...] = ()
    """Policies granted for later, by their dates."""
    approvals: tuple[ApprovalInUse, ...] = ()
    """Approvals that a start may still use; each lapses with the policy in force."""


@dataclass(frozen=True, slots=True)
class Explained:
    """What the policy says about one signature."""

    person: str
    action: StatementKind
    object: str
    allowed: bool
    rule: str
    """Id of the rule that refuses."""
    reason: Words | None
    hint: Words | None
    who: tuple[str, ...]
    """Everybody who may."""


@dataclass(frozen=True, slots=True)
class StaffingRow:
    """Whether changes of a class and unit can be carried through."""

    risk: Risk
    unit: str
    enough: bool
    team: tuple[str, ...] = ()
    """One team that can: requester, approvers, executor, confirmer."""
    missing: StatementKind | None = None
    """The first signature that nobody can make."""


@dataclass(frozen=True, slots=True)
class Staffing:
    """Whether enough people are there."""

    rows: tuple[StaffingRow, ...] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Here:
    """Where whoever asks is, as the service finds it; nobody can say it for themselves."""

    source: str
    """Address or console their login session was opened from; empty: nothing proves any."""
    terminal: Terminal | None
    """The registered terminal of that source."""
