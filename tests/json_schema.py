"""The part of JSON Schema that our documents use; a word that this does not know is an error."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from runner.model.document import JsonObject, JsonValue


class Judge:
    """The part of JSON Schema that the document uses."""

    def __init__(self, document: JsonObject) -> None:
        self._definitions = document["$defs"]

    def accepts(self, schema: JsonValue, value: JsonValue) -> bool:
        assert isinstance(schema, dict)
        unknown = schema.keys() - SAYS_NOTHING - WORDS - {"$ref", "anyOf", "oneOf"}
        assert not unknown, f"words this test does not know: {unknown}"
        return self._combined(schema, value) and all(
            holds(self, schema[word], schema, value) for word, (kind, holds) in JUDGES.items()
            if word in schema and isinstance(value, kind)
        )  # fmt: skip

    def _combined(self, schema: JsonObject, value: JsonValue) -> bool:
        if isinstance(name := schema.get("$ref"), str):
            assert isinstance(self._definitions, dict)
            return self.accepts(self._definitions[name.rsplit("/", 1)[1]], value)
        some, one = schema.get("anyOf"), schema.get("oneOf")
        if isinstance(some, list):
            return any(self.accepts(part, value) for part in some)
        return not isinstance(one, list) or sum(self.accepts(part, value) for part in one) == 1


def is_of_type(name: Any, value: JsonValue) -> bool:
    return isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool))


def properties_hold(judge: Judge, part: Any, value: Any) -> bool:
    return all(judge.accepts(one, value[key]) for key, one in part.items() if key in value)


def patterns_hold(judge: Judge, part: Any, value: Any) -> bool:
    return all(judge.accepts(one, item) for pattern, one in part.items() for key, item in value.items()
               if re.search(pattern, key))  # fmt: skip


def others_hold(judge: Judge, part: Any, schema: Any, value: Any) -> bool:
    others = [key for key in value if key not in schema.get("properties", {})]
    others = [key for key in others if not any(re.search(one, key) for one in schema.get("patternProperties", {}))]
    return all(part if isinstance(part, bool) else judge.accepts(part, value[key]) for key in others)


TYPES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}
SAYS_NOTHING = {"title", "description", "default", "$schema", "$defs"}
JUDGES: dict[str, tuple[type, Callable[[Judge, Any, Any, Any], bool]]] = {
    "type": (object, lambda _judge, part, _schema, value: is_of_type(part, value)),
    "enum": (object, lambda _judge, part, _schema, value: value in part),
    "const": (object, lambda _judge, part, _schema, value: value == part),
    "properties": (dict, lambda judge, part, _schema, value: properties_hold(judge, part, value)),
    "patternProperties": (dict, lambda judge, part, _schema, value: patterns_hold(judge, part, value)),
    "additionalProperties": (dict, others_hold),
    "required": (dict, lambda _judge, part, _schema, value: all(key in value for key in part)),
    "items": (list, lambda judge, part, _schema, value: all(judge.accepts(part, one) for one in value)),
    "pattern": (str, lambda _judge, part, _schema, value: re.search(part, value) is not None),
    "minimum": (int, lambda _judge, part, _schema, value: value >= part),
    "maximum": (int, lambda _judge, part, _schema, value: value <= part),
    "minItems": (list, lambda _judge, part, _schema, value: len(value) >= part),
    "maxItems": (list, lambda _judge, part, _schema, value: len(value) <= part),
    "minProperties": (dict, lambda _judge, part, _schema, value: len(value) >= part),
    "maxLength": (str, lambda _judge, part, _schema, value: len(value) <= part),
}
WORDS = JUDGES.keys()
