"""What a closure has found so far: bound files, problems, what stays unbound, and delegates."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from runner.errors import UsageError
from runner.model.plan import ContentFile, Unbound, UnboundKind
from runner.runbook.content_tree import Blob, ContentTree
from runner.runbook.play_source import Place
from runner.runbook.problems import Problem, say
from runner.words import N_

PLAYBOOKS: Final = "playbooks"
MOST_IN_ALL: Final = 256 * 1024 * 1024
"""Bytes one runbook may bind."""
_LONGEST: Final = 120


@dataclass(frozen=True, slots=True)
class Delegate:
    """A host a task is handed to."""

    name: str
    place: Place


@dataclass(slots=True)
class Ledger:
    """Notes of one closure."""

    tree: ContentTree
    blobs: dict[str, Blob] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    unbound: list[Unbound] = field(default_factory=list)
    delegates: list[Delegate] = field(default_factory=list)
    _size: int = 0

    def problem(self, place: Place, message: str, **facts: str) -> None:
        """Note a problem at a place."""
        shown = {name: fact if len(fact) <= _LONGEST else fact[: _LONGEST - 3] + "..." for name, fact in facts.items()}
        self.problems.append(Problem(place.path, place.line, place.column, say(message, **shown)))

    def lookup(self, place: Place, what: str) -> None:
        """Note that something is looked up outside the content."""
        found = Unbound(UnboundKind.LOOKUP, f"{place.path}:{place.line}", what, allowed=False)
        if found not in self.unbound:
            self.unbound.append(found)

    def bind(self, path: str, place: Place) -> Blob | None:
        """Bind a file; None when there is none, or when it cannot be bound (then a problem is noted)."""
        if path in self.blobs:
            return self.blobs[path]
        try:
            blob = self.tree.read(path)
        except UsageError as error:
            self.problem(place, N_("{what}"), what=str(error))
            return None
        if blob is None:
            return None
        self._size += len(blob.data)
        if self._size > MOST_IN_ALL:
            self.problem(place, N_("the files bound come to more than {limit} bytes"), limit=str(MOST_IN_ALL))
            return None
        self.blobs[path] = blob
        return blob

    def bind_folder(self, path: str, place: Place) -> tuple[str, ...]:
        """Bind every file below a folder and name those that were bound."""
        try:
            files = self.tree.files(path)
        except UsageError as error:
            self.problem(place, N_("{what}"), what=str(error))
            return ()
        return tuple(file for file in files if self.bind(file, place) is not None)

    def bind_existing(self, candidates: Iterable[str], place: Place) -> tuple[str, ...]:
        """Bind those of some paths that are files, or whole folders; name the files."""
        found: list[str] = []
        for path in dict.fromkeys(candidates):
            if self.bind(path, place) is not None:
                found.append(path)
            elif self.tree.is_folder(path):
                found.extend(self.bind_folder(path, place))
        return tuple(found)

    def content_files(self) -> tuple[ContentFile, ...]:
        """The bound files as the model knows them."""
        return tuple(
            ContentFile(path, hashlib.sha256(blob.data).hexdigest(), len(blob.data), blob.executable)
            for path, blob in sorted(self.blobs.items())
        )


def inside_playbooks(path: str) -> str | None:
    """A path in its one spelling when it lies below `playbooks/`, else None."""
    normal = posixpath.normpath(path)
    return normal if normal.startswith(f"{PLAYBOOKS}/") else None
