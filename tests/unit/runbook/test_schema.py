from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from runner.errors import InvalidContentError
from runner.runbook.loader import find_runbooks, parse_runbook
from runner.runbook.places import shipped_files
from runner.runbook.schema import SCHEMA_FILE, schema_document, schema_text
from tests.json_schema import Judge
from tests.samples import EVERYTHING, MINIMAL, SKETCH

ROOT = Path(__file__).parents[3]


def test_the_file_is_current() -> None:
    assert (ROOT / SCHEMA_FILE).read_text("utf-8") == schema_text()


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
