"""Problems of a file, each with its place, as people read them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from runner.errors import Fact, InvalidContentError, fill
from runner.model.nearest import nearest
from runner.words import N_


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong at one place; sorts in file order."""

    path: str
    line: int
    """From 1."""
    column: int
    """From 1, in characters."""
    text: str
    """In the language of whoever asked."""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.text}"


def say(message: str, **facts: Fact) -> str:
    """A message id in the current language with its facts."""
    return fill(message, facts)


def meant(name: str, known: Iterable[str]) -> str:
    """` (did you mean "x"?)` when a known name is near, else nothing."""
    near = nearest(name, known)
    return say(N_(' (did you mean "{near}"?)'), near=near) if near else ""


def invalid(path: str, problems: Iterable[Problem]) -> InvalidContentError:
    """The error that carries every problem of a file, in file order, each line once."""
    lines = tuple(str(problem) for problem in sorted(set(problems)))
    message = N_("{path}: 1 problem") if len(lines) == 1 else N_("{path}: {count} problems")
    return InvalidContentError(message, lines, path=path, count=len(lines))
