"""References `{{ … }}` in a runbook's variables: the only evaluation there is.

A reference names a parameter of the request, an output (or sheet reading) of an earlier step, or a fact of the run.
There are no filters, no expressions and no statements; everything else that looks like a template is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from runner.errors import UsageError
from runner.model.document import JsonValue
from runner.model.finding import DocumentPath
from runner.rules.parameters import require_plain
from runner.words import N_


class Source(StrEnum):
    """Where a referred value comes from."""

    PARAMETERS = "parameters"
    OUTPUTS = "outputs"
    RUN = "run"


RUN_FIELDS: Final = ("id", "request")
"""What `run.` offers: the run's number and its request's number (empty for a check)."""

_TEMPLATE = re.compile(r"\{\{(?P<inside>.*?)\}\}|\{\{|\{%|\{#", re.DOTALL)
_NAME: Final = r"[A-Za-z_][A-Za-z0-9_-]*"
_REFERENCE = re.compile(rf"\s*(?P<source>{_NAME})(?P<rest>(?:\.{_NAME})*)\s*")


@dataclass(frozen=True, slots=True)
class Reference:
    """A well-formed reference."""

    source: Source
    name: str
    """Parameter, output or field."""
    step: str = ""
    """Id of the step that reports it (outputs)."""

    def __str__(self) -> str:
        return ".".join(part for part in (self.source.value, self.step, self.name) if part)


@dataclass(frozen=True, slots=True)
class Malformed:
    """Something that looks like a template and is no reference."""

    text: str
    """As written, shortened."""
    message: str
    """Message id; its facts are `text` and `known`."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The values references are filled from."""

    parameters: Mapping[str, JsonValue] = field(default_factory=dict)
    outputs: Mapping[str, Mapping[str, JsonValue]] = field(default_factory=dict)
    """By step id, then by name; readings of signed sheets stand here too."""
    run: Mapping[str, str] = field(default_factory=dict)


def scan(text: str) -> tuple[Reference | Malformed, ...]:
    """Everything in a text that is, or looks like, a template, in order."""
    if "{" not in text:
        return ()
    return tuple(_read(found) for found in _TEMPLATE.finditer(text))


def references_in(value: JsonValue, path: DocumentPath = ()) -> Iterator[tuple[DocumentPath, Reference | Malformed]]:
    """Every reference in a value at any depth, with its place; keys cannot hold references."""
    if isinstance(value, str):
        for found in scan(value):
            yield path, found
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from references_in(item, (*path, position))
    elif isinstance(value, dict):
        for key, item in value.items():
            if scan(key):
                yield (*path, key), Malformed(_short(key), N_('"{text}": a key cannot hold a reference'))
            yield from references_in(item, (*path, key))


def fill(value: JsonValue, scope: Scope) -> JsonValue:
    """The value with its references replaced.

    A text that is nothing but one reference takes the referred value with its type; inside other text the value
    becomes text.

    Raises:
        UsageError: a reference is malformed, has no value yet, or its value could be taken for a template.
    """
    if isinstance(value, str):
        return _fill_text(value, scope)
    if isinstance(value, list):
        return [fill(item, scope) for item in value]
    if isinstance(value, dict):
        return {key: fill(item, scope) for key, item in value.items()}
    return value


def fill_vars(variables: Mapping[str, JsonValue], scope: Scope) -> dict[str, JsonValue]:
    """The variables of a play with their references replaced; see `fill`."""
    return {name: fill(value, scope) for name, value in variables.items()}


def _fill_text(text: str, scope: Scope) -> JsonValue:
    whole = _TEMPLATE.fullmatch(text)
    if whole and whole["inside"] is not None and "{{" not in whole["inside"]:
        return _value_of(_read(whole), scope)
    filled = _TEMPLATE.sub(lambda found: _as_text(_value_of(_read(found), scope)), text)
    # NOTE: harmless parts can join into a template: "{" beside "{ … }}".
    if filled != text:
        require_plain(_short(text), filled)
    return filled


def _value_of(reference: Reference | Malformed, scope: Scope) -> JsonValue:
    if isinstance(reference, Malformed):
        raise UsageError(reference.message, text=reference.text, known=known_references())
    values: Mapping[str, JsonValue]
    if reference.source is Source.PARAMETERS:
        values = scope.parameters
    elif reference.source is Source.OUTPUTS:
        values = scope.outputs.get(reference.step, {})
    else:
        values = dict(scope.run)
    if reference.name not in values:
        raise UsageError(N_('"{reference}": it has no value'), reference=str(reference))
    value = values[reference.name]
    require_plain(str(reference), value)
    return value


def _as_text(value: JsonValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value)
    raise UsageError(N_('got "{got}" inside a text, expected text, a number or a flag'), got=str(value)[:80])


def _read(found: re.Match[str]) -> Reference | Malformed:
    inside, text = found["inside"], _short(found[0])
    if inside is None:
        message = N_('"{text}" is not closed') if text == "{{" else N_('"{text}" is not allowed, only references are')
        return Malformed(text, message)
    name = _REFERENCE.fullmatch(inside)
    if name is None:
        return Malformed(text, N_('"{text}" is more than a reference; expected {known}'))
    return _named(text, name["source"], name["rest"].split(".")[1:])


def _named(text: str, source: str, parts: list[str]) -> Reference | Malformed:
    match source, parts:
        case "parameters", [name]:
            return Reference(Source.PARAMETERS, name)
        case "outputs", [step, name]:
            return Reference(Source.OUTPUTS, name, step)
        case "run", [name]:
            return Reference(Source.RUN, name)
    return Malformed(text, N_('"{text}" names nothing; expected {known}'))


def known_references() -> str:
    """The forms a reference can take, for people."""
    return "{{ parameters.NAME }}, {{ outputs.STEP.NAME }}, {{ run.FIELD }}"


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004 - what fits on a line beside the place
