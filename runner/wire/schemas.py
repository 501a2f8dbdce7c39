"""JSON Schema of the documents that `runner.wire.documents` reads and writes, for the published interface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from pydantic import TypeAdapter

from runner.model.document import JsonObject, JsonValue

PLACE: Final = "#/components/schemas/"
"""Where an OpenAPI document keeps its schemas."""


@dataclass(frozen=True, slots=True)
class Schemas:
    """Schemas of several kinds of documents."""

    read: Mapping[type, JsonObject]
    """By kind, of what is sent to the service."""
    written: Mapping[type, JsonObject]
    """By kind, of what it answers."""
    named: JsonObject
    """Parts they refer to, by name."""


def schemas_of(read: Sequence[type], written: Sequence[type]) -> Schemas:
    """The schemas of what is read and of what is written; as strict as reading is, unknown names included."""
    wanted: list[tuple[type, Any, TypeAdapter[Any]]] = [
        *((kind, "validation", TypeAdapter(kind)) for kind in read),
        *((kind, "serialization", TypeAdapter(kind)) for kind in written),
    ]
    found, parts = TypeAdapter.json_schemas(wanted, ref_template=PLACE + "{model}")
    schemas = cast("Mapping[tuple[type, str], JsonObject]", found)
    return Schemas(
        {kind: _object(schemas[kind, "validation"]) for kind in read},
        {kind: _object(schemas[kind, "serialization"]) for kind in written},
        _object(cast("JsonObject", parts.get("$defs", {}))),
    )


def _object(schema: JsonObject) -> JsonObject:
    return cast("JsonObject", _closed(schema))


def _closed(schema: JsonValue) -> JsonValue:
    """The schema with every object of named fields closed to others."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(item) for name, item in schema.items()}
    if closed.get("type") == "object" and isinstance(closed.get("properties"), dict):
        closed.setdefault("additionalProperties", False)
    return closed
