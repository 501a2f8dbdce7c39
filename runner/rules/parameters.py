"""Values people and hosts give: parameters of a request, outputs of a step, readings on a sheet.

Every such value is checked against its declared type before anything uses it, and text that Ansible could take for a
template is refused: a value must never become code.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from runner.errors import Fact, NotFoundError, UsageError
from runner.model.document import JsonValue
from runner.model.nearest import nearest
from runner.model.runbook import Output, Parameter, Runbook, ValueType
from runner.model.units import format_duration, format_size, parse_duration, parse_size
from runner.words import N_

LONGEST_TEXT: Final = 1024
"""Characters in a text value."""
LARGEST_NUMBER: Final = 2**53 - 1
"""Largest whole number every JSON reader keeps exactly."""

_MARKS: Final = ("{{", "{%", "{#")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_WHOLE_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,15})")
_HIDDEN_DIRECTION: Final = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

Declared = Parameter | Output


def has_template(text: str) -> bool:
    """Whether Ansible could take the text for a template."""
    return any(mark in text for mark in _MARKS)


def is_absolute_path(text: str) -> bool:
    """Whether it is an absolute path with exactly one spelling: no `..`, `.`, `//` or slash at its end."""
    first, *rest = text.split("/")
    return text == "/" or (not first and bool(rest) and not any(part in {"", ".", ".."} for part in rest))


def require_plain(name: str, value: JsonValue) -> None:
    """Refuse text, at any depth, that Ansible could take for a template or that shows otherwise than it reads.

    Raises:
        UsageError: with the name of the value it belongs to.
    """
    if isinstance(value, str):
        _require_plain_text(name, value)
    elif isinstance(value, list):
        for item in value:
            require_plain(name, item)
    elif isinstance(value, dict):
        for key, item in value.items():
            _require_plain_text(name, key)
            require_plain(name, item)


def read_value(declared: Declared, raw: JsonValue) -> JsonValue:
    """The value in its one form: spans in whole seconds, sizes in bytes, numbers and flags as such.

    Text is understood as typed on a command line (`5`, `true`, `10m`, `2GiB`); a value already in its form is kept.

    Raises:
        UsageError: wrong type, outside its limits, or unsafe text.
    """
    value = _READERS[declared.type](declared.name, raw)
    if isinstance(declared, Parameter):
        _require_limits(declared, value)
    return value


def check_value(declared: Declared, value: JsonValue) -> None:
    """Refuse a value that is not in its one form.

    Raises:
        UsageError: it is not what `read_value` would give for it.
    """
    read = read_value(declared, value)
    if type(read) is not type(value) or read != value:
        raise _expected(declared.name, value, N_('{name}: got "{got}", expected it in its final form'))


def complete_parameters(declared: Sequence[Parameter], given: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Every declared parameter with its value, given or default.

    Raises:
        NotFoundError: a value is given for no declared parameter.
        UsageError: a value is missing or wrong.
    """
    names = [parameter.name for parameter in declared]
    for name in given:
        if name not in names:
            raise _unknown(name, names)
    return {parameter.name: _value_of(parameter, given) for parameter in declared}


def settle_defaults(runbook: Runbook) -> Runbook:
    """The runbook with every default in its one form; the defaults must be valid."""
    return replace(runbook, parameters=tuple(_settled(parameter) for parameter in runbook.parameters))


