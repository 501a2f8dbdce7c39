"""Any value of a type of the model, drawn field by field from the type's own declarations."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cache

from hypothesis import strategies as st

from runner.model.document import JsonObject, JsonValue
from runner.model.time import Window

LARGEST = 2**53 - 1
_TEXT = st.text(max_size=8)
_INSTANTS = st.datetimes(timezones=st.just(UTC))


def json_values() -> st.SearchStrategy[object]:
    scalars = st.none() | st.booleans() | st.integers(-LARGEST, LARGEST) | _TEXT
    return st.recursive(
        scalars, lambda below: st.lists(below, max_size=3) | st.dictionaries(_TEXT, below, max_size=3), max_leaves=5
    )


def _window(opens: datetime, seconds: int) -> Window:
    return Window(opens, opens + timedelta(seconds=seconds))


_KNOWN: Mapping[object, st.SearchStrategy[object]] = {
    str: _TEXT,
    int: st.integers(-LARGEST, LARGEST),
    bool: st.booleans(),
    datetime: _INSTANTS,
    type(None): st.none(),
    JsonValue: json_values(),
    JsonObject: st.dictionaries(_TEXT, json_values(), max_size=3),
    Window: st.builds(_window, _INSTANTS.filter(lambda instant: instant.year < 9000), st.integers(1, 10**6)),
}


def values_of(kind: object) -> st.SearchStrategy[typing.Any]:
    """Values of `kind`: a dataclass, or any type its fields may have.

    Raises:
        TypeError: when drawn from, if the type holds something that has no document.
    """
    if kind in _KNOWN:
        return _KNOWN[kind]
    if isinstance(kind, typing.NewType):
        return values_of(kind.__supertype__)
    return _class(kind) if isinstance(kind, type) else _generic(kind)


def _class(kind: type) -> st.SearchStrategy[object]:
    if issubclass(kind, Enum):
        return st.sampled_from(kind)
    if dataclasses.is_dataclass(kind):
        return st.deferred(lambda: _dataclass(kind))
    raise TypeError(f"no values of {kind!r}")


@cache
def _dataclass(kind: type) -> st.SearchStrategy[object]:
    return st.builds(kind, **{name: values_of(hint) for name, hint in typing.get_type_hints(kind).items()})


def _generic(kind: object) -> st.SearchStrategy[object]:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return st.one_of(*(values_of(argument) for argument in arguments))
    if origin is tuple and arguments[1:] == (...,):
        return st.lists(values_of(arguments[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*(values_of(argument) for argument in arguments))
    if origin is list:
        return st.lists(values_of(arguments[0]), max_size=3)
    if origin in (dict, Mapping):
        return st.dictionaries(values_of(arguments[0]), values_of(arguments[1]), max_size=3)
    raise TypeError(f"no values of {kind!r}")
