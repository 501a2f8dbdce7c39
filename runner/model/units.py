"""Spans and sizes as people write them: `10m`, `1h30m`, `2GiB`."""

from __future__ import annotations

import re
from typing import Final

from runner.errors import UsageError
from runner.model.time import Seconds
from runner.words import N_

DURATION_PATTERN: Final = r"^(?=\d)(\d+d)?(\d+h)?(\d+m)?(\d+s)?$"
"""Days, hours, minutes and seconds, largest first, each at most once."""
SIZE_PATTERN: Final = r"^\d+(B|KiB|MiB|GiB|TiB)$"
"""A whole number with a binary unit."""
LONGEST: Final = Seconds(3660 * 86400)
"""No span in Twokey is longer than ten years."""

_DURATION = re.compile(DURATION_PATTERN, re.ASCII)
_SIZE = re.compile(r"(\d+)(B|KiB|MiB|GiB|TiB)", re.ASCII)
_SPANS: Final = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
_UNITS: Final = (("TiB", 2**40), ("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10), ("B", 1))
_MOST_DIGITS: Final = 18


def parse_duration(text: str) -> Seconds:
    """Whole seconds of a span such as `90s`, `10m` or `1h30m`.

    Raises:
        UsageError: it is not written so, or longer than ten years.
    """
    found = _DURATION.fullmatch(text) if len(text) <= _MOST_DIGITS * len(_SPANS) else None
    if found is None:
        raise UsageError(N_('got "{got}", expected a duration such as "90s", "10m" or "1h30m"'), got=text[:80])
    total = sum(int(part[:-1]) * span for part, (_, span) in zip(found.groups(), _SPANS, strict=True) if part)
    if total > LONGEST:
        raise UsageError(N_('got "{got}", expected at most "{most}"'), got=text[:80], most=format_duration(LONGEST))
    return Seconds(total)


def format_duration(seconds: int) -> str:
    """A span as `parse_duration` reads it, in the fewest parts."""
    parts: list[str] = []
    rest = seconds
    for name, span in _SPANS:
        count, rest = divmod(rest, span)
        if count:
            parts.append(f"{count}{name}")
    return "".join(parts) or "0s"


def parse_size(text: str) -> int:
    """Bytes of a size such as `512MiB` or `2GiB`.

    Raises:
        UsageError: it is not written so, or beyond what JSON keeps exactly.
    """
    found = _SIZE.fullmatch(text) if len(text) <= _MOST_DIGITS + 3 else None
    size = int(found[1]) * dict(_UNITS)[found[2]] if found else -1
    if not 0 <= size < 2**53:
        raise UsageError(N_('got "{got}", expected a size such as "512MiB" or "2GiB"'), got=text[:80])
    return size


def format_size(size: int) -> str:
    """A size as `parse_size` reads it, in its largest whole unit."""
    name, unit = next((name, unit) for name, unit in _UNITS if unit == 1 or (size and size % unit == 0))
    return f"{size // unit}{name}"