def shown_value(declared: Declared, value: JsonValue) -> str:
    """The value as people write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and declared.type is ValueType.DURATION:
        return format_duration(value)
    if isinstance(value, int) and declared.type is ValueType.SIZE:
        return format_size(value)
    return str(value)


def _settled(parameter: Parameter) -> Parameter:
    if parameter.default is None:
        return parameter
    return replace(parameter, default=read_value(parameter, parameter.default))


def _value_of(parameter: Parameter, given: Mapping[str, JsonValue]) -> JsonValue:
    raw = given.get(parameter.name, parameter.default)
    if raw is None:
        raise UsageError(
            N_('parameter "{name}": missing, expected a value of type {type}'),
            hint=N_("give it as -p {name}=VALUE"),
            name=parameter.name,
            type=parameter.type.value,
        )
    return read_value(parameter, raw)


def _unknown(name: str, names: Sequence[str]) -> NotFoundError:
    if near := nearest(name, names):
        return NotFoundError(N_('unknown parameter "{name}" (did you mean "{near}"?)'), name=name[:80], near=near)
    return NotFoundError(
        N_('unknown parameter "{name}", known are: {known}'), name=name[:80], known=", ".join(names) or "-"
    )


def _require_plain_text(name: str, text: str) -> None:
    if has_template(text):
        raise UsageError(
            N_('{name}: got "{got}", expected text without "{opening}": a value must not become a template'),
            name=name,
            got=text[:80],
            opening=next(mark for mark in _MARKS if mark in text),
        )
    for letter in text:
        if letter in _HIDDEN_DIRECTION or unicodedata.category(letter) in {"Cc", "Cs"}:
            raise UsageError(
                N_("{name}: character {code} cannot be seen, expected printable text"),
                name=name,
                code=f"U+{ord(letter):04X}",
            )


def _expected(name: str, raw: JsonValue, message: str, limit: Fact = None) -> UsageError:
    return UsageError(message, name=name, got=str(raw)[:80], limit=limit)


def _read_string(name: str, raw: JsonValue) -> JsonValue:
    if not isinstance(raw, str):
        raise _expected(name, raw, N_('{name}: got "{got}", expected text'))
    if len(raw) > LONGEST_TEXT:
        raise UsageError(
            N_("{name}: {size} characters, expected at most {limit}"), name=name, size=len(raw), limit=LONGEST_TEXT
        )
    _require_plain_text(name, raw)
    return raw


def _read_integer(name: str, raw: JsonValue) -> JsonValue:
    if isinstance(raw, str) and _WHOLE_NUMBER.fullmatch(raw) and raw != "-0":
        raw = int(raw)
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise _expected(name, raw, N_('{name}: got "{got}", expected a whole number'))
    if abs(raw) > LARGEST_NUMBER:
        raise _expected(name, raw, N_("{name}: got {got}, expected at most {limit}"), limit=LARGEST_NUMBER)
    return raw


def _read_boolean(name: str, raw: JsonValue) -> JsonValue:
    value = {"true": True, "false": False}.get(raw) if isinstance(raw, str) else raw
    if not isinstance(value, bool):
        raise _expected(name, raw, N_('{name}: got "{got}", expected true or false'))
    return value


def _read_path(name: str, raw: JsonValue) -> JsonValue:
    text = _read_string(name, raw)
    if not isinstance(text, str) or not is_absolute_path(text):
        raise _expected(name, raw, N_('{name}: got "{got}", expected an absolute path without "..", "." or "//"'))
    return text


def _read_sha256(name: str, raw: JsonValue) -> JsonValue:
    if not isinstance(raw, str) or not _SHA256.fullmatch(raw):
        raise _expected(name, raw, N_('{name}: got "{got}", expected 64 lower-case hex digits'))
    return raw


def _read_duration(name: str, raw: JsonValue) -> JsonValue:
    return _read_measure(name, raw, parse_duration, N_('{name}: got "{got}", expected a duration such as "10m"'))


def _read_size(name: str, raw: JsonValue) -> JsonValue:
    return _read_measure(name, raw, parse_size, N_('{name}: got "{got}", expected a size such as "2GiB"'))


def _read_measure(name: str, raw: JsonValue, parse: Callable[[str], int], message: str) -> JsonValue:
    """A measure as text with its unit, or already counted in its smallest unit."""
    if isinstance(raw, str) and not _WHOLE_NUMBER.fullmatch(raw):
        try:
            return parse(raw)
        except UsageError as error:
            raise _expected(name, raw, message) from error
    number = _read_integer(name, raw)
    if isinstance(number, int) and number < 0:
        raise _expected(name, raw, message)
    return number


_READERS: Final[Mapping[ValueType, Callable[[str, JsonValue], JsonValue]]] = {
    ValueType.STRING: _read_string,
    ValueType.INTEGER: _read_integer,
    ValueType.BOOLEAN: _read_boolean,
    ValueType.CHOICE: _read_string,
    ValueType.PATH: _read_path,
    ValueType.SHA256: _read_sha256,
    ValueType.DURATION: _read_duration,
    ValueType.SIZE: _read_size,
}


def _require_limits(parameter: Parameter, value: JsonValue) -> None:
    name = parameter.name
    if parameter.type is ValueType.CHOICE and value not in parameter.choices:
        raise _expected(
            name, value, N_('{name}: got "{got}", expected one of {limit}'), limit=", ".join(parameter.choices)
        )
    if parameter.pattern is not None and isinstance(value, str) and not re.fullmatch(parameter.pattern, value):
        raise _expected(
            name, value, N_('{name}: got "{got}", expected text that matches {limit}'), limit=parameter.pattern
        )
    if isinstance(value, bool) or not isinstance(value, int):
        return
    if parameter.minimum is not None and value < parameter.minimum:
        least = shown_value(parameter, parameter.minimum)
        raise _expected(
            name, shown_value(parameter, value), N_("{name}: got {got}, expected at least {limit}"), limit=least
        )
    if parameter.maximum is not None and value > parameter.maximum:
        most = shown_value(parameter, parameter.maximum)
        raise _expected(
            name, shown_value(parameter, value), N_("{name}: got {got}, expected at most {limit}"), limit=most
        )
