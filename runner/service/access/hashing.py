"""Passwords by argon2id, with passes tuned once to what this machine can do, and not too many at a time.

argon2 is imported late: most services never see a password.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from runner.proof.canonical import parse_strict
from runner.service.access.limits import too_often
from runner.store.store import Store, Transaction
from runner.wire.documents import from_document, to_document

if TYPE_CHECKING:
    from argon2 import PasswordHasher

Answer = TypeVar("Answer")

_FACT: Final = "argon2"
"""Name of the installation fact that holds the parameters."""
_TARGET: Final = 0.35
"""Seconds one password takes."""
_WAITING: Final = 8
"""Passwords that may wait for each one that is being worked on."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """What makes a password expensive to guess."""

    memory_cost: int
    """KiB."""
    time_cost: int
    """Passes over the memory."""


_STEPS: Final = (Parameters(65536, 3), Parameters(32768, 3), Parameters(19456, 2))
"""Memory, and the fewest passes that go with it; the first that a machine can do in about twice the target."""
_MOST_PASSES: Final = 32


Note = Callable[[Transaction, Parameters], None]
"""Puts on record what was measured, in the transaction that keeps it."""


def keep_tuned(store: Store, tune: Callable[[], Parameters], note: Note) -> Parameters:
    """Parameters of this installation: those that are kept, or those measured now, kept and on record.

    Raises:
        StorageError: they cannot be kept.
    """
    with store.reading() as transaction:
        kept = transaction.installation.find(_FACT)
    if kept is not None:
        document = parse_strict(kept.encode())
        if isinstance(document, dict):
            return from_document(Parameters, document)
    parameters = tune()
    with store.writing() as transaction:
        transaction.installation.put(_FACT, json.dumps(to_document(parameters)))
        note(transaction, parameters)
    return parameters


def tuned() -> Parameters:
    """Parameters that take about a third of a second of this machine's time."""
    for fewest in _STEPS:
        one = min(_measured(Parameters(fewest.memory_cost, 1)) for _ in range(3))
        if one * fewest.time_cost <= 2 * _TARGET:
            passes = min(_MOST_PASSES, max(fewest.time_cost, round(_TARGET / one)))
            return Parameters(fewest.memory_cost, passes)
    return _STEPS[-1]


class Hasher:
    """Makes and checks hashes, with the parameters of this installation."""

    def __init__(
        self, store: Store, tune: Callable[[], Parameters] = tuned, note: Note = lambda _transaction, _found: None
    ) -> None:
        """Make a hasher.

        Args:
            store: where the parameters are kept.
            tune: measures them, where nobody has yet.
            note: puts on record that they were.
        """
        self._store = store
        self._tune = tune
        self._note = note
        self._lock = threading.Lock()
        self._made: PasswordHasher | None = None
        self._dummy = ""

    def hash(self, password: str) -> str:
        """The hash of a password, as it is kept."""
        return self._hasher().hash(password)

    def is_right(self, password: str, kept: str) -> bool:
        """Whether a password belongs to a hash; without one it takes as long, and says no."""
        from argon2.exceptions import InvalidHashError, VerificationError

        hasher = self._hasher()
        try:
            hasher.verify(kept or self._nobodys(), password)
        except (VerificationError, InvalidHashError):
            return False
        return bool(kept)

    def is_outdated(self, kept: str) -> bool:
        """Whether a hash was made with other parameters than those of today."""
        return self._hasher().check_needs_rehash(kept)

    def _hasher(self) -> PasswordHasher:
        with self._lock:
            if self._made is None:
                self._made = _hasher_of(keep_tuned(self._store, self._tune, self._note))
            return self._made

    def _nobodys(self) -> str:
        """A hash of something that nobody knows."""
        if not self._dummy:
            self._dummy = self._hasher().hash(os.urandom(16).hex())
        return self._dummy


class Slots:
    """Work that takes a processor for a while: as much at once as there are processors, some waiting, no name twice.

    Used in the service's loop; the work itself runs in threads of its own, so that it keeps no request waiting that
    has nothing to do with it.
    """

    def __init__(self, count: int | None = None) -> None:
        self._count = count or len(os.sched_getaffinity(0))
        self._names: set[str] = set()
        self._pool: ThreadPoolExecutor | None = None

    async def run(self, name: str, work: Callable[[], Answer]) -> Answer:
        """Do some work for a name.

        Raises:
            TooOftenError: work for that name is being done, or too much waits.
        """
        if name in self._names:
            raise too_often(1)
        if len(self._names) >= self._count * (1 + _WAITING):
            raise too_often(5)
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._count, thread_name_prefix="password")
        self._names.add(name)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._names.discard(name)

    def stop(self) -> None:
        """End the threads once their work is done."""
        if self._pool is not None:
            self._pool.shutdown(wait=True)
            self._pool = None


def _hasher_of(parameters: Parameters) -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher(
        time_cost=parameters.time_cost, memory_cost=parameters.memory_cost, parallelism=1, hash_len=32, salt_len=16
    )


def _measured(parameters: Parameters) -> float:
    """Seconds of processor time one hash takes; other work on the machine does not count."""
    hasher = _hasher_of(parameters)
    before = time.thread_time()
    hasher.hash("how long does this take")
    return max(1e-6, time.thread_time() - before)
