"""C2SP checkpoints: a log's origin, size and root as the text of a signed note."""

from __future__ import annotations

import re

from runner.errors import VerificationError
from runner.model.log import Checkpoint
from runner.proof.encoding import from_base64, to_base64
from runner.proof.merkle import EMPTY_ROOT, HASH_SIZE, MAX_SIZE
from runner.proof.note import NoteKey, NoteSigner, open_note, sign_note
from runner.words import N_

_TEXT = re.compile(r"(?P<origin>[^\n]+)\n(?P<size>0|[1-9][0-9]{0,18})\n(?P<root>[^\n]+)\n(?:[^\n]+\n)*")
_MALFORMED = N_("checkpoint: malformed")


def checkpoint_text(checkpoint: Checkpoint) -> str:
    """The text that is signed.

    Raises:
        VerificationError: the checkpoint cannot be written (empty origin, wrong size or root).
    """
    text = f"{checkpoint.origin}\n{checkpoint.size}\n{to_base64(checkpoint.root)}\n"
    if parse_checkpoint(text) != checkpoint:
        raise VerificationError(_MALFORMED)
    return text


def parse_checkpoint(text: str) -> Checkpoint:
    """Read a checkpoint's text; extension lines are checked for form and left out, since no log monitor can audit them.

    Raises:
        VerificationError: not a checkpoint.
    """
    match = _TEXT.fullmatch(text)
    if match is None:
        raise VerificationError(_MALFORMED)
    size = int(match["size"])
    try:
        root = from_base64(match["root"])
    except ValueError as error:
        raise VerificationError(_MALFORMED) from error
    if size > MAX_SIZE or len(root) != HASH_SIZE or (size == 0 and root != EMPTY_ROOT):
        raise VerificationError(_MALFORMED)
    return Checkpoint(match["origin"], size, root)


def sign_checkpoint(checkpoint: Checkpoint, signer: NoteSigner) -> bytes:
    """The checkpoint as a note signed by its log.

    Raises:
        VerificationError: the checkpoint cannot be written, or the signer is not named for the log.
    """
    _require_log(checkpoint, signer.name)
    return sign_note(checkpoint_text(checkpoint), [signer])


def open_checkpoint(data: bytes, log_key: NoteKey) -> Checkpoint:
    """The checkpoint of a note that the log's own key has signed.

    Raises:
        VerificationError: malformed, not signed by the log, or of another log.
    """
    checkpoint = parse_checkpoint(open_note(data, [log_key]).text)
    _require_log(checkpoint, log_key.name)
    return checkpoint


def _require_log(checkpoint: Checkpoint, name: str) -> None:
    if checkpoint.origin != name:
        raise VerificationError(
            N_('checkpoint: log mismatch (got "{got}", expected "{expected}")'), got=checkpoint.origin, expected=name
        )
