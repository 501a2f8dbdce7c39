"""JSON documents as a type.

No floating point: what is hashed must have one spelling, so numbers are whole and everything else is text.
"""

from __future__ import annotations

from typing_extensions import TypeAliasType

JsonValue = TypeAliasType("JsonValue", "bool | int | str | list[JsonValue] | dict[str, JsonValue] | None")
"""Any JSON value without floating point."""

JsonObject = TypeAliasType("JsonObject", "dict[str, JsonValue]")
"""A JSON object."""
