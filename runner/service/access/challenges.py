"""Challenges: random numbers that are given out, come back signed within a minute, and are good once.

They live in memory: a service that is started again gives new ones.
"""

from __future__ import annotations

import secrets
import threading
from collections import Counter, OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from runner.errors import SignInError
from runner.model.time import Clock
from runner.service.access.limits import too_often
from runner.words import N_

VALID_FOR: Final = timedelta(seconds=60)
MOST: Final = 4096
"""Challenges that may wait for their answer."""
MOST_OF_A_PEER: Final = 256


@dataclass(frozen=True, slots=True)
class Given:
    """A challenge that waits for its answer."""

    nonce: str
    person: str
    peer: str
    until: datetime


class Challenges:
    """What was given out and has not come back, in the order it was given."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._given: OrderedDict[str, Given] = OrderedDict()
        self._of_peers: Counter[str] = Counter()

    def give(self, person: str, peer: str) -> Given:
        """A new challenge for somebody.

        Raises:
            TooOftenError: too many wait for their answer already, of this peer or altogether.
        """
        now = self._clock.now()
        given = Given(secrets.token_hex(16), person, peer, now + VALID_FOR)
        with self._lock:
            self._drop_old(now)
            oldest = next(iter(self._given.values()), given)
            if self._of_peers[peer] >= MOST_OF_A_PEER or len(self._given) >= MOST:
                raise too_often(int((oldest.until - now).total_seconds()))
            self._given[given.nonce] = given
            self._of_peers[peer] += 1
        return given

    def take(self, nonce: str, person: str, peer: str) -> None:
        """Use a challenge up.

        Raises:
            SignInError: it was not given, or to somebody else, or too long ago, or it was used before.
        """
        now = self._clock.now()
        with self._lock:
            self._drop_old(now)
            given = self._given.get(nonce)
            if given is not None:
                self._remove(given)
        if given is None or given.person not in ("", person) or given.peer != peer:
            raise SignInError(
                N_("sign-in: the challenge is not, or no longer, good"),
                rule="access:challenge",
                hint=N_("sign in anew; a challenge is good once, for a minute"),
            )

    def _drop_old(self, now: datetime) -> None:
        while self._given and (oldest := next(iter(self._given.values()))).until <= now:
            self._remove(oldest)

    def _remove(self, given: Given) -> None:
        del self._given[given.nonce]
        self._of_peers[given.peer] -= 1
        if not self._of_peers[given.peer]:
            del self._of_peers[given.peer]
