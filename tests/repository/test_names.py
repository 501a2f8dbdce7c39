"""No module is named for everything and nothing, and none like a module of the standard library."""

from __future__ import annotations

import sys
from pathlib import PurePosixPath

import pytest

from tests.repository.checkout import PRODUCT, Allowed, python_files

FORBIDDEN = frozenset({"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"})

EXCEPTIONS: dict[str, Allowed] = {
    "runner/model/time.py": Allowed("instants, spans and the clock; imported by its full name only", "model"),
    "runner/model/site.py": Allowed("a site is a word of the product", "runbook"),
    "runner/wire/site.py": Allowed("a site is a word of the product", "runbook"),
    "runner/runbook/site.py": Allowed("a site is a word of the product; Python's own is imported by nobody", "runbook"),
}


def test_no_forbidden_names() -> None:
    assert [str(path) for path in python_files(*PRODUCT, "bench") if _is_forbidden(path)] == []


def test_no_names_of_the_standard_library() -> None:
    taken = [str(path) for path in python_files(*PRODUCT, "bench") if _is_taken(path)]
    assert [path for path in taken if path not in EXCEPTIONS] == []


@pytest.mark.parametrize("path", ["runner/utils.py", "runner/helpers/text.py", "tui/task_manager.py", "runner/base.py"])
def test_forbidden_names_are_seen(path: str) -> None:
    assert _is_forbidden(PurePosixPath(path))


@pytest.mark.parametrize("path", ["runner/engine/queue.py", "runner/json/__init__.py"])
def test_taken_names_are_seen(path: str) -> None:
    assert _is_taken(PurePosixPath(path))


@pytest.mark.parametrize(
    "path", ["runner/cli/calendar_.py", "runner/__init__.py", "tui/__main__.py", "runner/words.py"]
)
def test_good_names_pass(path: str) -> None:
    assert not _is_forbidden(PurePosixPath(path))
    assert not _is_taken(PurePosixPath(path))


def _names(path: PurePosixPath) -> set[str]:
    """Names of a module and of the packages it lies in, without the top one."""
    names = {*path.parent.parts[1:], path.stem}
    return {name for name in names if not name.startswith("__")}


def _is_forbidden(path: PurePosixPath) -> bool:
    return any(FORBIDDEN & set(name.split("_")) for name in _names(path))


def _is_taken(path: PurePosixPath) -> bool:
    return not _names(path).isdisjoint(sys.stdlib_module_names)
