"""Host ranges of an inventory: `web[01:10]`, `db[a:c]`, `n[0:8:2]`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Final

MOST_HOSTS: Final = 10_000
"""Hosts one pattern may stand for."""

_RANGE = re.compile(r"\[(?P<first>[0-9]+|[A-Za-z]):(?P<last>[0-9]+|[A-Za-z])(?::(?P<step>[1-9][0-9]*))?\]", re.ASCII)


def expand_range(pattern: str) -> tuple[str, ...] | None:
    """The names a pattern stands for, in order; itself when it holds no range, None when it is malformed."""
    if "[" not in pattern and "]" not in pattern:
        return (pattern,)
    parts: list[Sequence[str]] = []
    at, total = 0, 1
    for found in _RANGE.finditer(pattern):
        names = _names(found)
        if names is None or len(names) * total > MOST_HOSTS:
            return None
        total *= len(names)
        parts += [(pattern[at : found.start()],), names]
        at = found.end()
    parts.append((pattern[at:],))
    if any("[" in part[0] or "]" in part[0] for part in parts):
        return None
    return tuple("".join(combination) for combination in product(*parts))


def _names(found: re.Match[str]) -> tuple[str, ...] | None:
    first, last = found["first"], found["last"]
    step = int(found["step"] or 1)
    if first.isdigit() != last.isdigit():
        return None
    return tuple(_numbers(first, last, step) if first.isdigit() else _letters(first, last, step)) or None


def _numbers(first: str, last: str, step: int) -> Iterator[str]:
    """Numbers, as wide as the first one is written when it begins with a zero."""
    is_padded = len(first) > 1 and first.startswith("0")
    if is_padded and len(first) != len(last):
        return iter(())
    if int(last) - int(first) > MOST_HOSTS * step:
        return iter(())
    return (str(number).zfill(len(first) if is_padded else 0) for number in range(int(first), int(last) + 1, step))


def _letters(first: str, last: str, step: int) -> Iterator[str]:
    if first.islower() != last.islower():
        return iter(())
    return (chr(code) for code in range(ord(first), ord(last) + 1, step))
