"""Reasons people give in their own words."""

from __future__ import annotations

from typing import Final

from runner.errors import UsageError
from runner.words import N_

MAX_REASON: Final = 2000
"""Characters of a reason."""


def require_reason(text: str) -> str:
    """The reason, as written.

    Raises:
        UsageError: empty, too long, or with control characters.
    """
    if not text.strip():
        raise UsageError(N_("a reason is missing"), hint=N_("say in a sentence why"))
    if len(text) > MAX_REASON:
        raise UsageError(N_("the reason has {got} characters, at most {limit} fit"), got=len(text), limit=MAX_REASON)
    if any(ord(character) < ord(" ") and character != "\n" for character in text):
        raise UsageError(N_("the reason holds control characters"))
    return text


def optional_reason(text: str) -> str:
    """As `require_reason`, but it may be left out."""
    return require_reason(text) if text else text
