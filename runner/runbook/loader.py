"""Runbooks from files: read, fitted into their shape, judged by the rules, with every problem at its place.

What is found wrong is reported all at once, in file order. A part that could not be read does not make the rest look
wrong: findings that would rest on it are left out.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final

from runner.errors import NotFoundError, UsageError
from runner.model.document import JsonValue
from runner.model.finding import DocumentPath
from runner.model.nearest import nearest
from runner.model.runbook import Runbook
from runner.rules.parameters import settle_defaults
from runner.rules.validation import runbook_findings
from runner.runbook.placing import grounded, name_part, place_findings
from runner.runbook.problems import Problem, invalid, say
from runner.runbook.shape import fit
from runner.runbook.yaml_source import Places, read_yaml
from runner.wire.runbook import RunbookShape
from runner.words import N_

_STAND_INS: Final[dict[str, JsonValue]] = {
    "apiVersion": "twokey/v1",
    "kind": "Runbook",
    "id": "unreadable",
    "version": 1,
    "family": "maintenance",
    "title": {"en": "unreadable", "zh": "unreadable"},
    "owner": "unreadable",
    "targets": {"hosts": ["unreadable"]},
}


@dataclass(frozen=True, slots=True)
class ReadRunbook:
    """A valid runbook with the bytes it was read from and the places of its parts."""

    runbook: Runbook
    path: str
    """How the file is named in problems."""
    source: bytes
    places: Places

    def problem(self, path: DocumentPath, text: str) -> Problem:
        """A problem of one part of the document."""
        names = {position: step.id for position, step in enumerate(self.runbook.steps)}
        return Problem(self.path, *self.places.of_value(path), name_part(path, names) + text)


@dataclass(frozen=True, slots=True)
class FoundRunbook:
    """A runbook of a site, valid or not."""

    id: str
    """As written; empty when it cannot be read."""
    path: Path


def parse_runbook(source: bytes, path: str) -> Runbook:
    """The runbook a file's bytes hold.

    Args:
        source: the file's bytes.
        path: how to name the file in problems.

    Raises:
        InvalidContentError: with every problem of the file.
    """
    return read_runbook(source, path).runbook


def load_runbook(path: Path, *, site: Path | None = None) -> Runbook:
    """The runbook in a file; problems name the file as seen from the site, or as it was given.

    Raises:
        NotFoundError: there is no such file.
        InvalidContentError: with every problem of the file.
    """
    return parse_runbook(read_file(path), shown_path(path, site))


def read_runbook(source: bytes, path: str) -> ReadRunbook:
    """As `parse_runbook`, with the places of its parts."""
    read, problems = examine_runbook(source, path)
    if read is None or problems:
        raise invalid(path, problems)
    return read


def examine_runbook(source: bytes, path: str) -> tuple[ReadRunbook | None, tuple[Problem, ...]]:
    """What can be read of a runbook, and its problems; with problems, the runbook lacks what they are about."""
    read = read_yaml(source, path)
    if not read.readable:
        return None, read.problems
    fitted = fit(read.value, RunbookShape, _STAND_INS)
    problems = [*read.problems, *place_findings(path, read, fitted.findings)]
    if fitted.shape is None:
        return None, tuple(problems)
    runbook = fitted.shape.value()
    judged = runbook_findings(runbook, known_controls())
    problems += place_findings(path, read, grounded(judged, fitted.lost))
    whole = runbook if problems else settle_defaults(runbook)
    return ReadRunbook(whole, path, source, read.places), tuple(problems)


@cache
def known_controls() -> frozenset[str]:
    """Ids of the controls the product knows."""
    return frozenset(resources.files("runner.runbook").joinpath("controls.txt").read_text("utf-8").split())


def find_runbooks(site: Path) -> tuple[FoundRunbook, ...]:
    """Every runbook file of a site, by path; files that cannot be read are found too."""
    folder = site / "runbooks"
    return tuple(FoundRunbook(_id_of(path), path) for path in runbook_files(folder))


def runbook_files(folder: Path) -> tuple[Path, ...]:
    """The YAML files below a folder that are not hidden, by path."""
    found = (path for suffix in ("*.yml", "*.yaml") for path in folder.rglob(suffix) if path.is_file())
    return tuple(sorted(path for path in found if not any(part.startswith(".") for part in _parts(path, folder))))


def resolve_runbook(site: Path, name: str) -> Path:
    """The file of a runbook named by its path or its id.

    Raises:
        NotFoundError: no runbook has that path or id.
        InvalidContentError: two files have that id.
    """
    if "/" in name or name.endswith((".yml", ".yaml")):
        return _resolve_path(site, name)
    found = find_runbooks(site)
    paths = [runbook.path for runbook in found if runbook.id == name]
    if not paths:
        near = nearest(name, (runbook.id for runbook in found))
        hint = N_('did you mean "{near}"?') if near else N_("`twokey runbook list` shows them all")
        raise NotFoundError(N_('runbook "{name}": not found in this site'), hint=hint, name=name, near=near)
    if len(paths) > 1:
        message = say(N_('the id "{name}" is that of another runbook too'), name=name)
        problems = [Problem(shown_path(path, site), 1, 1, message) for path in paths]
        raise invalid(name, problems)
    return paths[0]


def _resolve_path(site: Path, name: str) -> Path:
    for path in (Path(name), site / name, site / "runbooks" / name):
        if path.is_file():
            return without_dots(path)
        if path.is_dir():
            raise NotFoundError(
                N_("{name}: a folder, expected a runbook"),
                hint=N_("`twokey runbook list` shows them all"),
                name=name,
            )
    near = nearest(name, (shown_path(runbook.path, site) for runbook in find_runbooks(site)))
    hint = N_('did you mean "{near}"?') if near else ""
    raise NotFoundError(N_("{name}: no such file"), hint=hint, name=name, near=near)


def read_file(path: Path) -> bytes:
    """The bytes of a file that a person named.

    Raises:
        NotFoundError: there is none.
        UsageError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise NotFoundError(N_("{path}: no such file"), path=str(path)) from error
    except OSError as error:
        raise UsageError(
            N_("{path}: cannot be read: {why}"), path=str(path), why=error.strerror or str(error)
        ) from error


def shown_path(path: Path, site: Path | None) -> str:
    """A path as people read it: from the site when it lies inside, else as given."""
    if site is not None and path.absolute().is_relative_to(site.absolute()):
        return path.absolute().relative_to(site.absolute()).as_posix()
    return str(path)


def without_dots(path: Path) -> Path:
    """An absolute path without `..`, links left as they are."""
    return Path(os.path.normpath(path.absolute()))


def _parts(path: Path, folder: Path) -> tuple[str, ...]:
    return path.relative_to(folder).parts


def _id_of(path: Path) -> str:
    try:
        value = read_yaml(path.read_bytes(), str(path)).value
    except OSError:
        return ""
    found = value.get("id") if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""
