"""The page about the policy says what a policy is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from runner.errors import InvalidContentError
from runner.model.document import JsonObject
from runner.model.people import PersonRole
from runner.model.runbook import Risk
from runner.rules.terms import terms_of
from runner.runbook.schema import schema_document
from runner.runbook.settings import parse_policy
from runner.wire.policy import PolicyShape

PAGE = (Path(__file__).parents[3] / "docs" / "policy.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
TABLES = re.findall(r"<!-- keys: (\w+) -->\n\n((?:\|.*\n)+)", PAGE)


def tightened() -> str:
    (text,) = (example for example in EXAMPLES if "name: tightened" in example)
    return str(text)


def definition(name: str) -> JsonObject:
    document = schema_document(PolicyShape)
    definitions = document["$defs"]
    assert isinstance(definitions, dict)
    found = document if name == PolicyShape.__name__ else definitions[name]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("text", EXAMPLES)
def test_examples_are_valid(text: str) -> None:
    parse_policy(text.encode(), "policy.yml")


def test_the_example_of_tightening_means_what_the_page_says() -> None:
    terms = terms_of(parse_policy(tightened().encode(), "policy.yml"), Risk.ORDINARY, "production", "payments")
    assert [(need.roles, need.count, need.other_unit) for need in terms.approvals] == [
        ((PersonRole.APPROVER,), 1, True)
    ]
    assert (terms.attachments, terms.max_runs) == (("risk_analysis",), 1)


@pytest.mark.parametrize("name, table", TABLES)
def test_tables_name_every_key_with_its_default(name: str, table: str) -> None:
    rows = [re.split(r"\s*\|\s*", row.strip("| ")) for row in table.splitlines()[2:]]
    told = {row[0].strip("` "): row[2].strip("` ") for row in rows}
    shape = definition(name)
    properties, required = shape["properties"], shape.get("required", [])
    assert isinstance(properties, dict)
    assert isinstance(required, list)
    assert told == {
        key: "required" if key in required else shown(one.get("default")) if isinstance(one, dict) else ""
        for key, one in properties.items()
    }


def shown(default: object) -> str:
    if isinstance(default, bool):
        return "true" if default else "false"
    if isinstance(default, list):
        return ", ".join(str(item) for item in default)
    return "" if default is None else str(default)


def test_every_shape_has_a_table() -> None:
    definitions = schema_document(PolicyShape)["$defs"]
    assert isinstance(definitions, dict)
    shapes = {name for name in definitions if name.endswith("Shape")} - {"TextShape"}
    assert {name for name, _ in TABLES} == {PolicyShape.__name__, *shapes}


def test_every_role_is_named() -> None:
    assert [role for role in PersonRole if f"`{role}`" not in PAGE] == []


def test_the_errors_shown_are_real() -> None:
    shown_lines = re.search(r"^```text\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    assert shown_lines is not None
    laxer = tightened().replace("[approver], other_unit: true", "[operator]").replace("max_runs: 1", "max_runs: 6")
    with pytest.raises(InvalidContentError) as caught:
        parse_policy(laxer.encode(), "policy.yml")
    assert list(caught.value.problems) == shown_lines[1].splitlines()
