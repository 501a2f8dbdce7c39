"""JSON Schemas of a site's documents, for editors: generated from the shapes that read them, so that they agree."""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Iterator
from functools import cache
from types import ModuleType
from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from runner.model.document import JsonObject
from runner.model.units import DURATION_PATTERN, format_duration
from runner.wire import fields, policy, policy_upkeep, probes, runbook, secret_sources, steps
from runner.wire.fields import Shape
from runner.wire.policy import PolicyShape
from runner.wire.runbook import RunbookShape
from runner.wire.secret_sources import SecretsShape

SCHEMA_FILE: Final = "runbooks/schema.json"
"""Where a site keeps the schema of runbooks; that of policies: `runner.runbook.settings.POLICY_SCHEMA_FILE`."""


def schema_document(shape: type[Shape] = RunbookShape) -> JsonObject:
    """The JSON Schema of a document: a runbook unless another shape is named."""
    generated = shape.model_json_schema(by_alias=True, schema_generator=_Generator)
    document: JsonObject = {"$schema": _Generator.schema_dialect, **_tidy(generated)}
    _describe(document, shape.__name__)
    definitions = document.get("$defs")
    for name, definition in definitions.items() if isinstance(definitions, dict) else ():
        if isinstance(definition, dict):
            _describe(definition, name)
    return document


def schema_text(shape: type[Shape] = RunbookShape) -> str:
    """The JSON Schema as its file holds it."""
    return json.dumps(schema_document(shape), ensure_ascii=False, indent=2) + "\n"


def policy_schema_text() -> str:
    """The JSON Schema of policies as its file holds it."""
    return schema_text(PolicyShape)


def secrets_schema_text() -> str:
    """The JSON Schema of `secrets.yml` as its file holds it."""
    return schema_text(SecretsShape)


class _Generator(GenerateJsonSchema):
    """A key that may be left out cannot be given as null."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])


def _tidy(value: Any) -> Any:  # noqa: ANN401 - any part of a JSON document
    """Leave out generated titles and empty defaults; show spans as people write them."""
    if isinstance(value, list):
        return [_tidy(item) for item in value]
    if not isinstance(value, dict):
        return value
    tidy = {key: _tidy(item) for key, item in value.items() if not (key == "title" and isinstance(item, str))}
    if tidy.get("default", 0) is None:
        del tidy["default"]
    elif tidy.get("pattern") == DURATION_PATTERN and isinstance(tidy.get("default"), int):
        tidy["default"] = format_duration(tidy["default"])
    if "patternProperties" in tidy:
        tidy["additionalProperties"] = False
    return tidy


def _describe(definition: JsonObject, name: str) -> None:
    """Add what the shape's source says of its keys."""
    properties = definition.get("properties")
    for key, text in _descriptions().get(name, {}).items():
        described = properties.get(key) if isinstance(properties, dict) else None
        if isinstance(described, dict):
            described.setdefault("description", text)


@cache
def _descriptions() -> dict[str, dict[str, str]]:
    """Words under the fields of every shape, by shape and key."""
    found: dict[str, dict[str, str]] = {}
    for module in (fields, probes, steps, runbook, policy_upkeep, policy, secret_sources):
        for node in _classes(module):
            own: dict[str, str] = {}
            for parent in (base.id for base in node.bases if isinstance(base, ast.Name)):
                own |= found.get(parent, {})
            own |= dict(_fields_of(node))
            found[node.name] = own
    return found


def _classes(module: ModuleType) -> Iterator[ast.ClassDef]:
    tree = ast.parse(inspect.getsource(module))
    return (node for node in tree.body if isinstance(node, ast.ClassDef))


def _fields_of(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for statement, after in zip(node.body, node.body[1:], strict=False):
        if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
            continue
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            yield _alias(statement) or statement.target.id, str(after.value.value)


def _alias(statement: ast.AnnAssign) -> str | None:
    for node in ast.walk(statement):
        if isinstance(node, ast.keyword) and node.arg == "alias" and isinstance(node.value, ast.Constant):
            return str(node.value.value)
    return None
