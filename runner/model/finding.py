"""What is wrong with a document, said by its place in the document's tree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from runner.errors import Fact

DocumentPath = tuple[str | int, ...]
"""Keys and list positions from the top of a document down to a value."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with a document."""

    path: DocumentPath
    """Value it is about; it may name a key that is missing."""
    message: str
    """Message id with `{facts}`."""
    facts: Mapping[str, Fact] = field(default_factory=dict)
    needs: tuple[DocumentPath, ...] = ()
    """Parts of the document that must have been readable for this to be true; a path ending in `*` means
    everything below."""
    at_key: bool = False
    """Whether its place is the key rather than the value; the message then names the key itself."""
