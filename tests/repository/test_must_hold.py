"""Whatever the page about security says is tried, is tried by a test of that name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.repository.checkout import ROOT, read

_TEST = re.compile(r"`([a-z_/]+\.py)::(test_\w+)`")
_FILE = re.compile(r"`(?:tests/)?((?:[a-z_]+/)*test_\w+\.py)`")
_FOLDERS = ("", "integration/desk/", "integration/service/", "unit/rules/")
_FEWEST = 24


def _rows() -> Iterator[str]:
    _, _, after = read("docs/security.md").partition("<!-- must hold -->\n")
    for line in after.strip().splitlines()[2:]:
        if not line.startswith("|"):
            return
        yield line


def _tests_of(path: str) -> set[str]:
    tree = ast.parse((ROOT / "tests" / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_everything_that_must_hold_names_tests() -> None:
    rows = list(_rows())
    assert len(rows) >= _FEWEST
    assert [row for row in rows if not _TEST.search(row.rpartition("|")[0].rpartition("|")[2])] == []


@pytest.mark.parametrize("named", sorted(set(_TEST.findall(read("docs/security.md")))), ids="::".join)
def test_every_named_test_exists(named: tuple[str, str]) -> None:
    path, name = named
    assert name in _tests_of(path)


def test_every_named_file_exists() -> None:
    named = set(_FILE.findall(read("docs/security.md")))
    missing = [one for one in named if not any((ROOT / "tests" / folder / one).is_file() for folder in _FOLDERS)]
    assert named
    assert missing == []
