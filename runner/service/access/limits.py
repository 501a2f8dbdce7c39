"""How often somebody may ask: a bucket for each, which fills steadily and holds so much at most."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Final

from runner.errors import TooOftenError
from runner.model.time import Clock
from runner.words import N_

_MOST: Final = 4096
"""Buckets kept; the one that was used longest ago is given up for another."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How often."""

    burst: int
    """At once, after a rest."""
    per_minute: int


@dataclass(frozen=True, slots=True)
class Rates:
    """How often the door may be knocked at."""

    peer: Rate = Rate(burst=200, per_minute=1200)
    """Sign-ins and challenges of one peer; many people may come through one."""
    person: Rate = Rate(burst=20, per_minute=20)
    """Sign-ins of one person by key, counted once the key has shown who it is: nobody can use up another's."""
    passwords: Rate = Rate(burst=10, per_minute=10)
    """Passwords tried in one name."""


USUAL: Final = Rates()


class Buckets:
    """One bucket for each name."""

    def __init__(self, rate: Rate, clock: Clock) -> None:
        self._rate = rate
        self._clock = clock
        self._lock = threading.Lock()
        self._levels: OrderedDict[str, tuple[float, datetime]] = OrderedDict()

    def take(self, name: str) -> None:
        """Take one out of a bucket.

        Raises:
            TooOftenError: it is empty; says in how many seconds it is not.
        """
        now = self._clock.now()
        per_second = self._rate.per_minute / 60
        with self._lock:
            level, since = self._levels.pop(name, (float(self._rate.burst), now))
            level = min(float(self._rate.burst), level + max(0.0, (now - since).total_seconds()) * per_second)
            granted = level >= 1
            self._levels[name] = (level - granted, now)
            while len(self._levels) > _MOST:
                self._levels.popitem(last=False)
        if not granted:
            raise too_often(ceil((1 - level) / per_second))


def too_often(seconds: int) -> TooOftenError:
    """The refusal of whoever asks too often."""
    return TooOftenError(
        N_("sign-in: asked too often"),
        rule="access:too-often",
        hint=N_("try again in {seconds} s"),
        seconds=max(1, seconds),
    )
