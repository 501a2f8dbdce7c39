"""The demonstration's audit log: real leaves in a real Merkle tree, in memory."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import datetime

from runner.errors import NotFoundError, UnreachableError
from runner.model.document import JsonObject
from runner.model.log import About, ActorKind, LeafFields, LogFilter, LogMode
from runner.proof.canonical import canonical_bytes
from runner.proof.leaf import leaf_bytes, payload_commitment
from runner.proof.merkle import inclusion_proof, leaf_hash, root_of, verify_inclusion
from runner.rules.tags import Tag
from runner.wire.api_audit import EntryPage, EntryShown, Hello
from runner.words import N_
from tui.backend import ProvenEntry, StreamEvent

_SALT = b"\x07" * 32
SERVICE = "twokey"


class DemoLog:
    """Entries as the service would give them; readers of the stream wait for new ones."""

    def __init__(self) -> None:
        self._entries: list[EntryShown] = []
        self._hashes: list[bytes] = []
        self._changed = threading.Condition()
        self._lost = False
        self._closed = False

    def __len__(self) -> int:
        return len(self._entries)

    def put(
        self, tag: Tag, at: datetime, about: About, payload: JsonObject | None = None, actor: str = SERVICE
    ) -> None:
        """Append an entry."""
        data = canonical_bytes(payload) if payload is not None else None
        leaf = leaf_bytes(
            LeafFields(
                tag=tag.value,
                occurred=at,
                recorded=at,
                actor_kind=ActorKind.SERVICE if actor == SERVICE else ActorKind.PERSON,
                actor=actor,
                mode=LogMode.EMBEDDED,
                about=about,
                payload=payload_commitment(_SALT, data) if data is not None else None,
            )
        )
        number = len(self._entries)
        salt = _SALT.hex() if data is not None else None
        entry = EntryShown(number + 1, number, json.loads(leaf), payload, salt)
        with self._changed:
            self._entries.append(entry)
            self._hashes.append(leaf_hash(leaf))
            self._changed.notify_all()

    def page(self, wanted: LogFilter, before: str | None, limit: int) -> EntryPage:
        """Entries, newest first."""
        self.require_reached()
        top = int(before) if before is not None else len(self._entries) + 1
        found = [entry for entry in reversed(self._entries) if entry.id < top and _fits(entry, wanted)]
        rows = tuple(found[:limit])
        return EntryPage(rows, str(rows[-1].id) if len(found) > limit else None)

    def prove(self, entry: EntryShown) -> ProvenEntry:
        """Verify an entry against the tree.

        Raises:
            VerificationError: it does not stand in the log.
        """
        self.require_reached()
        if entry.index is None or not 0 <= entry.index < len(self._hashes):
            raise NotFoundError(N_("entry {index}: the service does not show it"), index=entry.index)
        size = len(self._hashes)
        root = root_of(self._hashes)
        leaf = leaf_hash(canonical_bytes(entry.leaf))
        proof = inclusion_proof(
            lambda level, at: root_of(self._hashes[at << level : (at + 1) << level]), entry.index, size
        )
        verify_inclusion(leaf, entry.index, size, proof, root)
        return ProvenEntry(entry, size, root.hex(), leaf.hex(), payload_proven=entry.payload is not None)

    def events(self, after: int | None) -> Iterator[StreamEvent]:
        """Entries as they come, until the connection is lost or given up."""
        self.require_reached()
        place = len(self._entries) if after is None else after
        yield Hello("demo", place)
        while True:
            with self._changed:
                while not self._lost and not self._closed and len(self._entries) <= place:
                    self._changed.wait()
                if self._closed:
                    return
                fresh = self._entries[place:]
            self.require_reached()
            yield from fresh
            place += len(fresh)

    def lose(self) -> None:
        """Behave as if the service had been killed."""
        with self._changed:
            self._lost = True
            self._changed.notify_all()

    def regain(self) -> None:
        """Behave as if it had been started again."""
        with self._changed:
            self._lost = False

    def close(self) -> None:
        """Let every reader come to its end."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def require_reached(self) -> None:
        """Refuse while the connection is lost.

        Raises:
            UnreachableError: it is.
        """
        if self._lost:
            raise UnreachableError(N_("service at {socket}: no answer"), socket="demo")


def _fits(entry: EntryShown, wanted: LogFilter) -> bool:
    about = entry.about
    pairs = ((wanted.run, about.get("run")), (wanted.request, about.get("request")))
    if any(value and value != found for value, found in pairs):
        return False
    return wanted.tag in ("", entry.tag) and wanted.actor in ("", entry.actor)
