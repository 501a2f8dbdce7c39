"""The files of this checkout, as the repository tests read them."""

from __future__ import annotations

import ast
import functools
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[2]

PRODUCT = ("runner", "tui")
"""Packages that the wheel ships."""

CODE = (*PRODUCT, "tests", "bench")
"""Top folders that hold our Python."""

PYTHONS = ("3.11", "3.12", "3.13")
"""Versions of Python that are supported, oldest first."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """An exception to a rule of this repository."""

    reason: str
    """Why the rule does not fit here."""
    owner: str
    """The part of the code whose maintainer answers for it, such as `engine`."""


@functools.cache
def files() -> tuple[PurePosixPath, ...]:
    """Every file that is committed, or would be by `git add --all`."""
    listed = git("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    return tuple(sorted(PurePosixPath(name) for name in set(listed.split("\0")) if name and (ROOT / name).is_file()))


def python_files(*folders: str) -> Iterator[PurePosixPath]:
    """The Python files below some top folders."""
    return (path for path in files() if path.suffix == ".py" and path.parts[0] in folders)


def read(path: PurePosixPath | str) -> str:
    """The text of a file of the checkout."""
    return (ROOT / path).read_text("utf-8")


@functools.cache
def tree(path: PurePosixPath) -> ast.Module:
    """The syntax tree of a Python file."""
    return ast.parse(read(path), str(path))


def git(*arguments: str) -> str:
    """What git says about this checkout, whoever owns its files."""
    return subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "-c", "core.quotePath=false", *arguments],
        check=True,
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
    ).stdout
