"""What the interface says about the audit log, and the form of its event stream.

The stream (`GET /v1/events`) is server-sent events. Every event has the id `<epoch>-<number>`, where the epoch is
`ServiceStatus.epoch` and the number is the log entry's. Kinds of event:

    hello   Hello     first, always: epoch and the number the stream starts after
    entry   EntryShown
    gap     Gap       entries in between were not sent (slow reader, too many at once): read the pages, then go on
    (comment lines are heartbeats, at least one every `HEARTBEAT` seconds)

Reading goes on after a lost connection by `Last-Event-ID` or `?after=` with the id of the last event. The numbers stay
valid over a restart of the service; a number the log does not have yields a `gap`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from runner.model.document import JsonObject

HEARTBEAT: Final = 15
"""Seconds between two signs of life on a quiet stream."""


@dataclass(frozen=True, slots=True)
class EntryShown:
    """A log entry: its leaf, which is exactly what is hashed (RFC 8785 of this object), and its payload."""

    id: int
    """Number in order of commit; that of the event stream."""
    index: int | None
    """Place in the Merkle tree; None for a moment after it was written."""
    leaf: JsonObject
    payload: JsonObject | None
    """None when there is none, or when it was redacted."""
    salt: str | None
    """Hex; with the payload it yields the leaf's commitment."""

    @property
    def tag(self) -> str:
        return str(self.leaf["tag"])

    @property
    def occurred(self) -> str:
        """RFC 3339, UTC."""
        return str(self.leaf["occurred"])

    @property
    def actor(self) -> str:
        """Name of the person, else what acted."""
        actor = self.leaf["actor"]
        return str(actor["id"]) if isinstance(actor, dict) else ""

    @property
    def about(self) -> JsonObject:
        """What it is about: any of request, run, batch, step, role, attempt, event, host, content, plan, statement."""
        about = self.leaf.get("about", {})
        return about if isinstance(about, dict) else {}


@dataclass(frozen=True, slots=True)
class EntryPage:
    """Log entries, newest first."""

    rows: tuple[EntryShown, ...]
    next: str | None
    """Value of `before` for the following page; None at the end."""


@dataclass(frozen=True, slots=True)
class Hello:
    """First event of a stream."""

    epoch: str
    after: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Entries with numbers above `after` up to `until` were left out of the stream."""

    after: int
    until: int


@dataclass(frozen=True, slots=True)
class CheckpointShown:
    """The newest signed head of the log."""

    note: str
    """C2SP signed note, exactly as signed."""
    origin: str
    size: int
    root: str
    """Hex."""
    log_key: str
    """Verifier key (C2SP vkey)."""


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """Proof that the head of `old_size` entries is a beginning of the head of `new_size` (RFC 6962)."""

    old_size: int
    new_size: int
    new_root: str
    """Hex."""
    hashes: tuple[str, ...]
    """Hex, in the order of RFC 6962."""


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """Proof that entry `index` stands in the head of `size` entries (RFC 6962)."""

    index: int
    size: int
    leaf_hash: str
    """Hex."""
    hashes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BundleAsked:
    """An evidence bundle to be made of a run; the answer is the archive."""

    run: str
