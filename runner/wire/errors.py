"""Errors on their way over the wire: the client raises the very error the service raised."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from runner import errors
from runner.errors import InvalidContentError, RefusedError, RunnerError, UnreachableError
from runner.words import N_

_STATUS: Final[tuple[tuple[type[RunnerError], int], ...]] = (
    (errors.NotFoundError, 404),
    (errors.InvalidContentError, 422),
    (errors.UsageError, 400),
    (errors.SignInError, 401),
    (errors.TooOftenError, 429),
    (errors.RefusedError, 403),
    (errors.StorageError, 507),
    (errors.UnreachableError, 503),
    (errors.RunnerError, 409),
)
"""HTTP status of each class; the first that fits."""


@dataclass(frozen=True, slots=True)
class ErrorDocument:
    """An error as the body of an answer."""

    error: str
    """Name of its class in `runner.errors`."""
    message: str
    """English message id."""
    facts: dict[str, str | int | None] = field(default_factory=dict)
    hint: str = ""
    rule: str = ""
    """Id of the rule that refuses."""
    problems: tuple[str, ...] = ()
    """Lines of an invalid content error, each beginning with its place."""


def to_wire(error: RunnerError) -> ErrorDocument:
    """The error as a document; a class of another module goes as its nearest ancestor in `runner.errors`."""
    return ErrorDocument(
        error=_public_class(type(error)).__name__,
        message=error.message,
        facts={name: _fact(value) for name, value in error.facts.items()},
        hint=error.hint,
        rule=error.rule if isinstance(error, RefusedError) else "",
        problems=error.problems if isinstance(error, InvalidContentError) else (),
    )


def from_wire(document: ErrorDocument) -> RunnerError:
    """The error that `document` describes; a class this release does not know is one of an unreachable service."""
    known = {kind.__name__: kind for kind in _tree(RunnerError)}
    kind = known.get(document.error)
    if kind is None or kind is RunnerError:
        return UnreachableError(
            N_("service: answered with an error this client does not know: {error}: {text}"),
            error=document.error,
            text=document.message,
        )
    error = _blank(kind, document)
    error.facts = dict(document.facts)
    return error


def status_of(error: RunnerError) -> int:
    """HTTP status an error is answered with."""
    return next(status for kind, status in _STATUS if isinstance(error, kind))


def _blank(kind: type[RunnerError], document: ErrorDocument) -> RunnerError:
    """The error without its facts, which are set apart since a fact may be named like an argument."""
    if issubclass(kind, InvalidContentError):
        return kind(document.message, document.problems, hint=document.hint)
    if issubclass(kind, RefusedError):
        return kind(document.message, rule=document.rule, hint=document.hint)
    return kind(document.message, hint=document.hint)


def _fact(value: str | float | None) -> str | int | None:
    return str(value) if isinstance(value, float) else value


def _public_class(kind: type[RunnerError]) -> type[RunnerError]:
    return next(ancestor for ancestor in kind.__mro__ if ancestor.__module__ == errors.__name__)


def _tree(kind: type[RunnerError]) -> Iterator[type[RunnerError]]:
    yield kind
    for below in kind.__subclasses__():
        if below.__module__ == errors.__name__:
            yield from _tree(below)
