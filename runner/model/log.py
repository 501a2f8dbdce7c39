"""Values of the audit log (docs/architecture.md, "The log")."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from runner.model.document import JsonObject


class ActorKind(StrEnum):
    """Who acted."""

    PERSON = "person"
    SERVICE = "service"
    SHIM = "shim"


@dataclass(frozen=True, slots=True)
class About:
    """What an entry is about; empty fields are left out of the leaf."""

    request: str = ""
    run: str = ""
    batch: int | None = None
    step: str = ""
    role: str = ""
    attempt: int | None = None
    event: int | None = None
    """Number of the event within its attempt."""
    host: str = ""
    content: str = ""
    """Content digest."""
    plan: str = ""
    statement: str = ""
    """Id of the signed statement that caused it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry a writer wants in the log, before it has its bytes."""

    tag: str
    """`source:subject:action`, never renamed; the list is in `runner.rules.tags`."""
    occurred: datetime
    actor_kind: ActorKind
    actor: str
    about: About
    payload: JsonObject | None = None
    """Details; stored apart, bound by a salted commitment, redactable."""
    source: str | None = None
    """Unique key that makes a second import of the same event a no-op."""


class LogMode(StrEnum):
    """How the service that recorded an entry was started."""

    EMBEDDED = "embedded"
    """By a person's client, as that person."""
    INSTALLED = "installed"


@dataclass(frozen=True, slots=True)
class LeafFields:
    """What a leaf says; its bytes are this as RFC 8785 JSON (`runner.proof.leaf`)."""

    tag: str
    occurred: datetime
    recorded: datetime
    actor_kind: ActorKind
    actor: str
    mode: LogMode
    about: About
    payload: str | None
    """Commitment to the payload, `sha256:<hex>`; None when there is no payload."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """An entry in its final form: the exact bytes that are hashed, and its payload apart."""

    leaf: bytes
    """RFC 8785 JSON."""
    payload: bytes | None
    salt: bytes | None
    tag: str
    run: str
    request: str
    source: str | None


@dataclass(frozen=True, slots=True)
class StoredLeaf:
    """A leaf in the inbox; `index` is its place in the tree once the sequencer has given it one."""

    id: int
    """Inbox number; grows in commit order."""
    index: int | None
    leaf: bytes
    payload: bytes | None
    salt: bytes | None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A head of the log: `size` entries with Merkle tree hash `root` (RFC 6962, C2SP tlog-checkpoint)."""

    origin: str
    size: int
    root: bytes
    """32 bytes."""


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which log entries are wanted; an empty field does not narrow."""

    run: str = ""
    request: str = ""
    tag: str = ""
    actor: str = ""


@dataclass(frozen=True, slots=True)
class LeafKeys:
    """What a leaf is found by; read from its bytes, so that nothing can be found under a name it does not have."""

    tag: str
    run: str
    request: str
    actor: str
    occurred: datetime


@dataclass(frozen=True, slots=True)
class SequencedLeaf:
    """A leaf given its place in the tree."""

    index: int
    inbox: int
    """Its inbox number."""
    keys: LeafKeys


@dataclass(frozen=True, slots=True)
class LogTile:
    """Hashes of one 256-wide tile of the Merkle tree (C2SP tlog-tiles), side by side."""

    level: int
    index: int
    hashes: bytes
    """32 bytes each; fewer than 256 hashes at the growing edge."""


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint with the C2SP signed note it was published as."""

    checkpoint: Checkpoint
    note: bytes


@dataclass(frozen=True, slots=True)
class TreeState:
    """Where the sequencer stands."""

    size: int
    """Entries in the tree."""
    last: int
    """Inbox number of the newest entry in the tree; 0 when it is empty."""
    frontier: bytes
    """The tree's edge (`runner.proof.frontier`)."""


@dataclass(frozen=True, slots=True)
class TreeGrowth:
    """What one batch of the sequencer adds, recorded as a whole or not at all."""

    before: TreeState
    after: TreeState
    entries: tuple[SequencedLeaf, ...]
    tiles: tuple[LogTile, ...]
    """Every tile that is new or has grown, in full."""
    checkpoint: SignedCheckpoint
