"""Validating a long runbook."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from bench.measure import Figure, timed
from runner.runbook.loader import parse_runbook

_TARGET = 0.5
_STEPS = 500
_ROUNDS = 7

_HEAD = """\
apiVersion: twokey/v1
kind: Runbook
id: long-runbook
version: 1
family: maintenance
title: {en: A long runbook, zh: 长规程}
owner: operations
risk: ordinary
parameters:
  place: {type: string, pattern: '[a-z]+', default: here}
targets: {group: machines}
after_rollback: {verify: machine/inspect.yml}
steps:
"""
_STEP = """\
  - id: step-{number}
    title: {{en: Step {number}, zh: 第 {number} 步}}
    playbook: assets/backup.yml
    vars: {{place: '{{{{ parameters.place }}}}'{reference}}}
    outputs: {{result: string}}
    timeout: 10m
    verify: {{playbook: assets/backup_verify.yml, vars: {{result: '{{{{ outputs.step-{number}.result }}}}'}}}}
    rollback: {{playbook: assets/restart.yml, estimate: 1m}}
"""


def measure() -> Iterator[Figure]:
    """A runbook of 500 steps, each with outputs, verification and rollback."""
    source = runbook_source(_STEPS)
    values = tuple(timed(lambda: parse_runbook(source, "long.yml")) for _ in range(_ROUNDS))
    yield Figure(
        name=f"validating a runbook of {_STEPS} steps",
        value=median(values),
        unit="s",
        target=_TARGET,
        better="at most",
        ours=values,
    )


def runbook_source(steps: int) -> bytes:
    """A valid runbook of so many steps, each using what the one before reported."""
    parts = [_HEAD]
    for number in range(steps):
        reference = f", before: '{{{{ outputs.step-{number - 1}.result }}}}'" if number else ""
        parts.append(_STEP.format(number=number, reference=reference))
    return "".join(parts).encode()
