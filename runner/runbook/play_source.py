"""Ansible's own YAML with places: read as Ansible reads it, leniently, only to see what it refers to."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import yaml
from yaml import events

from runner.runbook.problems import Problem, say
from runner.runbook.yaml_source import decode_text
from runner.words import N_

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MERGE: Final = "tag:yaml.org,2002:merge"
_MOST_DEPTH: Final = 60
_TRUE: Final = frozenset({"true", "yes", "on", "1", "y", "t"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands."""

    path: str
    line: int
    column: int


@dataclass(eq=False, slots=True)
class Scalar:
    """A text, number, flag or nothing, as written."""

    text: str
    line: int
    column: int
    tag: str = ""
    """Explicit tag, or that of a merge key."""


@dataclass(eq=False, slots=True)
class Items:
    """A list."""

    items: list[Node]
    line: int
    column: int


@dataclass(eq=False, slots=True)
class Pairs:
    """A mapping, key by key."""

    pairs: list[tuple[Node, Node]]
    line: int
    column: int


Node = Scalar | Items | Pairs


@dataclass(frozen=True, slots=True)
class Entry:
    """A key of a mapping and its value."""

    key: str
    place: Place
    """Place of the key."""
    value: Node


@dataclass(frozen=True, slots=True)
class PlaySource:
    """A file as YAML nodes."""

    path: str
    top: Node | None
    problems: tuple[Problem, ...] = ()

    def place(self, node: Node) -> Place:
        """Where a node begins."""
        return Place(self.path, node.line, node.column)

    def entries(self, node: Node | None) -> tuple[Entry, ...]:
        """Keys and values of a mapping, with what it merges in; nothing for any other node."""
        return tuple(self._entries(node, 0))

    def _entries(self, node: Node | None, depth: int) -> Iterator[Entry]:
        if not isinstance(node, Pairs) or depth > _MOST_DEPTH:
            return
        for key, value in node.pairs:
            if isinstance(key, Scalar) and key.tag == _MERGE:
                for merged in items_of(value) or (value,):
                    yield from self._entries(merged, depth + 1)
            elif isinstance(key, Scalar):
                yield Entry(key.text, self.place(key), value)


def read_play_source(data: bytes, path: str) -> PlaySource:
    """Read a playbook, a list of tasks or a file of variables; never raises for what it holds."""
    text, problems = decode_text(data, path)
    if text is None:
        return PlaySource(path, None, problems)
    try:
        return PlaySource(path, _Composer(yaml.parse(text, Loader=_Loader)).document())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        message = say(N_("not YAML: {what}"), what=error.problem or error.context or str(error))
        return PlaySource(path, None, (Problem(path, line, column, message),))
    except (yaml.YAMLError, ValueError) as error:
        return PlaySource(path, None, (Problem(path, 1, 1, say(N_("not YAML: {what}"), what=str(error))),))


class _Composer:
    """Builds nodes from events; the parser's own composer falls over when things are nested too deeply."""

    def __init__(self, stream: Iterator[events.Event]) -> None:
        self._stream = stream
        self._anchors: dict[str, Node] = {}

    def document(self) -> Node | None:
        """The first document; None when there is none."""
        for event in self._stream:
            if isinstance(event, events.NodeEvent):
                return self._node(event, 0)
        return None

    def _node(self, event: events.Event, depth: int) -> Node:
        if isinstance(event, events.AliasEvent):
            if event.anchor not in self._anchors:
                raise ValueError(f"undefined alias {event.anchor}")
            return self._anchors[str(event.anchor)]
        if depth > _MOST_DEPTH:
            raise ValueError("nested too deeply")
        line, column = _position(event)
        if isinstance(event, events.ScalarEvent):
            tag = event.tag or (_MERGE if event.value == "<<" and event.implicit[0] else "")
            return self._named(event, Scalar(event.value, line, column, tag))
        if isinstance(event, events.SequenceStartEvent):
            items = Items([], line, column)
            self._named(event, items)
            items.items.extend(self._until(events.SequenceEndEvent, depth))
            return items
        mapping = Pairs([], line, column)
        self._named(event, mapping)
        parts = list(self._until(events.MappingEndEvent, depth))
        mapping.pairs.extend(zip(parts[::2], parts[1::2], strict=True))
        return mapping

    def _until(self, end: type[events.Event], depth: int) -> Iterator[Node]:
        for event in self._stream:
            if isinstance(event, end):
                return
            yield self._node(event, depth + 1)

    def _named(self, event: events.Event, node: Node) -> Node:
        anchor = getattr(event, "anchor", None)
        if anchor is not None:
            self._anchors[anchor] = node
        return node


def _position(event: events.Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def items_of(node: Node | None) -> tuple[Node, ...]:
    """Items of a list; nothing for any other node."""
    return tuple(node.items) if isinstance(node, Items) else ()


def text_of(node: Node | None) -> str | None:
    """Text of a scalar as written; None for any other node."""
    return node.text if isinstance(node, Scalar) else None


def is_true(node: Node | None) -> bool:
    """Whether a scalar is a plain yes; a template is not."""
    text = text_of(node)
    return text is not None and text.lower() in _TRUE


def split_free_form(text: str) -> tuple[dict[str, str], str]:
    """Arguments of `module: key=value …` and what is left of the text."""
    try:
        words = shlex.split(text, comments=False)
    except ValueError:
        return {}, text
    arguments: dict[str, str] = {}
    rest: list[str] = []
    for word in words:
        key, separator, value = word.partition("=")
        if separator and key.isidentifier():
            arguments[key] = value
        else:
            rest.append(word)
    return arguments, " ".join(rest)
