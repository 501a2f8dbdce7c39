"""From what happened (`Entry`) to the exact bytes that are hashed (`Leaf`).

The form of the bytes is defined in `runner.proof.leaf`; here they get their time of recording, their salt and the
commitment to their payload. It lies on the path of every action, so many leaves are made at once.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime

from runner.audit.ports import Randomness
from runner.model.log import Entry, Leaf, LeafFields, LogMode
from runner.model.time import Clock
from runner.proof.canonical import canonical_bytes
from runner.proof.leaf import MIN_SALT, leaf_bytes, payload_commitment


class LeafMaker:
    """Makes leaves for one service."""

    def __init__(self, clock: Clock, mode: LogMode, randomness: Randomness = os.urandom) -> None:
        self._clock = clock
        self._mode = mode
        self._randomness = randomness

    def make(self, entry: Entry) -> Leaf:
        """The leaf of one entry.

        Raises:
            UsageError: a time is not UTC, or something in it has no canonical form.
        """
        return self._leaf(entry, self._clock.now(), self._randomness(MIN_SALT))

    def make_all(self, entries: Iterable[Entry]) -> list[Leaf]:
        """The leaves of entries recorded together: one reading of the clock, one of chance.

        Raises:
            UsageError: as `make`.
        """
        wanted = list(entries)
        now = self._clock.now()
        chance = self._randomness(MIN_SALT * len(wanted))
        salts = (chance[at : at + MIN_SALT] for at in range(0, len(chance), MIN_SALT))
        return [self._leaf(entry, now, salt) for entry, salt in zip(wanted, salts, strict=True)]

    def _leaf(self, entry: Entry, recorded: datetime, salt: bytes) -> Leaf:
        payload = None if entry.payload is None else canonical_bytes(entry.payload)
        fields = LeafFields(
            tag=entry.tag,
            occurred=entry.occurred,
            recorded=recorded,
            actor_kind=entry.actor_kind,
            actor=entry.actor,
            mode=self._mode,
            about=entry.about,
            payload=None if payload is None else payload_commitment(salt, payload),
        )
        return Leaf(
            leaf=leaf_bytes(fields),
            payload=payload,
            salt=None if payload is None else salt,
            tag=entry.tag,
            run=entry.about.run,
            request=entry.about.request,
            source=entry.source,
        )
