"""What a reference may name where it stands.

Outputs exist once their step has succeeded, and only for what runs after it: an output of a step that runs for each
batch exists within its batch, one of a step that runs once before exists everywhere after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from runner.model.document import JsonValue
from runner.model.finding import DocumentPath, Finding
from runner.model.nearest import nearest
from runner.model.plan import Role
from runner.model.runbook import ManualWork, Once, PlaybookWork, Runbook, Step
from runner.rules.plays import PlacedPlay, plays_of
from runner.rules.references import RUN_FIELDS, Malformed, Reference, Source, known_references, references_in
from runner.words import N_

_SEES_OWN: Final = frozenset({Role.VERIFY})
"""Roles that run only after their own step succeeded."""


@dataclass(frozen=True, slots=True)
class _Names:
    """What the runbook declares."""

    parameters: frozenset[str]
    steps: Mapping[str, int]
    """Position by id; the first one where an id is given twice."""
    runbook: Runbook


def outputs_of(step: Step) -> frozenset[str]:
    """Names a step gives to later ones: outputs of a play, readings of a sheet."""
    if isinstance(step.work, PlaybookWork):
        return frozenset(output.name for output in step.work.outputs)
    if isinstance(step.work, ManualWork):
        return frozenset(reading.name for reading in step.work.record)
    return frozenset()


def reference_findings(runbook: Runbook) -> tuple[Finding, ...]:
    """Every reference that names nothing, or something that does not exist where it stands."""
    positions: dict[str, int] = {}
    for position, step in enumerate(runbook.steps):
        positions.setdefault(step.id, position)
    names = _Names(frozenset(parameter.name for parameter in runbook.parameters), positions, runbook)
    findings = list(_findings_in(runbook.vars, ("vars",), names, None))
    for placed in plays_of(runbook):
        findings.extend(_findings_in(placed.play.vars, (*placed.path, "vars"), names, placed))
    return tuple(findings)


def _findings_in(
    variables: Mapping[str, JsonValue], path: DocumentPath, names: _Names, user: PlacedPlay | None
) -> Iterator[Finding]:
    placed = (found for name, value in variables.items() for found in references_in(value, (*path, name)))
    for place, found in placed:
        if isinstance(found, Malformed):
            yield Finding(place, found.message, {"text": found.text, "known": known_references()})
        elif (finding := _finding(found, place, names, user)) is not None:
            yield finding


def _finding(reference: Reference, place: DocumentPath, names: _Names, user: PlacedPlay | None) -> Finding | None:
    if reference.source is Source.PARAMETERS:
        if reference.name in names.parameters:
            return None
        return _unknown(place, _PARAMETER, reference.name, names.parameters, (("parameters",),))
    if reference.source is Source.RUN:
        if reference.name in RUN_FIELDS:
            return None
        return _unknown(place, _FIELD, reference.name, frozenset(RUN_FIELDS), ())
    return _output_finding(reference, place, names, user)


def _output_finding(
    reference: Reference, place: DocumentPath, names: _Names, user: PlacedPlay | None
) -> Finding | None:
    position = names.steps.get(reference.step)
    if position is None:
        return _unknown(place, _STEP, reference.step, frozenset(names.steps), (("steps",),))
    giver = names.runbook.steps[position]
    known = outputs_of(giver)
    if reference.name not in known:
        kind = "manual" if isinstance(giver.work, ManualWork) else "outputs"
        holder: DocumentPath = ("steps", position, kind) if kind == "outputs" else ("steps", position, kind, "record")
        found = _unknown(place, _OUTPUT, reference.name, known, (holder, ("steps", position)))
        return Finding(place, found.message, {**found.facts, "step": reference.step}, found.needs)
    if message := _hidden(giver, position, names.runbook, user):
        return Finding(place, message, {"reference": str(reference), "step": reference.step}, (("steps",),))
    return None


def _hidden(giver: Step, position: int, runbook: Runbook, user: PlacedPlay | None) -> str:
    """Why an output cannot be seen from a place (message id), or nothing."""
    if user is None:
        return N_('"{reference}": variables of the whole runbook cannot use outputs; give it to the plays that need it')
    if user.step is None:
        return N_('"{reference}": after a failure nobody knows which steps gave outputs; use parameters')
    if position > user.step:
        return N_('"{reference}": step "{step}" runs later, its outputs do not exist yet')
    if position == user.step and user.role not in _SEES_OWN:
        return N_('"{reference}": a step cannot use its own outputs; only its "verify" can')
    if giver.once is not runbook.steps[user.step].once and giver.once is not Once.BEFORE:
        return N_('"{reference}": outputs of step "{step}" exist only within its batch')
    return ""


_PARAMETER: Final = (N_('unknown parameter "{name}"'), N_('unknown parameter "{name}" (did you mean "{near}"?)'))
_FIELD: Final = (
    N_('unknown fact of the run "{name}", known are: {known}'),
    N_('unknown fact of the run "{name}" (did you mean "{near}"?)'),
)
_STEP: Final = (N_('unknown step "{name}"'), N_('unknown step "{name}" (did you mean "{near}"?)'))
_OUTPUT: Final = (
    N_('step "{step}" gives no output "{name}"'),
    N_('step "{step}" gives no output "{name}" (did you mean "{near}"?)'),
)


def _unknown(
    place: DocumentPath, messages: tuple[str, str], name: str, known: frozenset[str], needs: tuple[DocumentPath, ...]
) -> Finding:
    near = nearest(name, known)
    facts = {"name": name, "near": near, "known": ", ".join(sorted(known))}
    return Finding(place, messages[1] if near else messages[0], facts, needs)
