"""The page about the language says what the language is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from runner.errors import InvalidContentError
from runner.model.document import JsonObject
from runner.model.runbook import Family, ValueType
from runner.runbook.loader import parse_runbook
from runner.runbook.schema import schema_document
from tests.samples import MINIMAL

PAGE = (Path(__file__).parents[3] / "docs" / "runbook-language.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
TABLES = re.findall(r"<!-- keys: (\w+) -->\n\n((?:\|.*\n)+)", PAGE)
OF_EVERY_STEP = {"id", "title", "once", "gate", "timeout", "funds"}


def definition(name: str) -> JsonObject:
    document = schema_document()
    definitions = document["$defs"]
    assert isinstance(definitions, dict)
    found = document if name == "RunbookShape" else definitions[name]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("text", EXAMPLES)
def test_examples_are_valid(text: str) -> None:
    parse_runbook(text.encode(), "x.yml")


def test_every_family_with_rules_has_an_example() -> None:
    families = {parse_runbook(text.encode(), "x.yml").family for text in EXAMPLES}
    assert {Family.UPGRADE, Family.BACKUP, Family.RESTORE_DRILL, Family.HVAC} <= families


@pytest.mark.parametrize("name, table", TABLES)
def test_tables_name_every_key_with_its_default(name: str, table: str) -> None:
    rows = [re.split(r"\s*\|\s*", row.strip("| ")) for row in table.splitlines()[2:]]
    told = {row[0].strip("` "): row[2].strip("` ") for row in rows}
    shape = definition(name)
    properties, required = shape["properties"], shape.get("required", [])
    assert isinstance(properties, dict)
    assert isinstance(required, list)
    expected = {
        key: "required" if key in required else shown(one.get("default")) if isinstance(one, dict) else ""
        for key, one in properties.items()
        if not (name.endswith("StepShape") and key in OF_EVERY_STEP)
    }
    assert told == expected


def shown(default: object) -> str:
    if isinstance(default, bool):
        return "true" if default else "false"
    return "" if default is None else str(default)


def test_every_shape_with_keys_of_its_own_has_a_table() -> None:
    told = {name for name, _ in TABLES}
    assert told >= {"RunbookShape", "TargetsShape", "PlaybookStepShape", "RollbackShape", "RemoteShape", "ManualShape"}
    assert told >= {"SoakShape", "GateShape", "ParameterShape", "BackupShape", "DrillShape", "HvacShape"}


def test_families_and_types_are_all_named() -> None:
    assert all(f"`{name}`" in PAGE for name in [*Family, *ValueType])


def test_the_errors_shown_are_real() -> None:
    shown_lines = re.search(r"^```text\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    assert shown_lines is not None
    text = MINIMAL.replace("playbook: db/restart.yml", "playbok: db/restart.yml")
    text += "    timeout: 20 minutes\n    vars: {host: '{{ parameters.hosst }}'}\n"
    text += "parameters: {host: {type: string}}\n"
    with pytest.raises(InvalidContentError) as caught:
        parse_runbook(text.encode(), "runbooks/restart/db.yml")
    assert list(caught.value.problems) == shown_lines[1].splitlines()
