"""Which secrets a play gets, and what a runbook may say about it (law L11)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from runner.errors import VerificationError
from runner.model.document import JsonValue
from runner.model.finding import DocumentPath, Finding
from runner.model.plan import Binding, SecretRef
from runner.model.runbook import Runbook
from runner.rules.plays import PlacedPlay, plays_of
from runner.rules.variables import refused_name
from runner.words import N_

MASK: Final = "********"
"""What stands in place of a masked value."""


def secrets_of(runbook: Runbook, step: str) -> tuple[str, ...]:
    """Names of the secrets that the plays of a step get, sorted; of a pseudo step, those every play gets."""
    own = next((one.secrets for one in runbook.steps if one.id == step), ())
    return tuple(sorted({*runbook.secrets, *own}))


def secrets_needed(runbook: Runbook) -> tuple[str, ...]:
    """Names of all secrets a runbook names, sorted."""
    return tuple(sorted({*runbook.secrets, *(name for step in runbook.steps for name in step.secrets)}))


def references_of(runbook: Runbook, binding: Binding, step: str) -> tuple[SecretRef, ...]:
    """The bound secrets that the plays of a step get."""
    names = secrets_of(runbook, step)
    return tuple(secret for secret in binding.secrets if secret.name in names)


def require_bound(runbook: Runbook, binding: Binding) -> None:
    """Refuse a binding that does not name exactly the secrets of its runbook, each once.

    Raises:
        VerificationError: one is missing, one too many, or they are not in order.
    """
    bound = tuple(secret.name for secret in binding.secrets)
    if bound != secrets_needed(runbook):
        raise VerificationError(
            N_("plan: it binds the secrets {got}, its runbook names {expected}"),
            got=", ".join(bound) or "-",
            expected=", ".join(secrets_needed(runbook)) or "-",
        )


def secret_findings(runbook: Runbook) -> Iterator[Finding]:
    """Secrets whose names will not do, named twice, or hidden by a variable of the same name."""
    yield from _names_in(runbook.secrets, ("secrets",), frozenset())
    for position, step in enumerate(runbook.steps):
        yield from _names_in(step.secrets, ("steps", position, "secrets"), frozenset(runbook.secrets))
    yield from _hidden(frozenset(secrets_needed(runbook)), runbook.vars, ("vars",))
    for placed in plays_of(runbook):
        yield from _hidden(_seen_by(placed, runbook), placed.play.vars, (*placed.path, "vars"))


def _names_in(names: tuple[str, ...], path: DocumentPath, given: frozenset[str]) -> Iterator[Finding]:
    for position, name in enumerate(names):
        here = (*path, position)
        if (reason := refused_name(name)) is not None:
            yield Finding(here, reason, {"name": name})
        if name in names[:position]:
            yield Finding(here, N_('secret "{name}" is named twice'), {"name": name})
        elif name in given:
            yield Finding(here, N_('secret "{name}" is given to every play already'), {"name": name})


def _seen_by(placed: PlacedPlay, runbook: Runbook) -> frozenset[str]:
    step = "" if placed.step is None else runbook.steps[placed.step].id
    return frozenset(secrets_of(runbook, step))


def _hidden(names: frozenset[str], variables: Mapping[str, JsonValue], path: DocumentPath) -> Iterator[Finding]:
    for name in variables:
        if name in names:
            message = N_('"{name}" is a secret of this play; a variable must not have its name')
            yield Finding((*path, name), message, {"name": name}, at_key=True)
