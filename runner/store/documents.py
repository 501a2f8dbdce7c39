"""JSON text in columns: values that are carried, not searched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar, cast

from runner.model.document import JsonObject, JsonValue
from runner.proof.canonical import canonical_bytes, parse_strict
from runner.wire.documents import from_value, to_value

Value = TypeVar("Value")


def value_to_text(value: object) -> str:
    """A model value as JSON."""
    return document_to_text(to_value(value))


def value_from_text(kind: type[Value], text: str) -> Value:
    """Read what `value_to_text` wrote."""
    return from_value(kind, parse_strict(text.encode()))


def document_to_text(document: JsonValue) -> str:
    """A JSON document in its one spelling."""
    return canonical_bytes(document).decode()


def object_from_text(text: str) -> JsonObject:
    """A JSON object as it was stored."""
    return cast("JsonObject", parse_strict(text.encode()))


def names_to_text(names: Sequence[str]) -> str:
    """A list of names as JSON."""
    return document_to_text(list(names))


def names_from_text(text: str) -> tuple[str, ...]:
    """Read what `names_to_text` wrote."""
    return tuple(cast("list[str]", parse_strict(text.encode())))


def words_to_text(words: Mapping[str, str]) -> str:
    """Words by name as JSON."""
    return document_to_text({name: str(word) for name, word in words.items()})


def words_from_text(text: str) -> dict[str, str]:
    """Read what `words_to_text` wrote."""
    return cast("dict[str, str]", parse_strict(text.encode()))
