"""Files of at most 400 lines, functions of 60, classes of 20 public methods."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.repository.checkout import CODE, Allowed, python_files, read, tree

LINES_OF_A_FILE = 400
LINES_OF_A_FUNCTION = 60
PUBLIC_METHODS = 20

EXCEPTIONS: dict[str, Allowed] = {}
"""By the name that a failure prints."""


def test_files_are_short() -> None:
    found = (
        (str(path), lines, LINES_OF_A_FILE) for path in python_files(*CODE) if (lines := read(path).count("\n")) > 0
    )
    assert _too_big(found) == []


def test_functions_are_short() -> None:
    found = (
        (f"{path}:{node.name}", _length(node), LINES_OF_A_FUNCTION)
        for path in python_files(*CODE)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    assert _too_big(found) == []


def test_classes_are_narrow() -> None:
    found = (
        (f"{path}:{node.name}", _public_methods(node), PUBLIC_METHODS)
        for path in python_files(*CODE)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ClassDef)
    )
    assert _too_big(found) == []


def test_exceptions_are_needed() -> None:
    """An exception that nothing needs any more is removed."""
    big = set(_everything_too_big())
    assert [name for name in EXCEPTIONS if name not in big] == []


def test_counting_sees_what_is_too_big() -> None:
    module = ast.parse("class C:\n    def a(self):\n        return 1\n\n    def _b(self):\n        return 2\n")
    kind = module.body[0]
    assert isinstance(kind, ast.ClassDef)
    assert _public_methods(kind) == 1
    method = kind.body[0]
    assert isinstance(method, ast.FunctionDef)
    assert _length(method) == 2
    assert _too_big([("big", 3, 2), ("fits", 2, 2)]) == ["big: 3, at most 2"]


def _too_big(found: Iterator[tuple[str, int, int]] | list[tuple[str, int, int]]) -> list[str]:
    return [
        f"{name}: {size}, at most {limit}" for name, size, limit in found if size > limit and name not in EXCEPTIONS
    ]


def _everything_too_big() -> Iterator[str]:
    for path in python_files(*CODE):
        if read(path).count("\n") > LINES_OF_A_FILE:
            yield str(path)
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _length(node) > LINES_OF_A_FUNCTION:
                yield f"{path}:{node.name}"
            if isinstance(node, ast.ClassDef) and _public_methods(node) > PUBLIC_METHODS:
                yield f"{path}:{node.name}"


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def _public_methods(kind: ast.ClassDef) -> int:
    return sum(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_") for node in kind.body
    )
