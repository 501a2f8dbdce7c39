"""What a site decides within the law: posts, who may do what by risk class, spans and limits (`policy.yml`).

The law itself (requester, approver, executor and confirmer as the product demands) is not here and cannot be relaxed
here. A policy without any posts gives every role to everyone enrolled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from runner.model.people import PersonRole
from runner.model.runbook import Risk
from runner.model.text import Text
from runner.model.time import Seconds


class Strength(StrEnum):
    """How strong a credential is, weakest first."""

    PASSWORD = "password"  # noqa: S105 - a kind of credential, no password
    """Password and time-based code, attested by the service's signature."""
    KEY = "key"
    """An SSH key."""
    TOUCH = "touch"
    """A FIDO2 key that was touched."""

    @property
    def rank(self) -> int:
        """0 for the weakest."""
        return list(Strength).index(self)


class SignedAt(StrEnum):
    """From where executor and confirmer sign."""

    ANYWHERE = "anywhere"
    OPERATIONS = "operations"
    """Two registered operations terminals."""


class GrantArea(StrEnum):
    """Kinds of grants that a policy speaks of together."""

    PEOPLE = "people"
    """Accounts, posts, attestations, exemptions, vendors."""
    KEYS = "keys"
    """Keys, passwords, authenticators."""
    POLICY = "policy"
    TERMINALS = "terminals"


class Reading(StrEnum):
    """Who may read what is not public."""

    SIGNED_IN = "signed_in"
    """People who have signed in."""
    ADMITTED = "admitted"
    """Whoever the operating system lets reach the service."""


@dataclass(frozen=True, slots=True)
class Post:
    """A post of the site (岗位)."""

    title: Text
    roles: tuple[PersonRole, ...]
    key: bool = False
    """A key post (重要岗位): it needs a stand-in, and being vacant is reported."""
    operations: bool = False
    """An operations post: on production, executor and confirmer hold one."""
    most: int = 0
    """Most holders at a time, stand-ins not counted; 0: any number."""
    marks: tuple[str, ...] = ()
    """Attestations its holders need."""


@dataclass(frozen=True, slots=True)
class Unit:
    """An organisational unit (部门)."""

    title: Text
    parent: str = ""


@dataclass(frozen=True, slots=True)
class ApprovalNeed:
    """One approval, or several of a kind, that a change needs."""

    roles: tuple[PersonRole, ...]
    """Any of these."""
    count: int = 1
    other_unit: bool = False
    """By people of another unit than the requester's."""


@dataclass(frozen=True, slots=True)
class ClassTerms:
    """What changes of one risk class need."""

    approvals: tuple[ApprovalNeed, ...]
    request: tuple[PersonRole, ...]
    execute: tuple[PersonRole, ...]
    confirm: tuple[PersonRole, ...]
    strength: Strength = Strength.KEY
    """Weakest credential that is enough."""
    attachments: tuple[str, ...] = ()
    """Kinds of documents a request must name, such as `rehearsal_report`."""
    business: bool = False
    """Whether a business owner verifies the result."""
    terminals: SignedAt = SignedAt.ANYWHERE
    """From where executor and confirmer sign; what touches funds is always signed at operations terminals."""
    approval_valid_for: Seconds | None = None
    """How long an approval may be used when no window bounds it; None: as for the whole policy."""
    max_runs: int | None = None
    """Most runs one approval may allow; None: as for the whole policy."""


@dataclass(frozen=True, slots=True)
class GrantTerms:
    """Who may apply for, approve and check grants of an area."""

    apply: tuple[PersonRole, ...]
    approve: tuple[PersonRole, ...]
    check: tuple[PersonRole, ...]
    check_within: Seconds = Seconds(7 * 86400)


@dataclass(frozen=True, slots=True)
class EmergencyTerms:
    """What becomes of an emergency afterwards (L12)."""

    review_within: Seconds = Seconds(86400)
    outside_reviewer: str = ""
    """Who reviews where a site has only two people."""


@dataclass(frozen=True, slots=True)
class UpkeepTerms:
    """By when the register of people is kept in order."""

    recertify: tuple[PersonRole, ...] = (PersonRole.APPROVER, PersonRole.SECURITY_ADMIN)
    """Who certifies that somebody's posts are still needed."""
    recertify_every: Seconds | None = None
    """How long that holds; None: nothing is asked."""
    dormant_after: Seconds = Seconds(30 * 86400)
    """How long after it was due the posts lie dormant."""
    unused_after: Seconds | None = None
    """How long without sign-in and signature before an account is stopped; None: it never is."""
    stand_in_within: Seconds = Seconds(30 * 86400)
    """How long a key post may be without a stand-in before no major change is accepted."""


