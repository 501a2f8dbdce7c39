"""Everything that can be said about policies without a service; works anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from runner.errors import NotFoundError
from runner.runbook.loader import read_file
from runner.runbook.settings import POLICY_FILE, examine_policy
from runner.words import N_

_NAMES: Final = (POLICY_FILE, "policy.*.yml")


def lint_policies(paths: Sequence[Path]) -> tuple[str, ...]:
    """Problems of policies, one line each, beginning `PATH:LINE:COLUMN:`, file by file.

    Args:
        paths: files, or folders; in a folder and below it `policy.yml` and `policy.NAME.yml` are meant.

    Raises:
        NotFoundError: a path does not exist, or a folder has no policy.
        UsageError: a file cannot be read.
    """
    lines: dict[str, None] = {}
    for file in _files(paths):
        _, problems = examine_policy(read_file(file), str(file))
        lines.update(dict.fromkeys(str(problem) for problem in sorted(set(problems))))
    return tuple(lines)


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            found = sorted({file for name in _NAMES for file in path.rglob(name) if file.is_file()})
            if not found:
                raise NotFoundError(N_("{folder}: no policy there"), folder=str(path))
            yield from found
        elif path.exists():
            yield path
        else:
            raise NotFoundError(N_("{path}: no such file or folder"), path=str(path))
