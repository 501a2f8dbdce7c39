"""The known name nearest to a misspelt one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Final

_LONGEST: Final = 64


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name a person most likely meant, or None when none is near."""
    if len(name) > _LONGEST:
        return None
    return next(iter(difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.6)), None)
