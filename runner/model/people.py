"""People as the register knows them: who they are, their keys, posts, attestations, and what vendors are bound by.

Permissions attach to roles, roles to posts, and a person holds posts by dated appointments. Nothing here is ever
removed: a key is revoked, an appointment ends, a person leaves; so the register can be asked about any past day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """A person and one key they sign with; what the first entries of a log name."""

    name: str
    """Staff name as it appears in statements and registers; unique."""
    key: str
    """Public key line, `type base64`."""
    fingerprint: str
    """`SHA256:…` of the key; no key belongs to two people."""


class PersonRole(StrEnum):
    """What a post lets its holder do (角色)."""

    OPERATOR = "operator"
    APPROVER = "approver"
    BUSINESS_OWNER = "business_owner"
    AUDITOR = "auditor"
    VENDOR = "vendor"
    SECURITY_ADMIN = "security_admin"
    SYSTEM_ADMIN = "system_admin"
    NETWORK_ADMIN = "network_admin"
    DUTY_SECURITY = "duty_security"


class Standing(StrEnum):
    """Whether a person may act."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    UNUSED = "unused"
    """Stopped, since nobody has used the account for as long as the policy says."""
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class PersonKey:
    """A key of a person, for ever theirs."""

    line: str
    """Public key line, `type base64`."""
    fingerprint: str
    since: datetime | None = None
    """When it was registered; None: with the log's first entries."""
    until: datetime | None = None
    """When it expires by itself."""
    revoked: datetime | None = None

    def is_good(self, at: datetime) -> bool:
        """Whether it may sign at that time."""
        return self.revoked is None and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class Delegation:
    """A dated activation of a stand-in."""

    since: datetime
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Appointment:
    """A post held by a person within a unit."""

    post: str
    unit: str
    """Unit it reaches, with all below; empty: the whole site."""
    environments: tuple[str, ...] = ()
    """Environments it reaches; none named: all."""
    since: datetime | None = None
    until: datetime | None = None
    stand_in: bool = False
    """Dormant until delegated."""
    document: str = ""
    """The document of appointment."""
    delegations: tuple[Delegation, ...] = ()

    def is_active(self, at: datetime) -> bool:
        """Whether its holder may act by it at that time."""
        if (self.since is not None and at < self.since) or (self.until is not None and at >= self.until):
            return False
        return not self.stand_in or any(each.since <= at < each.until for each in self.delegations)


@dataclass(frozen=True, slots=True)
class Attestation:
    """Something a person was trained for or agreed to, with dates."""

    mark: str
    """What it is, such as `training` or `confidentiality`."""
    since: datetime
    until: datetime | None = None
    reference: str = ""
    """Where the paper is."""

    def is_good(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class Exemption:
    """Leave to hold two incompatible posts for a while: a deviation, and shown as one."""

    posts: tuple[str, str]
    since: datetime
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Vendor:
    """What somebody of another company is bound by."""

    company: str
    sponsor: str
    """The operations person who answers for them; when that person leaves, the account rests."""
    contract_end: datetime
    qualification: str
    """Evidence of qualification."""
    runbooks: tuple[str, ...] = ()
    """Runbooks they may see and execute; nothing else."""
    groups: tuple[str, ...] = ()
    """Groups of hosts they may work on."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account, for ever under the same name."""

    name: str
    """Account or staff number as it stands in statements; never used again for somebody else."""
    called: str = ""
    """Name people call them by."""
    unit: str = ""
    standing: Standing = Standing.ACTIVE
    keys: tuple[PersonKey, ...] = ()
    appointments: tuple[Appointment, ...] = ()
    attestations: tuple[Attestation, ...] = ()
    exemptions: tuple[Exemption, ...] = ()
    vendor: Vendor | None = None
    enrolled: datetime | None = None
    """None: with the log's first entries."""
    standing_since: datetime | None = None
    """Since when they stand so; None: from the beginning."""
    certified: datetime | None = None
    """When somebody last certified that their posts are still needed; None: nobody has."""
    lapsed: bool = False
    """Whether their posts lie dormant, since nobody has certified in time that they are needed."""

    def key(self, fingerprint: str) -> PersonKey | None:
        """Their key of that fingerprint, good or not."""
        return next((key for key in self.keys if key.fingerprint == fingerprint), None)

    def good_keys(self, at: datetime) -> tuple[PersonKey, ...]:
        """Keys that may sign at that time."""
        return tuple(key for key in self.keys if key.is_good(at))

    def posts(self, at: datetime) -> tuple[Appointment, ...]:
        """Appointments that are active at that time."""
        return tuple(each for each in self.appointments if each.is_active(at))

    def has_mark(self, mark: str, at: datetime) -> bool:
        """Whether an attestation of that kind is in force."""
        return any(each.mark == mark and each.is_good(at) for each in self.attestations)


@dataclass(frozen=True, slots=True)
class Terminal:
    """A registered place to sign from."""

    name: str
    """Number of the terminal."""
    source: str
    """Where sign-ins at it come from: an address, or a console of the service machine (`runner.rules.places`)."""
    seat: str
    room: str = ""
    operations: bool = False
    """Whether it stands in the operations room."""
    unit: str = ""
    """Organisational unit that works at it."""


@dataclass(frozen=True, slots=True)
class Register:
    """Everyone, and what belongs to no single person, at one moment."""

    people: Mapping[str, Person] = field(default_factory=dict)
    """By name, in order of enrolment."""
    owners: Mapping[str, str] = field(default_factory=dict)
    """Name by fingerprint of every key there ever was."""
    terminals: Mapping[str, Terminal] = field(default_factory=dict)
    founded: datetime | None = None
    """When the first of the log's first entries was signed; None: that does not matter here."""
    asked: Mapping[str, datetime] = field(default_factory=dict)
    """Since when the policies in force, one after the other, ask for what is in order only by a certain day."""

    def owner(self, fingerprint: str) -> Person | None:
        """Whose key it is or was."""
        name = self.owners.get(fingerprint)
        return None if name is None else self.people[name]
