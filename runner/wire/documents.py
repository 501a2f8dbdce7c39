"""Values of `runner.model` as JSON documents, and back.

The one mechanism behind API bodies, JSON columns, shim orders and the three parts of a plan. Writing needs no knowledge
of types: fields in their order, enums as their values, instants as RFC 3339 UTC with `Z`. Reading is strict: a document
is accepted only if the value it yields is written again as the same document, save for fields left out that have a
default, so that nothing in it can be overlooked, converted or ignored.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any, Final, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from runner.errors import UsageError
from runner.model.document import JsonObject, JsonValue
from runner.model.nearest import nearest
from runner.model.time import to_rfc3339
from runner.words import N_

Value = TypeVar("Value")

_NO_OFFSET: Final = timedelta(0)
_PLAIN: Final = (str, int, bool)
_adapters: dict[object, TypeAdapter[Any]] = {}
_SHOWN: Final = 80
"""Characters of a wrong value that an error repeats."""


def to_document(value: object) -> JsonObject:
    """A dataclass value as a JSON object; equal values give equal documents.

    Raises:
        UsageError: a time in it is not UTC, or something in it has no JSON form.
    """
    document = to_value(value)
    if not isinstance(document, dict):
        raise UsageError(N_("document: a value of type {type} is not an object"), type=type(value).__name__)
    return document


def to_value(value: object) -> JsonValue:
    """Any value of the model (also a tuple, a mapping or a single field) as JSON.

    Raises:
        UsageError: as `to_document`.
    """
    if value is None or type(value) in _PLAIN:
        return cast("JsonValue", value)
    if isinstance(value, tuple | list):
        return [to_value(item) for item in value]
    if isinstance(value, Mapping):
        return {_key(name): to_value(item) for name, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: to_value(getattr(value, name)) for name in _names(type(value))}
    return _scalar(value)


def from_document(kind: type[Value], document: JsonObject) -> Value:
    """The value of type `kind` that `document` describes.

    Raises:
        UsageError: unknown, missing or mistyped fields, each named by its path, or a value its type refuses.
    """
    return from_value(kind, document)


def from_value(kind: type[Value], value: JsonValue) -> Value:
    """As `from_document`, for any JSON value and any type the model uses (such as `tuple[Unbound, ...]`).

    Raises:
        UsageError: as `from_document`.
    """
    try:
        read = _adapter(kind).validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        raise _refusal(error) from error
    except (ValueError, TypeError, RecursionError) as error:
        raise UsageError(N_("document: it is not JSON")) from error
    for path, got, expected in _differences("", value, _rewritten(read)):
        raise _unfaithful(path, got, expected)
    return read


def _scalar(value: object) -> JsonValue:
    if isinstance(value, Enum):
        return _scalar(value.value)
    if isinstance(value, datetime):
        return to_rfc3339(value)
    if isinstance(value, str | int):
        return value
    raise UsageError(N_("document: a value of type {type} has no JSON form"), type=type(value).__name__)


def _key(name: object) -> str:
    if isinstance(name, Enum):
        name = name.value
    if not isinstance(name, str):
        raise UsageError(N_("document: got a name of type {type}, expected text"), type=type(name).__name__)
    return name


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


def _adapter(kind: type[Value]) -> TypeAdapter[Value]:
    adapter = _adapters.get(kind)
    if adapter is None:
        adapter = _adapters.setdefault(kind, TypeAdapter(kind))
    return cast("TypeAdapter[Value]", adapter)


def _rewritten(read: object) -> JsonValue:
    """The document of a value that was read; a time in another zone is refused by its path."""
    try:
        return to_value(read)
    except UsageError:
        for path, instant in _other_zones("", read):
            raise UsageError(
                N_('document: "{place}": got {got}, expected a time in UTC'), place=path, got=instant.isoformat()
            ) from None
        raise


def _refusal(error: ValidationError) -> UsageError:
    """The first thing pydantic refuses, by its path."""
    first = error.errors(include_url=False, include_context=False)[0]
    place = _dotted(first["loc"])
    if first["type"] == "missing":
        return UsageError(N_('document: "{place}" is missing'), place=place)
    return UsageError(
        N_('document: "{place}": got {got}, which is not what belongs there ({reason})'),
        place=place,
        got=_shown(first["input"]),
        reason=first["msg"],
    )


def _other_zones(path: str, value: object) -> Iterator[tuple[str, datetime]]:
    """Times in a value that are not UTC, with their paths."""
    if isinstance(value, datetime):
        if value.utcoffset() != _NO_OFFSET:
            yield path, value
    elif isinstance(value, tuple | list):
        for place, item in enumerate(value):
            yield from _other_zones(_below(path, place), item)
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _other_zones(_below(path, name), item)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for name in _names(type(value)):
            yield from _other_zones(_below(path, name), getattr(value, name))


def _below(path: str, part: object) -> str:
    return f"{path}.{part}" if path else str(part)


_ABSENT: Final = object()


def _differences(path: str, got: object, expected: object) -> Iterator[tuple[str, object, object]]:
    """Where a document says something else than the value read from it; names only in `expected` are defaults."""
    if isinstance(got, dict) and isinstance(expected, dict):
        for name, item in got.items():
            if name in expected:
                yield from _differences(_below(path, name), item, expected[name])
            else:
                yield _below(path, name), _ABSENT, list(expected)
    elif isinstance(got, list) and isinstance(expected, list) and len(got) == len(expected):
        for place, (item, other) in enumerate(zip(got, expected, strict=True)):
            yield from _differences(_below(path, place), item, other)
    elif got != expected or type(got) is not type(expected):
        yield path, got, expected


def _unfaithful(path: str, got: object, expected: object) -> UsageError:
    if got is not _ABSENT:
        return UsageError(
            N_('document: "{place}": got {got}, expected {expected}'),
            place=path,
            got=_shown(got),
            expected=_shown(expected),
        )
    name = path.rpartition(".")[2]
    meant = nearest(name, [str(known) for known in cast("list[object]", expected)])
    if meant is None:
        return UsageError(N_('document: "{place}" is unknown'), place=path)
    return UsageError(N_('document: "{place}" is unknown (did you mean "{meant}"?)'), place=path, meant=meant)


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def _dotted(place: tuple[int | str, ...]) -> str:
    """A path as people read it; the names of types that pydantic puts between are left out."""
    return ".".join(str(part) for part in place if isinstance(part, int) or not part[:1].isupper()) or "."
