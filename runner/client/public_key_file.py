"""Public key files that people name when they apply for a key."""

from __future__ import annotations

from pathlib import Path

from runner.errors import UsageError
from runner.words import N_


def public_key_line(path: Path) -> str:
    """The line of a public key file.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UsageError(N_("key {path}: cannot be read: {reason}"), path=str(path), reason=reason) from error
