"""What the interface says about content: runbooks, publications, uploads and the inventory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from runner.model.plan import Content, Group, Host, SecretRef
from runner.model.request import PublicationState
from runner.model.runbook import Family, Risk
from runner.model.text import Text
from runner.wire.api_request import Act, StatementShown


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file of proposed content."""

    path: str
    """Relative to the site, forward slashes."""
    executable: bool
    data: str
    """Its bytes in base64 (RFC 4648 section 4, padded)."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Content proposed for publication: its files and its author's signed statement.

    The service derives the closure itself from these bytes; a file too many or too few is an error. The other person
    countersigns with an ordinary `POST /v1/statements` of kind publish.
    """

    runbook: str
    """Path of the runbook among the files."""
    files: tuple[UploadedFile, ...]
    statement: str
    """The statement's exact canonical text."""
    signature: str
    """Armored SSHSIG."""


@dataclass(frozen=True, slots=True)
class RunbookRow:
    """A runbook as published or proposed; the newest publication of each version."""

    id: str
    version: int
    path: str
    family: Family
    title: Text
    owner: str
    risk: Risk
    """As declared."""
    content: str
    """Content digest."""
    state: PublicationState
    author: str
    countersigner: str | None
    at: datetime
    problem: str = ""
    """Why it cannot be used today (it was published under an older language), else empty."""


@dataclass(frozen=True, slots=True)
class RunbookList:
    """Runbooks by family and id, newest version first."""

    runbooks: tuple[RunbookRow, ...]


@dataclass(frozen=True, slots=True)
class PublicationRow:
    """One publication in a list."""

    digest: str
    runbook_id: str
    version: int
    runbook: str
    """Path of the runbook."""
    state: PublicationState
    author: str
    countersigner: str | None
    at: datetime
    files: int


@dataclass(frozen=True, slots=True)
class PublicationPage:
    """Publications, newest first."""

    rows: tuple[PublicationRow, ...]
    next: str | None
    """Value of `before` for the following page; None at the end."""


@dataclass(frozen=True, slots=True)
class PublicationShown:
    """One publication with all a countersigner needs; the bytes are at `/v1/blobs`."""

    row: PublicationRow
    content: Content
    statements: tuple[StatementShown, ...]
    turn: Act | None
    """The countersignature it waits for."""
    before: str | None = None
    """Content digest of the runbook's previous publication, to compare with."""


@dataclass(frozen=True, slots=True)
class InventoryShown:
    """The inventory as the service reads it now."""

    environment: str
    production: bool
    hosts: tuple[Host, ...]
    groups: tuple[Group, ...]
    locks: tuple[HostLock, ...]
    problems: tuple[str, ...] = ()
    """Errors that keep it from being used, each beginning with its place; hosts and groups are then empty."""


@dataclass(frozen=True, slots=True)
class SecretShown:
    """A secret the environment declares, without its value."""

    secret: SecretRef
    problem: str = ""
    """Why the service cannot resolve it now; empty when it can."""


@dataclass(frozen=True, slots=True)
class SecretsShown:
    """The secrets of the environment, each resolved once and forgotten."""

    secrets: tuple[SecretShown, ...]


@dataclass(frozen=True, slots=True)
class HostLock:
    """A host held by a run."""

    identity: str
    host: str
    """Its name in the inventory, else empty."""
    run: str
    exclusive: bool
    since: datetime