@dataclass(frozen=True, slots=True)
class StandingRules:
    """What becomes of standing approvals."""

    revoke: tuple[PersonRole, ...] = (PersonRole.APPROVER, PersonRole.SECURITY_ADMIN)
    """Roles that may take one back alone, beside its requester and its approvers, who always may."""
    warn_before: Seconds = Seconds(3 * 86400)
    """How long before its end one is listed as ending soon."""


@dataclass(frozen=True, slots=True)
class SessionTerms:
    """How long people stay signed in, and what passwords must be."""

    idle: Seconds = Seconds(600)
    longest: Seconds = Seconds(8 * 3600)
    password_length: int = 12
    password_age: Seconds = Seconds(90 * 86400)
    password_history: int = 5
    lock_after: int = 5
    """Wrong passwords in a row before an account waits."""
    shared_terminal: bool = False
    """Whether a second person's password may be typed at the first one's terminal."""


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


MEMBER: Final = "member"
"""The one post of the shipped two-person policy."""
KEY_ROLES: Final = (
    PersonRole.SECURITY_ADMIN,
    PersonRole.SYSTEM_ADMIN,
    PersonRole.NETWORK_ADMIN,
    PersonRole.DUTY_SECURITY,
)
"""Roles of the key posts that regulation names; key posts of two of them are never held by one person."""
_ADMINISTRATORS: Final = (PersonRole.SECURITY_ADMIN, PersonRole.SYSTEM_ADMIN)
EVERYTHING: Final = Post(
    title=Text("member of the operations group", "运维人员"),
    roles=(PersonRole.OPERATOR, PersonRole.APPROVER, PersonRole.BUSINESS_OWNER, *_ADMINISTRATORS),
    operations=True,
)
USUAL_TERMS: Final = ClassTerms(
    approvals=(ApprovalNeed((PersonRole.APPROVER,)),),
    request=(PersonRole.OPERATOR,),
    execute=(PersonRole.OPERATOR,),
    confirm=(PersonRole.OPERATOR,),
)
USUAL_CLASSES: Final[Mapping[Risk, ClassTerms]] = {
    **dict.fromkeys(Risk, USUAL_TERMS),
    Risk.EMERGENCY: replace(USUAL_TERMS, approvals=()),
}
"""An emergency waits for no approval (L12)."""
USUAL_GRANTS: Final = GrantTerms(apply=_ADMINISTRATORS, approve=_ADMINISTRATORS, check=_ADMINISTRATORS)


@dataclass(frozen=True, slots=True)
class Policy:
    """The shipped two-person policy unless the site says otherwise."""

    name: str = "two-person"
    version: int | None = None
    """Number of this wording; None: it has none."""
    in_effect_from: str = ""
    """Date or time from which it counts, as written; empty: from when it is granted."""
    founders: tuple[tuple[str, ...], ...] = ()
    """Posts of the people who found the site, in the order they are named; none said: every post there is."""
    posts: Mapping[str, Post] = field(default_factory=lambda: {MEMBER: EVERYTHING})
    incompatible: tuple[tuple[str, str], ...] = ()
    """Pairs of posts that never meet in one person."""
    units: Mapping[str, Unit] = field(default_factory=dict)
    publish: tuple[PersonRole, ...] = (PersonRole.OPERATOR, PersonRole.APPROVER)
    classes: Mapping[Risk, ClassTerms] = field(default_factory=lambda: dict(USUAL_CLASSES))
    """Terms by risk class, of every unit and environment that has none of its own."""
    environments: Mapping[str, Mapping[Risk, ClassTerms]] = field(default_factory=dict)
    """Terms of an environment; where a class is missing, `classes` count."""
    unit_classes: Mapping[str, Mapping[Risk, ClassTerms]] = field(default_factory=dict)
    """Terms of a unit, never laxer than those above it."""
    grants: Mapping[GrantArea, GrantTerms] = field(default_factory=lambda: dict.fromkeys(GrantArea, USUAL_GRANTS))
    emergency: EmergencyTerms = field(default_factory=EmergencyTerms)
    standing: StandingRules = field(default_factory=StandingRules)
    sessions: SessionTerms = field(default_factory=SessionTerms)
    upkeep: UpkeepTerms = field(default_factory=UpkeepTerms)
    reading: Reading = Reading.ADMITTED
    start_valid_for: Seconds = Seconds(300)
    """How long the executor's signature waits for the confirmer's, and one signature at a gate for the other."""
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

    def lineage(self, unit: str) -> tuple[str, ...]:
        """A unit and those above it, nearest first; ends where a unit is unknown or comes again."""
        found: list[str] = []
        while unit in self.units and unit not in found:
            found.append(unit)
            unit = self.units[unit].parent
        return tuple(found)
