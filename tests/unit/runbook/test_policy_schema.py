from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from runner.runbook.places import shipped_files
from runner.runbook.policy_lint import lint_policies
from runner.runbook.schema import policy_schema_text, schema_document
from runner.runbook.settings import POLICY_SCHEMA_FILE
from runner.wire.policy import PolicyShape
from tests.json_schema import Judge

ROOT = Path(__file__).parents[3]
CASES = ROOT / "tests" / "cases" / "policies"
SHIPPED = sorted((shipped_files() / "inventory").rglob("policy*.yml"))
SHAPES = [
    "unknown-key-at-top", "unknown-key-in-post", "unknown-key-in-class", "unknown-class", "unknown-key-in-environment",
    "unknown-key-in-unit", "unknown-area", "unknown-role", "unknown-words", "empty-values", "wrong-types",
    "out-of-range", "bad-names", "missing-keys", "text-in-one-language",
]  # fmt: skip


def is_accepted(text: str) -> bool:
    document = schema_document(PolicyShape)
    return Judge(document).accepts(document, json.loads(json.dumps(yaml.safe_load(text))))


def test_the_file_is_current() -> None:
    assert (ROOT / POLICY_SCHEMA_FILE).read_text("utf-8") == policy_schema_text(), "make schema"


def test_what_is_shipped_is_found() -> None:
    assert [path.parent.name + "/" + path.name for path in SHIPPED] == [
        "demo/policy.yml",
        "example/policy.bank.yml",
        "example/policy.small.yml",
    ]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_what_is_shipped_is_valid_and_accepted(path: Path) -> None:
    assert lint_policies([path]) == ()
    assert is_accepted(path.read_text("utf-8"))


@pytest.mark.parametrize("name", SHAPES)
def test_what_has_the_wrong_shape_is_not_accepted(name: str) -> None:
    assert not is_accepted((CASES / f"{name}.yml").read_text("utf-8"))


def test_every_key_is_described() -> None:
    document = schema_document(PolicyShape)
    definitions = document["$defs"]
    assert isinstance(definitions, dict)
    undescribed = [
        f"{name}.{key}"
        for name, definition in {"PolicyShape": document, **definitions}.items()
        if isinstance(definition, dict)
        for key, one in (definition.get("properties") or {}).items()  # type: ignore[union-attr]  # JSON of our own
        if isinstance(one, dict) and "description" not in one
    ]
    assert undescribed == []
