"""What the audit log needs of others: a place to keep it, a way to read it, chance, and a verifier of signatures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from runner.model.log import LogFilter, LogTile, SequencedLeaf, SignedCheckpoint, StoredLeaf, TreeGrowth, TreeState
from runner.model.people import KeyHolder
from runner.model.statement import StatementBytes, StatementKind

Randomness = Callable[[int], bytes]
"""That many unpredictable bytes."""


class SequencingLog(Protocol):
    """The log inside one transaction that may write."""

    def take_lease(self, holder: str, now: datetime, until: datetime) -> bool:
        """Become, or stay, the one that sequences; False while another's lease runs."""
        ...

    def drop_lease(self, holder: str, now: datetime) -> None:
        """Let another take the lease at once."""
        ...

    def state(self) -> TreeState | None:
        """Where the last batch ended; None before the first."""
        ...

    def waiting(self, after: int, limit: int) -> list[tuple[int, bytes]]:
        """Inbox number and bytes of the leaves behind `after`, in the order they were committed."""
        ...

    def tile(self, level: int, index: int) -> bytes:
        """Hashes of a tile as far as they go; empty when there is none."""
        ...

    def grow(self, growth: TreeGrowth) -> None:
        """Record a batch as a whole.

        Raises:
            StorageError: the tree is no longer where the batch begins.
        """
        ...


class LogStore(Protocol):
    """Where the sequencer finds its work."""

    def sequencing(self) -> AbstractContextManager[SequencingLog]:
        """A transaction on the log: committed when its block ends, undone when it raises."""
        ...

    def on_log(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever leaves have become durable."""
        ...

    def off_log(self, listener: Callable[[], None]) -> None:
        """Stop calling it."""
        ...


class TreeReader(Protocol):
    """What a proof is made from."""

    def state(self) -> TreeState | None:
        """Size of the tree; None while there is none."""
        ...

    def tile(self, level: int, index: int) -> bytes:
        """Hashes of a tile as far as they go; empty when there is none."""
        ...


class LogReader(TreeReader, Protocol):
    """Everything verification reads, as one unchanging state; each stream in bounded memory."""

    def levels(self) -> int:
        """How many levels have tiles."""
        ...

    def tiles(self, level: int) -> Iterator[LogTile]:
        """Every tile of a level, in order."""
        ...

    def newest_checkpoint(self) -> SignedCheckpoint | None:
        """The checkpoint of the whole tree; None while it is empty."""
        ...

    def checkpoints(self) -> Iterator[SignedCheckpoint]:
        """Every checkpoint, smallest first."""
        ...

    def entries(self) -> Iterator[tuple[SequencedLeaf, StoredLeaf | None]]:
        """Every entry of the tree in order, with the leaf it stands for; None when that is gone."""
        ...

    def behind(self) -> Iterator[StoredLeaf]:
        """Leaves of the inbox that the tree does not hold, in order."""
        ...

    def statements(self) -> Iterator[StatementBytes]:
        """Every stored statement, in the order they were recorded."""
        ...

    def find_statement(self, id: str) -> StatementBytes | None:
        """The stored statement of that id."""
        ...

    def founders(self) -> tuple[KeyHolder, ...]:
        """The people of the first entries, as the database has them."""
        ...

    def granted(self) -> tuple[tuple[str, str, bytes], ...]:
        """Statement, kind and terms of the grants that took effect, in the order the database has them."""
        ...


class EntryReader(Protocol):
    """Finds the entries of a bundle."""

    def in_tree(self, wanted: LogFilter) -> Iterator[StoredLeaf]:
        """Every wanted entry of the tree, in order."""
        ...


class SignatureVerifier(Protocol):
    """Verifies a person's signature over a statement."""

    def verify(self, kind: StatementKind, message: bytes, signature: str, person: str, key: str) -> None:
        """Check that `key` made this signature, for this person, in the namespace of this kind.

        Args:
            kind: kind of the statement; each has its own namespace.
            message: the bytes that were signed.
            signature: armored SSHSIG.
            person: whose key it is.
            key: public key line, `type base64`.

        Raises:
            SignatureError: it did not.
        """
        ...
