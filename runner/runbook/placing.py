"""From findings, which know a part of a document, to problems, which know line and column."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, TypeVar

from runner.model.document import JsonValue
from runner.model.finding import DocumentPath, Finding
from runner.runbook.problems import Problem, invalid, say
from runner.runbook.shape import fit, rests_on_lost
from runner.runbook.yaml_source import YamlSource, read_yaml
from runner.wire.fields import Shape
from runner.words import N_

_LONGEST_ID: Final = 64

S = TypeVar("S", bound=Shape)


def read_shape(source: bytes, path: str, shape: type[S]) -> S:
    """What a settings file holds.

    Args:
        source: the file's bytes.
        path: how to name the file in problems.
        shape: shape of the whole document.

    Raises:
        InvalidContentError: with every problem of the file.
    """
    read = read_yaml(source, path)
    if not read.readable:
        raise invalid(path, read.problems)
    fitted = fit(read.value, shape)
    problems = [*read.problems, *place_findings(path, read, fitted.findings)]
    if fitted.shape is None or problems:
        raise invalid(path, problems)
    return fitted.shape


def place_findings(path: str, read: YamlSource, findings: Iterable[Finding]) -> Iterator[Problem]:
    """Findings as problems, but for places where the reader has already found one."""
    noted = {(problem.line, problem.column) for problem in read.problems}
    names = _step_names(read.value)
    for finding in findings:
        place = read.places.of_key(finding.path) if finding.at_key else read.places.of_value(finding.path)
        if place not in noted:
            around = finding.path[:-1] if finding.at_key else finding.path
            yield Problem(path, *place, name_part(around, names) + say(finding.message, **finding.facts))


def grounded(findings: Iterable[Finding], lost: frozenset[DocumentPath]) -> Iterator[Finding]:
    """Findings that rest on nothing that was lost."""
    for finding in findings:
        if any(finding.path[: len(gone)] == gone for gone in lost):
            continue
        if not rests_on_lost(finding, lost):
            yield finding


def name_part(path: DocumentPath, steps: dict[int, str]) -> str:
    """The place of a part in words, ending with a colon; empty for the top of the document."""
    match path:
        case ("steps", int(position), *rest):
            if position in steps:
                head = say(N_('step "{id}": '), id=steps[position])
            else:
                head = say(N_("step {number}: "), number=position + 1)
        case ("parameters", str(name), *rest):
            head = say(N_('parameter "{name}": '), name=name)
        case _:
            head, rest = "", list(path)
    return head + (".".join(str(part) for part in rest) + ": " if rest else "")


def _step_names(document: JsonValue) -> dict[int, str]:
    """Ids of steps as written, by position."""
    steps = document.get("steps") if isinstance(document, dict) else None
    names: dict[int, str] = {}
    for position, step in enumerate(steps if isinstance(steps, list) else []):
        written = step.get("id") if isinstance(step, dict) else None
        if isinstance(written, str) and len(written) <= _LONGEST_ID:
            names[position] = written
    return names
