"""What a verification of the audit log, or of an evidence bundle, found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from runner.errors import Fact


class VerdictWord(StrEnum):
    """The verdict, in the words it is printed with."""

    VERIFIED = "VERIFIED"
    UNANCHORED = "VERIFIED WITH UNANCHORED TAIL"
    """Sound, but the newest entries are older than policy allows without anybody outside having seen the head."""
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence: an English message id with its facts."""

    message: str
    facts: Mapping[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failure:
    """The first thing that is not as it should be."""

    step: str
    """Number of the step in `docs/audit-verification.md`."""
    what: Note
    entry: int | None = None
    """Index of the first bad entry; None when it is no entry that is bad, or cannot be told which."""


@dataclass(frozen=True, slots=True)
class Check:
    """A step of the procedure that was carried out."""

    step: str
    what: Note
    count: int
    """How many things were checked in it."""


@dataclass(frozen=True, slots=True)
class RememberedHead:
    """A checkpoint that somebody outside the service remembers."""

    place: str
    """Where it was remembered: a file name, a person's client."""
    log_key: str
    """Verifier key the log had then (C2SP vkey)."""
    note: bytes
    """Signed checkpoint, exactly as received."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of a verification, with what it rests on and what it cannot say."""

    word: VerdictWord
    entries: int
    """Entries in the tree; of a bundle, entries in the bundle."""
    failure: Failure | None
    checks: tuple[Check, ...]
    """What was checked, in the order of the procedure."""
    unchecked: tuple[Note, ...]
    """What could not be checked."""
    waiting: int = 0
    """Entries that are durable but not yet in the tree."""
    anchored: int = 0
    """How many entries, from the first, an outside memory vouches for."""
    tail_since: datetime | None = None
    """When the oldest entry behind the anchored ones was recorded; None when there is none."""
    size: int = 0
    """Size of the newest signed checkpoint."""
    root: str = ""
    """Its root in hex."""
