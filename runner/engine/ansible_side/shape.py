"""Bringing what Ansible says into plain JSON of bounded size.

Plain means what `runner.proof.canonical` accepts: no floating point (written as text), whole numbers of at most 53
bits (larger ones as text), text without half surrogate pairs, names that are text, limited depth.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from pathlib import PurePath

from runner.engine.ansible_side.masking import Plain

_MAX_INTEGER = 2**53 - 1
_MAX_DEPTH = 60
"""Containers inside containers; whatever lies deeper is left out and said so."""
_SURROGATE = re.compile("[\ud800-\udfff]")
_ENCODER = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"))


def to_json(value: Plain) -> str:
    """JSON text of a plain value."""
    return _ENCODER.encode(value)


def plain(value: object, depth: int = 0) -> Plain:
    """Any value as plain JSON; what has no meaning there is told by its type."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, (Mapping, list, tuple, set, frozenset)):
        return _container(value, depth)
    return _other(value)


def _container(value: Mapping[object, object] | Iterable[object], depth: int) -> Plain:
    if depth >= _MAX_DEPTH:
        return "[deeper than can be told]"
    if isinstance(value, Mapping):
        return {_name(name): plain(item, depth + 1) for name, item in value.items()}
    return [plain(item, depth + 1) for item in value]


def _name(name: object) -> str:
    return _text(name) if isinstance(name, str) else str(plain(name, _MAX_DEPTH))


def _text(text: str) -> str:
    return str(text) if text.isascii() else _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


def _other(value: object) -> Plain:
    if isinstance(value, int):
        return int(value) if -_MAX_INTEGER <= value <= _MAX_INTEGER else str(int(value))
    if isinstance(value, float):
        return repr(float(value))
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, PurePath):
        return _text(str(value))
    return f"[{type(value).__name__}]"


@dataclass(frozen=True, slots=True)
class _Measure:
    """How much of a value is kept."""

    text: int
    """Characters of a text."""
    items: int
    """Members of a list or an object."""


_MEASURES = (_Measure(8192, 200), _Measure(1024, 60), _Measure(256, 20), _Measure(64, 8))


def cut(fields: dict[str, Plain], limit: int) -> dict[str, Plain]:
    """Fields whose JSON is longer than `limit` bytes, made to fit, with what they were in full.

    Long text keeps its beginning and end, long lists their beginning; `cut` tells the size and SHA-256 of the full
    JSON, so that a copy from elsewhere can be proven to be the one.
    """
    full = to_json(fields).encode()
    mark: dict[str, Plain] = {"bytes": len(full), "sha256": hashlib.sha256(full).hexdigest()}
    for measure in _MEASURES:
        shorter = {name: _shorten(value, measure) for name, value in fields.items()}
        shorter["cut"] = mark
        if len(to_json(shorter).encode()) <= limit:
            return shorter
    return {name: value for name, value in fields.items() if _is_small(value)} | {"cut": mark}


def _shorten(value: Plain, measure: _Measure) -> Plain:
    if isinstance(value, str):
        return _shorten_text(value, measure.text)
    if isinstance(value, list):
        return [_shorten(item, measure) for item in value[: measure.items]] + _rest(value, measure)
    if isinstance(value, dict):
        kept = _first(value.items(), measure.items)
        return {_shorten_text(name, measure.text): _shorten(item, measure) for name, item in kept}
    return value


def _shorten_text(text: str, length: int) -> str:
    if len(text) <= length:
        return text
    head, tail = length * 3 // 4, length // 4
    return f"{text[:head]} […{len(text) - head - tail} characters left out…] {text[-tail:]}"


def _rest(items: list[Plain], measure: _Measure) -> list[Plain]:
    left = len(items) - measure.items
    return [f"[…{left} more…]"] if left > 0 else []


def _first(items: Iterable[tuple[str, Plain]], count: int) -> list[tuple[str, Plain]]:
    """The first members, and behind them every further one that is only a number or a truth value."""
    return [pair for place, pair in enumerate(items) if place < count or isinstance(pair[1], (bool, int))]


def _is_small(value: Plain) -> bool:
    return not isinstance(value, (list, dict)) and len(str(value)) <= 256  # noqa: PLR2004 - a name, not a text
