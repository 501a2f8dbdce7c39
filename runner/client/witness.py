"""Looking at the log before signing: every person who signs checks that the log still holds what it held before."""

from __future__ import annotations

from runner.client.memory import Memory, Remembered
from runner.client.service import Service
from runner.errors import VerificationError
from runner.model.log import Checkpoint
from runner.model.statement import Seen
from runner.proof.checkpoint import open_checkpoint
from runner.proof.merkle import verify_consistency
from runner.proof.note import NoteKey
from runner.wire.api_audit import CheckpointShown
from runner.words import N_


def witness(service: Service, memory: Memory, origin: str) -> Seen:
    """Verify that the log's head continues the remembered one, remember it, and say what was seen.

    The log's key is taken on trust the first time a log is seen, and pinned from then on.

    Raises:
        VerificationError: another key, another origin, a smaller log, or a rewritten one; nothing is signed then.
    """
    shown = service.checkpoint()
    remembered = memory.find(origin)
    head = _verified_head(shown, remembered, origin)
    if remembered is not None:
        _require_continuation(service, remembered.checkpoint(), head)
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


def _require_continuation(service: Service, before: Checkpoint, head: Checkpoint) -> None:
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
        hashes = tuple(bytes.fromhex(part) for part in service.consistency(before.size, head.size).hashes)
    if before.size:
        verify_consistency(before.size, before.root, head.size, head.root, hashes)


_ALARM = N_("entries were removed or altered: sign nothing, keep this machine's memory of the log, tell an auditor")
