"""Looking at the log before signing: every person who signs checks that the log still holds what it held before."""

from __future__ import annotations

from typing import Final, Protocol

from runner.client.memory import Memory, Remembered
from runner.errors import VerificationError
from runner.model.log import Checkpoint
from runner.model.statement import Seen
from runner.proof.checkpoint import open_checkpoint
from runner.proof.merkle import verify_consistency
from runner.proof.note import NoteKey
from runner.wire.api_audit import CheckpointShown, ConsistencyProof
from runner.words import N_

_ALARM: Final = N_(
    "entries were removed or altered: sign nothing, keep this machine's memory of the log, tell an auditor"
)


class Heads(Protocol):
    """Where heads of a log and proofs between them come from: a service, or the log's own files."""

    def checkpoint(self) -> CheckpointShown:
        """The newest signed head."""
        ...

    def consistency(self, old_size: int, new_size: int) -> ConsistencyProof:
        """Proof that the smaller head is a beginning of the larger."""
        ...


def witness(log: Heads, memory: Memory, origin: str) -> Seen:
    """Verify that the log's head continues the remembered one, remember it, and say what was seen.

    The log's key is taken on trust the first time a log is seen, and pinned from then on.

    Raises:
        VerificationError: another key, another origin, a smaller log, or a rewritten one; nothing is signed then.
    """
    remembered = memory.find(origin)  # before the head is asked for: another client may remember a newer one meanwhile
    shown = log.checkpoint()
    head = _verified_head(shown, remembered, origin)
    if remembered is not None:
        _require_continuation(log, remembered.checkpoint(), head)
    memory.keep(Remembered(origin, shown.log_key, shown.note))
    return Seen(head.size, head.root.hex())


def _verified_head(shown: CheckpointShown, remembered: Remembered | None, origin: str) -> Checkpoint:
    if remembered is not None and remembered.log_key != shown.log_key:
        raise VerificationError(
            N_("log {origin}: it is signed with another key (got {got}, expected {expected})"),
            hint=_ALARM,
            origin=origin,
            got=shown.log_key,
            expected=remembered.log_key,
        )
    head = open_checkpoint(shown.note.encode(), NoteKey.from_text(shown.log_key))
    if head.origin != origin:
        raise VerificationError(
            N_("log: its head names another log (got {got}, expected {expected})"),
            hint=_ALARM,
            got=head.origin,
            expected=origin,
        )
    return head


def _require_continuation(log: Heads, before: Checkpoint, head: Checkpoint) -> None:
    if head.size < before.size:
        raise VerificationError(
            N_("log {origin}: it has {size} entries, but had {before} when this client last looked"),
            hint=_ALARM,
            origin=head.origin,
            size=head.size,
            before=before.size,
        )
    hashes: tuple[bytes, ...] = ()
    if 0 < before.size < head.size:
        hashes = tuple(bytes.fromhex(part) for part in log.consistency(before.size, head.size).hashes)
    if before.size:
        verify_consistency(before.size, before.root, head.size, head.root, hashes)
