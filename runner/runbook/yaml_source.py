"""Strict YAML with places: one plain reading, everything that two readers could understand differently refused.

Runbooks, inventories and settings are read here. Values are what JSON can hold without floating point. Anchors, tags,
several documents, keys given twice and spellings such as `on`, `0755`, `1.5` or `2026-01-01` without quotes are
problems; a file's problems are collected, so that all of them can be shown at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import yaml
from yaml import events

from runner.model.document import JsonValue
from runner.model.finding import DocumentPath
from runner.runbook.problems import Problem, say
from runner.words import N_

MAX_BYTES: Final = 4 * 1024 * 1024
"""Largest file read."""
MAX_DEPTH: Final = 40
"""Lists and mappings inside one another."""
MAX_NUMBER: Final = 2**53 - 1

Position = tuple[int, int]
"""Line and column, from 1."""

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
"""Characters that cannot be seen, change the direction of the text or count as line ends to some readers."""
_PLAIN = re.compile(
    r"""
    (?P<null> ~ | null | Null | NULL )
    | (?P<true> true | True | TRUE )
    | (?P<false> false | False | FALSE )
    | (?P<word> [Yy]es | YES | [Nn]o | NO | [Oo]n | ON | [Oo]ff | OFF )
    | (?P<whole> [-+]? (?: 0 | [1-9][0-9]* ) )
    | (?P<based> [-+]? 0 [0-9_]+ | [-+]? 0o [0-7_]+ | [-+]? 0x [0-9a-fA-F_]+ | [-+]? 0b [01_]+ )
    | (?P<grouped> [-+]? [0-9] [0-9_]* _ [0-9_]* )
    | (?P<sixty> [-+]? [0-9][0-9_]* (?: : [0-5]?[0-9] )+ (?: \. [0-9_]* )? )
    | (?P<broken> [-+]? (?: [0-9][0-9_]* (?: \. [0-9_]* )? | \. [0-9][0-9_]* ) (?: [eE] [-+]? [0-9]+ )?
                  | [-+]? \. (?: inf | Inf | INF ) | \. (?: nan | NaN | NAN ) )
    | (?P<date> [0-9]{4} - [0-9]{1,2} - [0-9]{1,2} (?: (?: [Tt] | [ \t]+ ) [0-9:.]+ [ \t]* (?: Z | [-+][0-9:]+ )? )? )
    | (?P<merge> << )
    | (?P<special> = )
    """,
    re.VERBOSE | re.ASCII,
)
_CONSTANTS: Final[dict[str, JsonValue]] = {"null": None, "true": True, "false": False}
_REFUSED: Final = {
    "word": N_('{text}: true or false to some readers, text to others; write true or false, or quote it: "{text}"'),
    "based": N_('{text}: a different number to different readers; quote it: "{text}"'),
    "grouped": N_('{text}: a number to some readers, text to others; quote it: "{text}"'),
    "sixty": N_('{text}: a number to base sixty to some readers; quote it: "{text}"'),
    "broken": N_('{text}: only whole numbers are allowed; quote it: "{text}"'),
    "date": N_('{text}: a date to some readers, text to others; quote it: "{text}"'),
    "merge": N_("{text}: merge keys are not allowed; write the values out"),
    "special": N_('{text}: has a special meaning; quote it: "{text}"'),
}


@dataclass(slots=True)
class Places:
    """Where the parts of a document stand."""

    values: dict[DocumentPath, Position] = field(default_factory=dict)
    keys: dict[DocumentPath, Position] = field(default_factory=dict)

    def of_value(self, path: DocumentPath) -> Position:
        """Place of a value, or of the nearest thing around it that the document holds."""
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, (1, 1))

    def of_key(self, path: DocumentPath) -> Position:
        """Place of a key, or of what stands in its stead."""
        return self.keys.get(path) or self.of_value(path)


@dataclass(frozen=True, slots=True)
class YamlSource:
    """A file as read."""

    value: JsonValue
    places: Places
    problems: tuple[Problem, ...]
    readable: bool
    """Whether it was read to its end; otherwise `value` is None."""


def read_yaml(data: bytes, path: str) -> YamlSource:
    """Read one document; never raises for what the file holds.

    Args:
        data: the file's bytes.
        path: how to name the file in problems.
    """
    text, problems = _decode(data, path)
    if text is None:
        return YamlSource(None, Places(), problems, readable=False)
    builder = _Builder(path)
    try:
        value = builder.document(yaml.parse(text, Loader=_Loader))
    except yaml.MarkedYAMLError as error:
        builder.problems.append(_syntax_problem(path, text, error))
        return YamlSource(None, builder.places, tuple(builder.problems), readable=False)
    except _Unreadable:
        return YamlSource(None, builder.places, tuple(builder.problems), readable=False)
    return YamlSource(value, builder.places, tuple(builder.problems), readable=True)


def decode_text(data: bytes, path: str, limit: int = MAX_BYTES) -> tuple[str | None, tuple[Problem, ...]]:
    """The text of a file, or why it cannot be one."""
    if len(data) > limit:
        message = N_("too long: {size} bytes, expected at most {limit}")
        return None, (Problem(path, 1, 1, say(message, size=len(data), limit=limit)),)
    try:
        return data.decode("utf-8-sig"), ()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        return None, (_problem_at(path, before, len(before), N_("not UTF-8 text")),)


def _decode(data: bytes, path: str) -> tuple[str | None, tuple[Problem, ...]]:
    text, problems = decode_text(data, path)
    if text is not None and (unseen := _UNSEEN.search(text)):
        code = f"U+{ord(unseen[0]):04X}"
        message = say(N_("character {code} cannot be seen or changes the order of the text"), code=code)
        return None, (_problem_at(path, text, unseen.start(), message),)
    return text, problems


def _problem_at(path: str, text: str, offset: int, message: str) -> Problem:
    line = text.count("\n", 0, offset) + 1
    return Problem(path, line, offset - text.rfind("\n", 0, offset), say(message))


def _syntax_problem(path: str, text: str, error: yaml.MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = text.split("\n")
    written = lines[line] if line < len(lines) else ""
    indent = written[: len(written) - len(written.lstrip())]
    if "\t" in indent or written[column : column + 1] == "\t":
        column = written.index("\t")
        return Problem(path, line + 1, column + 1, say(N_("a tab; YAML is indented with spaces")))
    what = error.problem or error.context or str(error)
    return Problem(path, line + 1, column + 1, say(N_("not YAML: {what}"), what=what))


class _Unreadable(Exception):  # noqa: N818 - ends the reading of one file, never leaves this module
    """The file cannot be read further; the problem has been noted."""


@lru_cache(maxsize=4096)
def _resolve(text: str) -> tuple[JsonValue, str]:
    """Value of a plain scalar, and the message id of why it is refused (empty when it is not)."""
    found = _PLAIN.fullmatch(text) if text else None
    kind = found.lastgroup if found else None
    if kind is None:
        return text or None, ""
    if kind == "whole":
        if len(text) > len(str(MAX_NUMBER)) + 1 or abs(int(text)) > MAX_NUMBER:
            return text, N_('{text}: too large a number; quote it: "{text}"')
        return int(text), ""
    if kind in _CONSTANTS:
        return _CONSTANTS[kind], ""
    return text, _REFUSED[kind]


def _position(event: events.Event) -> Position:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


class _Builder:
    """Builds the value of one document from its events."""

    def __init__(self, path: str) -> None:
        self.places = Places()
        self.problems: list[Problem] = []
        self._path = path

    def document(self, stream: Iterator[events.Event]) -> JsonValue:
        value: JsonValue = None
        seen = False
        for event in stream:
            if isinstance(event, events.DocumentStartEvent):
                if seen:
                    self._stop(event, N_("a second document; one file holds one"))
                seen = True
            elif isinstance(event, events.NodeEvent):
                value = self._node(event, stream, (), 0)
        return value

    def _node(self, event: events.Event, stream: Iterator[events.Event], path: DocumentPath, depth: int) -> JsonValue:
        self.places.values[path] = _position(event)
        if isinstance(event, events.AliasEvent):
            self._note(event, N_("*{text}: aliases are not allowed; write the value out"), str(event.anchor))
            return None
        if isinstance(event, events.ScalarEvent):
            return self._scalar(event)
        if isinstance(event, events.CollectionStartEvent):
            self._note_marks(event)
        if depth >= MAX_DEPTH:
            self._stop(event, N_("nested too deeply"))
        if isinstance(event, events.SequenceStartEvent):
            return self._sequence(stream, path, depth + 1)
        return self._mapping(stream, path, depth + 1)

    def _scalar(self, event: events.ScalarEvent) -> JsonValue:
        self._note_marks(event)
        if not event.implicit[0]:
            return str(event.value)
        value, refused = _resolve(event.value)
        if refused:
            self._note(event, refused, event.value)
        return value

    def _sequence(self, stream: Iterator[events.Event], path: DocumentPath, depth: int) -> list[JsonValue]:
        items: list[JsonValue] = []
        for event in stream:
            if isinstance(event, events.SequenceEndEvent):
                break
            items.append(self._node(event, stream, (*path, len(items)), depth))
        return items

    def _mapping(self, stream: Iterator[events.Event], path: DocumentPath, depth: int) -> dict[str, JsonValue]:
        mapping: dict[str, JsonValue] = {}
        for event in stream:
            if isinstance(event, events.MappingEndEvent):
                break
            key = self._key(event, stream)
            if key is None or self._is_given(event, key, path):
                self._skip(next(stream), stream)
                continue
            self.places.keys[(*path, key)] = _position(event)
            mapping[key] = self._node(next(stream), stream, (*path, key), depth)
        return mapping

    def _key(self, event: events.Event, stream: Iterator[events.Event]) -> str | None:
        if not isinstance(event, events.ScalarEvent):
            self._note(event, N_("a key must be text"))
            self._skip(event, stream)
            return None
        before = len(self.problems)
        key = self._scalar(event)
        if isinstance(key, str):
            return key
        if len(self.problems) == before:
            self._note(event, N_('{text}: a key must be text; quote it: "{text}"'), event.value)
        return None

    def _is_given(self, event: events.Event, key: str, path: DocumentPath) -> bool:
        first = self.places.keys.get((*path, key))
        if first is None:
            return False
        text = say(N_('key "{key}" is given twice, first in line {line}'), key=key, line=first[0])
        self.problems.append(Problem(self._path, *_position(event), text))
        return True

    def _skip(self, event: events.Event, stream: Iterator[events.Event]) -> None:
        """Pass over a node that has no place in the value."""
        open_nodes = 0
        while True:
            if isinstance(event, events.CollectionStartEvent):
                open_nodes += 1
            elif isinstance(event, events.CollectionEndEvent):
                open_nodes -= 1
            if open_nodes <= 0:
                return
            event = next(stream)

    def _note_marks(self, event: events.ScalarEvent | events.CollectionStartEvent) -> None:
        """Note what is written before a value: an anchor, a tag."""
        if event.anchor is not None:
            self._note(event, N_("&{text}: anchors are not allowed; write the value out"), str(event.anchor))
        if event.tag is None:
            return
        tag = str(event.tag).replace("tag:yaml.org,2002:", "!!")
        if tag == "!vault":
            self._note(event, N_("{text}: secrets are not kept in files of the site; name them by reference"), tag)
        else:
            self._note(event, N_("{text}: tags are not allowed"), tag)

    def _note(self, event: events.Event, message: str, text: str = "") -> None:
        self.problems.append(Problem(self._path, *_position(event), say(message, text=text[:80])))

    def _stop(self, event: events.Event, message: str) -> None:
        self._note(event, message)
        raise _Unreadable
