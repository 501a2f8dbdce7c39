"""Grants: what two people do together to people, keys, posts, policy and terminals (授权申请).

One applies for it, another approves it, and a third look compares what came of it; each by a signed statement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from runner.model.people import Terminal, Vendor


class GrantKind(StrEnum):
    """What is granted, or taken back."""

    ENROL = "enrol"
    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    LEAVE = "leave"
    TRANSFER = "transfer"
    ADD_KEY = "add_key"
    REVOKE_KEY = "revoke_key"
    APPOINT = "appoint"
    RELIEVE = "relieve"
    DELEGATE = "delegate"
    RECERTIFY = "recertify"
    ATTEST = "attest"
    EXEMPT = "exempt"
    SET_VENDOR = "set_vendor"
    SET_POLICY = "set_policy"
    ADD_TERMINAL = "add_terminal"
    REMOVE_TERMINAL = "remove_terminal"
    RESET_CREDENTIALS = "reset_credentials"


class GrantState(StrEnum):
    """Where a grant stands."""

    APPLIED = "applied"
    GRANTED = "granted"
    """In effect; the look that compares it with what was approved is still due."""
    CHECKED = "checked"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Enrol:
    """A new account."""

    person: str
    called: str
    unit: str
    key: str
    """Public key line; empty: they sign with a password alone."""
    vendor: Vendor | None = None


@dataclass(frozen=True, slots=True)
class Suspend:
    """Nothing counts that this person signs, until they are reinstated."""

    person: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reinstate:
    """The end of a suspension."""

    person: str
    reason: str


@dataclass(frozen=True, slots=True)
class Leave:
    """The end of an account: keys, posts and everything that rests on them."""

    person: str
    reason: str
    handed_back: tuple[str, ...] = ()
    """What they had of the house and gave back."""
    still_out: tuple[str, ...] = ()
    """What they have yet to give back."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """Another unit for a person; the posts they held in the old one end with it."""

    person: str
    unit: str
    reason: str


@dataclass(frozen=True, slots=True)
class AddKey:
    """Another key of a person."""

    person: str
    key: str
    """Public key line."""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class RevokeKey:
    """The end of a key; what it signed before stays valid."""

    person: str
    fingerprint: str
    reason: str


@dataclass(frozen=True, slots=True)
class Appoint:
    """A post for a person, within a unit and environments."""

    person: str
    post: str
    unit: str = ""
    environments: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    stand_in: bool = False
    document: str = ""


@dataclass(frozen=True, slots=True)
class Relieve:
    """The end of an appointment."""

    person: str
    post: str
    reason: str


@dataclass(frozen=True, slots=True)
class Delegate:
    """A stand-in takes a post over for a while."""

    person: str
    post: str
    since: datetime
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Recertify:
    """Word that all the posts a person holds are still needed."""

    person: str
    reason: str


@dataclass(frozen=True, slots=True)
class Attest:
    """Something a person was trained for or agreed to."""

    person: str
    mark: str
    since: datetime
    until: datetime | None = None
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Exempt:
    """Leave for one person to hold two incompatible posts for a while."""

    person: str
    posts: tuple[str, str]
    since: datetime
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class SetVendor:
    """New terms for somebody of a vendor."""

    person: str
    vendor: Vendor


@dataclass(frozen=True, slots=True)
class SetPolicy:
    """Another policy for the site."""

    digest: str
    """SHA-256 of the file's bytes."""
    text: str
    """The file, so that whoever signs or verifies has it before them."""


@dataclass(frozen=True, slots=True)
class AddTerminal:
    """A registered place to sign from."""

    terminal: Terminal


@dataclass(frozen=True, slots=True)
class RemoveTerminal:
    """The end of one."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class ResetCredentials:
    """Password and authenticator of somebody who lost them; both are set anew at the next sign-in."""

    person: str
    reason: str


Grant = (
    Enrol
    | Suspend
    | Reinstate
    | Leave
    | Transfer
    | AddKey
    | RevokeKey
    | Appoint
    | Relieve
    | Delegate
    | Recertify
    | Attest
    | Exempt
    | SetVendor
    | SetPolicy
    | AddTerminal
    | RemoveTerminal
    | ResetCredentials
)


GRANTS: Final[Mapping[GrantKind, type[Any]]] = {
    GrantKind.ENROL: Enrol,
    GrantKind.SUSPEND: Suspend,
    GrantKind.REINSTATE: Reinstate,
    GrantKind.LEAVE: Leave,
    GrantKind.TRANSFER: Transfer,
    GrantKind.ADD_KEY: AddKey,
    GrantKind.REVOKE_KEY: RevokeKey,
    GrantKind.APPOINT: Appoint,
    GrantKind.RELIEVE: Relieve,
    GrantKind.DELEGATE: Delegate,
    GrantKind.RECERTIFY: Recertify,
    GrantKind.ATTEST: Attest,
    GrantKind.EXEMPT: Exempt,
    GrantKind.SET_VENDOR: SetVendor,
    GrantKind.SET_POLICY: SetPolicy,
    GrantKind.ADD_TERMINAL: AddTerminal,
    GrantKind.REMOVE_TERMINAL: RemoveTerminal,
    GrantKind.RESET_CREDENTIALS: ResetCredentials,
}
"""The value that says what each kind of grant is about."""

_KINDS: Final[Mapping[type[Any], GrantKind]] = {kind: name for name, kind in GRANTS.items()}


def kind_of(grant: Grant) -> GrantKind:
    """Which kind of grant a value is."""
    return _KINDS[type(grant)]


def concerns(grant: Grant) -> str:
    """Name of the person a grant is about; empty when it is about nobody in particular."""
    return getattr(grant, "person", "")


@dataclass(frozen=True, slots=True)
class GrantRecord:
    """A grant on its way, as the service records it."""

    number: str
    """Such as `SQ-2026-0007` (授权)."""
    grant: Grant
    reason: str
    state: GrantState
    applicant: str
    application: str
    """Id of the applicant's statement."""
    applied_at: datetime
    approver: str = ""
    approval: str = ""
    """Id of the statement that put it into effect, or turned it down."""
    decided_at: datetime | None = None
    inspector: str = ""
    inspection: str = ""
    inspected_at: datetime | None = None
    entered: int | None = None
    """Its place among the grants that took effect, from 1; None: it has not."""
    in_force: int | None = None
    """Of a policy: its place among those that came into force, from 1; None: it has not come into force."""
