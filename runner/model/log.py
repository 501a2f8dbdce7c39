"""Values of the audit log (DESIGN section 10)."""

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
