"""The log's own files, read without a service and without changing anything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from runner.audit.keys import load_verifier_key
from runner.audit.proofs import consistency, root
from runner.engine.desk.state import StateDirectory
from runner.errors import NotFoundError
from runner.proof.note import NoteKey
from runner.store.store import Store, Transaction
from runner.wire.api_audit import CheckpointShown, ConsistencyProof
from runner.words import N_


@dataclass(frozen=True, slots=True)
class OfflineLog:
    """One unchanging state of the log of a state directory; heads and proofs as a service gives them."""

    transaction: Transaction
    key: NoteKey

    @property
    def origin(self) -> str:
        """Name of the log."""
        return self.key.name

    def checkpoint(self) -> CheckpointShown:
        """The newest signed head.

        Raises:
            NotFoundError: the log is empty.
        """
        newest = self.transaction.evidence.newest_checkpoint()
        if newest is None:
            raise NotFoundError(N_("log: it has no signed head yet"))
        head = newest.checkpoint
        return CheckpointShown(newest.note.decode(), head.origin, head.size, head.root.hex(), self.key.to_text())

    def consistency(self, old_size: int, new_size: int) -> ConsistencyProof:
        """Proof that the smaller head is a beginning of the larger."""
        proof = consistency(self.transaction.evidence, old_size, new_size)
        head = root(self.transaction.evidence, new_size)
        return ConsistencyProof(old_size, new_size, head.hex(), tuple(part.hex() for part in proof))


@contextmanager
def open_log(state: Path) -> Iterator[OfflineLog]:
    """The log of a state directory, whether a service works on it or not.

    Raises:
        NotFoundError: there is no log.
        StorageError: it cannot be read.
    """
    files = StateDirectory(state)
    if not files.database.exists():
        raise NotFoundError(
            N_("state directory {state}: no log there"),
            hint=N_("name the state directory with --state DIR, or found a site with: twokey init"),
            state=str(state),
        )
    key = load_verifier_key(state)
    # NOTE: the zone only tells the year of new numbers, and nothing is numbered here.
    store = Store.open_offline(files.database, zone=ZoneInfo("UTC"), origin=key.name)
    try:
        with store.reading() as transaction:
            yield OfflineLog(transaction, key)
    finally:
        store.close()
