"""From what happened (`Entry`) to the exact bytes that are hashed (`Leaf`).

The form of the bytes is defined in `runner.proof.leaf`; here they get their time of recording, their salt and the
commitment to their payload. It lies on the path of every action, so many leaves are made at once.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from runner.audit.ports import Randomness
from runner.model.log import Entry, Leaf, LogMode
from runner.model.time import Clock
from runner.proof.canonical import canonical_bytes
from runner.proof.leaf import MIN_SALT, LeafFrame, payload_commitment


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
        return _leaf(entry, LeafFrame(self._mode, self._clock.now()), self._randomness(MIN_SALT))

    def make_all(self, entries: Iterable[Entry]) -> list[Leaf]:
        """The leaves of entries recorded together: one reading of the clock, one of chance.

        Raises:
            UsageError: as `make`.
        """
        wanted = list(entries)
        frame = LeafFrame(self._mode, self._clock.now())
        chance = self._randomness(MIN_SALT * len(wanted))
        salts = (chance[at : at + MIN_SALT] for at in range(0, len(chance), MIN_SALT))
        return [_leaf(entry, frame, salt) for entry, salt in zip(wanted, salts, strict=True)]


def _leaf(entry: Entry, frame: LeafFrame, salt: bytes) -> Leaf:
    about = entry.about
    payload = None if entry.payload is None else canonical_bytes(entry.payload)
    commitment = None if payload is None else payload_commitment(salt, payload)
    data = frame.leaf(entry.tag, entry.occurred, entry.actor_kind, entry.actor, about, commitment)
    return Leaf(data, payload, None if payload is None else salt, entry.tag, about.run, about.request, entry.source)
