"""What makes a well-formed runbook a valid one; every rule answers with findings, none raises.

Families add theirs in `runner.rules.families`, references are judged in `runner.rules.visibility`.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import replace

from runner.errors import Fact, UsageError
from runner.model.finding import DocumentPath, Finding
from runner.model.nearest import nearest
from runner.model.runbook import (
    ManualWork,
    Once,
    Parameter,
    PlaybookWork,
    RemoteWork,
    Rollback,
    Runbook,
    SoakWork,
    Step,
    ValueType,
)
from runner.model.units import format_duration
from runner.rules.families import family_findings
from runner.rules.parameters import is_absolute_path, read_value, require_plain
from runner.rules.plays import plays_of
from runner.rules.secret_use import secret_findings
from runner.rules.variables import refused_names
from runner.rules.visibility import reference_findings
from runner.words import N_

RESERVED_STEP = "after_rollback"
"""Step id under which the play after all rollback is recorded."""
_LONGEST_PATTERN = 200
_PATTERNED = frozenset({ValueType.STRING, ValueType.PATH})
_PHASES: Mapping[Once | None, int] = {Once.BEFORE: 0, None: 1, Once.AFTER: 2}


def runbook_findings(runbook: Runbook, controls: frozenset[str]) -> tuple[Finding, ...]:
    """Everything wrong with a runbook beyond its shape.

    Args:
        runbook: as its shape gave it; defaults still as written.
        controls: ids the product's catalogue knows.
    """
    findings = [
        *_control_findings(runbook, controls),
        *_parameter_findings(runbook),
        *_target_findings(runbook),
        *_window_findings(runbook),
        *_id_findings(runbook),
        *_order_findings(runbook),
        *_variable_findings(runbook),
        *reference_findings(runbook),
        *secret_findings(runbook),
        *family_findings(runbook),
    ]
    for position, step in enumerate(runbook.steps):
        findings.extend(_step_findings(runbook, position, step))
    return tuple(findings)


def _control_findings(runbook: Runbook, controls: frozenset[str]) -> Iterator[Finding]:
    seen: set[str] = set()
    for position, control in enumerate(runbook.controls):
        path: DocumentPath = ("controls", position)
        if control in seen:
            yield Finding(path, N_('control "{id}" is named twice'), {"id": control})
        elif control not in controls:
            near = nearest(control, controls)
            message = N_('unknown control "{id}" (did you mean "{near}"?)') if near else N_('unknown control "{id}"')
            yield Finding(path, message, {"id": control, "near": near})
        seen.add(control)


def _parameter_findings(runbook: Runbook) -> Iterator[Finding]:
    for parameter in runbook.parameters:
        yield from _one_parameter(parameter, ("parameters", parameter.name))
    for position, step in enumerate(runbook.steps):
        if not isinstance(step.work, ManualWork):
            continue
        for reading in step.work.record:
            path: DocumentPath = ("steps", position, "manual", "record", reading.name)
            yield from _one_parameter(reading, path)
            if reading.default is not None:
                yield Finding((*path, "default"), N_("a reading has no default: people write down what they see"))


def _one_parameter(parameter: Parameter, path: DocumentPath) -> Iterator[Finding]:
    of_pattern = tuple(_pattern_findings(parameter, path))
    yield from of_pattern
    yield from _choice_findings(parameter, path)
    low, high = parameter.minimum, parameter.maximum
    if low is not None and high is not None and low > high:
        yield Finding((*path, "max"), N_("the largest allowed value lies below the smallest"))
    elif parameter.default is not None and not of_pattern:
        needs = ((*path, "*"),)
        try:
            read_value(replace(parameter, name="default"), parameter.default)
        except UsageError as error:
            yield Finding((*path, "default"), error.message, error.facts, needs, at_key=True)


def _pattern_findings(parameter: Parameter, path: DocumentPath) -> Iterator[Finding]:
    pattern = parameter.pattern
    if pattern is None:
        return
    here = (*path, "pattern")
    if parameter.type not in _PATTERNED:
        yield Finding(here, N_("a value of type {type} has no pattern"), {"type": parameter.type.value})
    if len(pattern) > _LONGEST_PATTERN:
        yield Finding(here, N_("a pattern of at most {limit} characters is expected"), {"limit": _LONGEST_PATTERN})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(pattern)
    except (re.error, Warning, OverflowError, RecursionError) as error:
        yield Finding(here, N_("not a regular expression: {what}"), {"what": str(error)})


def _choice_findings(parameter: Parameter, path: DocumentPath) -> Iterator[Finding]:
    is_choice = parameter.type is ValueType.CHOICE
    if is_choice and not parameter.choices:
        yield Finding(path, N_('a choice needs "choices"'), needs=((*path, "choices"),))
    if parameter.choices and not is_choice:
        here: DocumentPath = (*path, "choices")
        yield Finding(here, N_("a value of type {type} has no choices"), {"type": parameter.type.value}, at_key=True)
    for position, choice in enumerate(parameter.choices):
        here = (*path, "choices", position)
        if choice in parameter.choices[:position]:
            yield Finding(here, N_('choice "{choice}" is given twice'), {"choice": choice})
        try:
            require_plain(f"choice {position + 1}", choice)
        except UsageError as error:
            yield Finding(here, error.message, error.facts, at_key=True)


def _target_findings(runbook: Runbook) -> Iterator[Finding]:
    targets = runbook.targets
    needs: tuple[DocumentPath, ...] = (("targets", "*"),)
    if targets.group is None and not targets.hosts:
        yield Finding(("targets",), N_('expected "group" or "hosts"'), needs=needs)
    if targets.group is not None and targets.hosts:
        yield Finding(("targets", "hosts"), N_('expected either "group" or "hosts", got both'), at_key=True)
    for position, host in enumerate(targets.hosts):
        if host in targets.hosts[:position]:
            yield Finding(("targets", "hosts", position), N_('host "{host}" is named twice'), {"host": host})


def _window_findings(runbook: Runbook) -> Iterator[Finding]:
    if runbook.window_required:
        return
    for position, step in enumerate(runbook.steps):
        if step.mutating:
            message = N_('"window: optional" is for runbooks that change nothing, and step "{step}" changes something')
            needs: tuple[DocumentPath, ...] = (("steps", position, "*"),)
            yield Finding(("window",), message, {"step": step.id}, needs)
            return


def _id_findings(runbook: Runbook) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for position, step in enumerate(runbook.steps):
        path: DocumentPath = ("steps", position, "id")
        if step.id == RESERVED_STEP:
            yield Finding(path, N_('the id "{id}" is reserved for the play after all rollback'), {"id": step.id})
        if step.id in seen:
            facts: dict[str, Fact] = {"id": step.id, "first": seen[step.id] + 1}
            yield Finding(path, N_('the id "{id}" is already that of step {first}'), facts, (("steps",),))
        seen.setdefault(step.id, position)


def _order_findings(runbook: Runbook) -> Iterator[Finding]:
    latest = 0
    for position, step in enumerate(runbook.steps):
        phase = _PHASES[step.once]
        if phase < latest:
            message = N_("steps stand in the order they run in: once before, then those of each batch, then once after")
            place = "once" if step.once else "id"
            yield Finding(("steps", position, place), message, needs=(("steps",),))
        latest = max(latest, phase)


def _variable_findings(runbook: Runbook) -> Iterator[Finding]:
    places: list[tuple[DocumentPath, Mapping[str, object]]] = [(("vars",), runbook.vars)]
    places += [((*placed.path, "vars"), placed.play.vars) for placed in plays_of(runbook)]
    for path, variables in places:
        for name, reason in refused_names(variables).items():
            yield Finding((*path, name), reason, {"name": name}, at_key=True)


def _step_findings(runbook: Runbook, position: int, step: Step) -> Iterator[Finding]:
    here: DocumentPath = ("steps", position)
    work = step.work
    if isinstance(work, PlaybookWork):
        if work.read_only:
            yield from _read_only_findings(work, here)
        else:
            yield from _change_findings(runbook, position, work)
        if work.rollback is not None:
            yield from _rollback_findings(runbook, work.rollback, (*here, "rollback"))
    elif isinstance(work, ManualWork):
        yield from _manual_findings(work, (*here, "manual"))
    elif isinstance(work, SoakWork):
        yield from _soak_findings(work, step, here)
    else:
        yield from _remote_findings(work, (*here, "remote"))


def _read_only_findings(work: PlaybookWork, here: DocumentPath) -> Iterator[Finding]:
    given = {
        "rollback": work.rollback is not None,
        "because": work.because is not None,
        "settle": work.settle is not None,
        "irreversible": work.irreversible,
    }
    for key, is_given in given.items():
        if is_given:
            yield Finding((*here, key), N_('a read-only step has no "{key}"'), {"key": key}, at_key=True)


def _change_findings(runbook: Runbook, position: int, work: PlaybookWork) -> Iterator[Finding]:
    here: DocumentPath = ("steps", position)
    if work.verify is None and not _is_watched(runbook, position):
        message = N_('it changes something: it needs "verify", or a soak step before the next change')
        yield Finding(here, message, needs=((*here, "verify"), (*here, "read_only"), ("steps",)))
    if work.rollback is None and work.because is None:
        message = N_('it changes something: it needs "rollback" with a playbook, or "rollback: none" with "because"')
        yield Finding(here, message, needs=((*here, "rollback"), (*here, "because"), (*here, "read_only")))
    if work.irreversible and work.rollback is not None:
        yield Finding((*here, "irreversible"), N_('an irreversible step has "rollback: none"'), at_key=True)


def _is_watched(runbook: Runbook, position: int) -> bool:
    """Whether a soak follows a change before the next change, in the same part of the run."""
    phase = runbook.steps[position].once
    for step in runbook.steps[position + 1 :]:
        if step.once is not phase or step.mutating:
            return False
        if isinstance(step.work, SoakWork):
            return True
    return False


def _rollback_findings(runbook: Runbook, rollback: Rollback, here: DocumentPath) -> Iterator[Finding]:
    if rollback.verify is None and runbook.after_rollback is None:
        message = N_('undoing needs proof: "verify" here, or "after_rollback" for the whole runbook')
        yield Finding(here, message, needs=((*here, "verify"), ("after_rollback",)))
    if rollback.rewinds_data and rollback.writes_off is None:
        message = N_('"rewinds_data": it needs "writes_off", a play that succeeds only while nothing writes')
        yield Finding((*here, "rewinds_data"), message, needs=((*here, "writes_off"),), at_key=True)
    if rollback.writes_off is not None and not rollback.rewinds_data:
        message = N_('"writes_off" is asked only before data is rewound: add "rewinds_data: true" or leave it out')
        yield Finding((*here, "writes_off"), message, needs=((*here, "rewinds_data"),), at_key=True)
    if rollback.estimate > rollback.timeout:
        facts = {"estimate": format_duration(rollback.estimate), "timeout": format_duration(rollback.timeout)}
        needs = ((*here, "estimate"), (*here, "timeout"))
        message = N_("it is expected to take {estimate}, longer than its timeout of {timeout}")
        yield Finding((*here, "estimate"), message, facts, needs)


def _manual_findings(work: ManualWork, here: DocumentPath) -> Iterator[Finding]:
    given = {"rollback": work.rollback is not None, "because": work.because is not None}
    if work.read_only:
        for key in (key for key, is_given in given.items() if is_given):
            yield Finding((*here, key), N_('a read-only step has no "{key}"'), {"key": key}, at_key=True)
    elif not any(given.values()):
        message = N_('it changes something: it needs "rollback", or "rollback: none" with "because"')
        yield Finding(here, message, needs=((*here, "rollback"), (*here, "because"), (*here, "read_only")))


def _soak_findings(work: SoakWork, step: Step, here: DocumentPath) -> Iterator[Finding]:
    soak = (*here, "soak")
    if work.every > work.lasts:
        facts = {"every": format_duration(work.every), "lasts": format_duration(work.lasts)}
        yield Finding((*soak, "every"), N_("it looks every {every}, but lasts only {lasts}"), facts)
    elif work.tolerate > work.lasts // work.every:
        message = N_("it tolerates {tolerate} failed looks, as many as it takes")
        yield Finding((*soak, "tolerate"), message, {"tolerate": work.tolerate})
    if step.timeout < work.lasts:
        facts = {"timeout": format_duration(step.timeout), "lasts": format_duration(work.lasts)}
        yield Finding((*here, "timeout"), N_("its timeout of {timeout} ends before its watch of {lasts}"), facts)


def _remote_findings(work: RemoteWork, here: DocumentPath) -> Iterator[Finding]:
    if not work.probes:
        yield Finding(here, N_("expected at least one probe"), needs=((*here, "*"),))
    for probe in work.probes:
        if probe.path is not None and not is_absolute_path(probe.path):
            message = N_('got "{got}", expected an absolute path without "..", "." or "//"')
            yield Finding((*here, probe.kind.value), message, {"got": probe.path})
