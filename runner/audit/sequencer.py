"""The sequencer: gives every durable leaf its place in the Merkle tree, and signs the new head.

It works in batches. Woken by a commit, it lets a moment pass so that neighbours share a batch, then takes the leaves
behind the tree in the order they were committed and records places, tiles, tree and signed checkpoint in one
transaction. It keeps nothing in memory between batches that the database does not hold: killed at any point, the next
one continues exactly where the last committed batch ended.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from runner.audit.ports import LogStore, SequencingLog
from runner.errors import RunnerError, StorageError
from runner.model.log import Checkpoint, LogTile, SequencedLeaf, SignedCheckpoint, TreeGrowth, TreeState
from runner.model.time import Clock
from runner.proof.checkpoint import sign_checkpoint
from runner.proof.frontier import Frontier, Node
from runner.proof.leaf import search_keys
from runner.proof.merkle import HASH_SIZE, leaf_hash
from runner.proof.note import NoteSigner
from runner.proof.tiles import TILE_HEIGHT, TILE_WIDTH
from runner.words import N_

GATHER: Final = 0.02
"""Seconds in which commits gather for one batch."""
LEASE: Final = timedelta(seconds=30)
"""How long after its last batch nobody else takes over from a sequencer that did not say goodbye."""
MOST: Final = 1000
"""Leaves of one batch; more would keep writers waiting."""
RETRY: Final = 1.0
"""Seconds until a batch is tried again that could not be recorded, or whose lease another holds."""

_EMPTY: Final = TreeState(0, 0, Frontier().to_bytes())
_log = logging.getLogger(__name__)


class Sequencer:
    """One sequencer; of several on the same log only the holder of the lease works."""

    def __init__(
        self,
        store: LogStore,
        signer: NoteSigner,
        clock: Clock,
        holder: str,
        *,
        gather: float = GATHER,
        retry: float = RETRY,
        on_checkpoint: Callable[[Checkpoint], None] | None = None,
    ) -> None:
        """Make a sequencer that does nothing until it is started or asked.

        Args:
            store: the log.
            signer: the log's key; its name is the log's origin.
            clock: for the lease.
            holder: name of this sequencer; the same after a restart, unique among those that may run at once.
            gather: seconds in which commits gather for one batch.
            retry: seconds until a batch is tried again that could not be recorded.
            on_checkpoint: told of each new head, in the sequencer's thread.
        """
        self._store = store
        self._signer = signer
        self._clock = clock
        self._holder = holder
        self._gather = gather
        self._retry = retry
        self._on_checkpoint = on_checkpoint
        self._woken = threading.Condition()
        self._due = False
        self._hurry = False
        self._stopping = False
        self._asked = 0
        self._served = 0
        self._thread: threading.Thread | None = None
        self._is_holder = True
        self.failure: RunnerError | None = None
        """Why the last batch could not be recorded; None when it was."""

    def start(self) -> None:
        """Work in a thread of its own from now on, first on what is waiting already."""
        self._due = True
        self._store.on_log(self.wake)
        self._thread = threading.Thread(target=self._work, name="sequencer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish what is durable by now, give the lease back and end the thread."""
        self._store.off_log(self.wake)
        with self._woken:
            self._stopping = self._due = self._hurry = True
            self._woken.notify_all()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def wake(self) -> None:
        """Say that leaves have become durable."""
        with self._woken:
            if not self._due:
                self._due = True
                self._woken.notify_all()

    def flush(self, seconds: float = 5.0) -> bool:
        """Wait until everything durable by now is in the tree.

        Returns:
            Whether it is; False when it took longer, or could not be recorded.
        """
        with self._woken:
            self._asked += 1
            mine = self._asked
            self._due = self._hurry = True
            self._woken.notify_all()
            return self._woken.wait_for(lambda: self._served >= mine, seconds) and self.failure is None

    def sequence(self) -> int:
        """Record one batch, in the caller's thread.

        Returns:
            How many leaves got their place; 0 when none was waiting, or another sequencer holds the lease.

        Raises:
            StorageError: the batch could not be recorded; nothing of it was.
        """
        with self._store.sequencing() as log:
            now = self._clock.now()
            self._is_holder = log.take_lease(self._holder, now, now + LEASE)
            growth = self._growth(log) if self._is_holder else None
            if growth is None:
                return 0
            log.grow(growth)
        if self._on_checkpoint is not None:
            self._on_checkpoint(growth.checkpoint.checkpoint)
        return len(growth.entries)

    def _growth(self, log: SequencingLog) -> TreeGrowth | None:
        """The next batch: all that its leaves add to the log; None when none is waiting."""
        before = log.state() or _EMPTY
        leaves = log.waiting(before.last, MOST)
        if not leaves:
            return None
        frontier = Frontier.from_bytes(before.frontier)
        tiles = _Tiles(log)
        entries = []
        for inbox, leaf in leaves:
            entries.append(SequencedLeaf(frontier.size, inbox, search_keys(leaf)))
            for node in frontier.append(leaf_hash(leaf)):
                tiles.add(node)
        head = Checkpoint(self._signer.name, frontier.size, frontier.root())
        return TreeGrowth(
            before=before,
            after=TreeState(frontier.size, leaves[-1][0], frontier.to_bytes()),
            entries=tuple(entries),
            tiles=tiles.grown(),
            checkpoint=SignedCheckpoint(head, sign_checkpoint(head, self._signer)),
        )

    def _work(self) -> None:
        pause: float | None = None
        while True:
            with self._woken:
                self._woken.wait_for(lambda: self._due, pause)
                self._woken.wait_for(lambda: self._hurry, self._gather)
                self._due = self._hurry = False
                serving, stopping = self._asked, self._stopping
            pause = self._drain()
            with self._woken:
                self._served = serving
                self._woken.notify_all()
            if stopping:
                return

    def _drain(self) -> float | None:
        """Record batches until none is waiting.

        Returns:
            Seconds after which to try again unasked; None when there is no need.
        """
        try:
            while self.sequence():
                pass
            if self._stopping:
                self._give_back()
        except RunnerError as error:
            if self.failure is None:
                _log.warning("log: batch not recorded, trying again: %s", error)
            self.failure = error
            return self._retry
        except Exception:  # noqa: BLE001 - boundary of a thread: one bad batch must not end it
            _log.exception("log: batch not recorded, trying again")
            self.failure = StorageError(N_("log: the sequencer failed; the service's own log says why"))
            return self._retry
        self.failure = None
        return None if self._is_holder else self._retry

    def _give_back(self) -> None:
        with self._store.sequencing() as log:
            log.drop_lease(self._holder, self._clock.now())


class _Tiles:
    """The tiles that a batch begins or adds to."""

    def __init__(self, log: SequencingLog) -> None:
        self._log = log
        self._hashes: dict[tuple[int, int], bytearray] = {}

    def add(self, node: Node) -> None:
        """Put a hash where it belongs, if tiles hold its level."""
        level, between = divmod(node.level, TILE_HEIGHT)
        if between:
            return
        index, offset = divmod(node.index, TILE_WIDTH)
        hashes = self._hashes.get((level, index))
        if hashes is None:
            hashes = bytearray(self._log.tile(level, index) if offset else b"")
            self._hashes[level, index] = hashes
        if len(hashes) != offset * HASH_SIZE:
            raise StorageError(
                N_("log: tile {index} of level {level} does not fit the tree"),
                hint=N_("run: twokey audit verify"),
                level=level,
                index=index,
            )
        hashes += node.hash

    def grown(self) -> tuple[LogTile, ...]:
        """Every tile that was added to, in full."""
        return tuple(LogTile(level, index, bytes(hashes)) for (level, index), hashes in self._hashes.items())
