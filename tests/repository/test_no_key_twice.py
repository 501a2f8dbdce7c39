"""A table that names a key twice keeps the second only, silently: of a table of rules that loses a rule."""

from __future__ import annotations

import ast
from collections import Counter

from tests.repository.checkout import CODE, python_files, tree


def _twice(node: ast.Dict) -> list[str]:
    keys = Counter(ast.unparse(key) for key in node.keys if key is not None)
    return [key for key, times in keys.items() if times > 1]


def test_no_table_names_a_key_twice() -> None:
    found = [
        f"{path}:{node.lineno}: {key}"
        for path in python_files(*CODE)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Dict)
        for key in _twice(node)
    ]
    assert found == []


def test_one_that_does_would_be_noticed() -> None:
    (node,) = (each for each in ast.walk(ast.parse("{Kind.GATE: 1, Kind.GATE: 2}")) if isinstance(each, ast.Dict))
    assert _twice(node) == ["Kind.GATE"]
