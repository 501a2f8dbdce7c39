from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from runner.errors import InvalidContentError
from runner.model.document import JsonObject, JsonValue
from runner.runbook.loader import find_runbooks, parse_runbook
from runner.runbook.places import shipped_files
from runner.runbook.schema import SCHEMA_FILE, schema_document, schema_text
from tests.samples import EVERYTHING, MINIMAL, SKETCH

ROOT = Path(__file__).parents[3]


def test_the_file_is_current() -> None:
    assert (ROOT / SCHEMA_FILE).read_text("utf-8") == schema_text()


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


def is_accepted(text: str) -> bool:
    document = schema_document()
    return Judge(document).accepts(document, json.loads(json.dumps(yaml.safe_load(text), default=str)))


@pytest.mark.parametrize("text", [MINIMAL, SKETCH, EVERYTHING])
def test_what_is_valid_is_accepted(text: str) -> None:
    parse_runbook(text.encode(), "x.yml")
    assert is_accepted(text)


def test_what_is_shipped_is_accepted() -> None:
    texts = [runbook.path.read_text("utf-8") for runbook in find_runbooks(shipped_files())]
    assert texts
    assert all(is_accepted(text) for text in texts)


CASES = ROOT / "tests" / "cases" / "runbooks"
SHAPES = [
    "unknown-key-in-step", "unknown-key-at-top", "unknown-key-in-rollback", "unknown-key-in-parameter",
    "key-of-another-kind", "missing-keys-at-top", "missing-steps", "no-steps", "wrong-kind", "wrong-types",
    "wrong-version-of-language", "wrong-family", "wrong-risk", "bad-id", "bad-step-id", "text-in-one-language",
    "text-as-string", "empty-value", "two-kinds", "no-kind", "bad-duration", "duration-as-number", "bad-size",
    "bad-percentage", "bad-clock-skew", "reachable-false", "bad-output-type", "bad-rollback-word", "playbook-absolute",
    "playbook-templated", "zero-batch", "gate-by-one", "when-late-unknown", "rollback-as-path", "hvac-limits",
]  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_what_has_the_wrong_shape_is_not_accepted(name: str) -> None:
    text = (CASES / f"{name}.yml").read_text("utf-8")
    with pytest.raises(InvalidContentError):
        parse_runbook(text.encode(), "x.yml")
    assert not is_accepted(text)


def test_every_key_is_described() -> None:
    definitions = schema_document()["$defs"]
    assert isinstance(definitions, dict)
    undescribed = [
        f"{name}.{key}"
        for name, definition in definitions.items()
        if isinstance(definition, dict)
        for key, one in (definition.get("properties") or {}).items()  # type: ignore[union-attr]  # JSON of our own
        if isinstance(one, dict) and "description" not in one and "$ref" not in one
    ]
    assert undescribed == []
