"""How a runbook and what it is applied to become batches and steps and a rollback estimate.

Everything here is recomputed by the client from what it shows, so that what a person signs is what will run. Digests
and the opening of plan documents are in `runner.rules.plans`, the risk class in
`runner.rules.risk`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from runner.errors import UsageError
from runner.model.plan import Binding, Unbound, UnboundKind
from runner.model.policy import Allowance, UnboundRules
from runner.model.runbook import (
    ManualWork,
    Once,
    PlaybookWork,
    PlayRef,
    RollbackScope,
    Runbook,
    Step,
    Targets,
)
from runner.model.time import Seconds
from runner.rules.plays import plays_of
from runner.rules.references import Reference, Source, references_in
from runner.words import N_

AFTER_ROLLBACK: Final = "after_rollback"
"""Pseudo step of the health play that proves the service healthy after all rollback."""


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step in one batch."""

    step: Step
    batch: int
    """0 for `once: before` steps, 1…n for batches, n+1 for `once: after` steps."""
    hosts: tuple[str, ...]
    """The batch's hosts; every host of the plan for a step done once."""


@dataclass(frozen=True, slots=True)
class Expansion:
    """A runbook applied to its hosts: every step of every batch, in the order they are carried out."""

    runbook: Runbook
    batches: tuple[tuple[str, ...], ...]
    steps: tuple[PlannedStep, ...]

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every host, in batch order."""
        return tuple(chain.from_iterable(self.batches))


def make_batches(targets: Targets, host_names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """The hosts, in the order given, cut into batches as the runbook's targets say.

    Raises:
        UsageError: no host, or one twice.
    """
    if not host_names:
        raise UsageError(N_("targets: no host is left"))
    for name in host_names:
        if host_names.count(name) > 1:
            raise UsageError(N_('targets: host "{host}" is named twice'), host=name)
    size = targets.batch or len(host_names)
    return tuple(tuple(host_names[start : start + size]) for start in range(0, len(host_names), size))


def expand(runbook: Runbook, binding: Binding) -> Expansion:
    """Every step in the order it will be carried out.

    Steps done once take all hosts together, before the first batch or after the last.

    Raises:
        UsageError: the batches do not hold exactly the binding's hosts, each once.
    """
    everything = tuple(chain.from_iterable(binding.batches))
    if not everything or sorted(everything) != sorted(host.name for host in binding.hosts):
        raise UsageError(N_("plan: its batches do not hold each of its hosts exactly once"))
    last = len(binding.batches) + 1
    planned = [PlannedStep(step, 0, everything) for step in runbook.steps if step.once is Once.BEFORE]
    for number, hosts in enumerate(binding.batches, start=1):
        planned += [PlannedStep(step, number, hosts) for step in runbook.steps if step.once is None]
    planned += [PlannedStep(step, last, everything) for step in runbook.steps if step.once is Once.AFTER]
    return Expansion(runbook, binding.batches, tuple(planned))


def rollback_estimate(runbook: Runbook, batches: int) -> Seconds:
    """How long undoing may take: everything when the rollback's scope is the run, else the longest batch.

    Undoing by hand is taken to last as long as the step's sheet may wait.
    """
    before = _undoing(step for step in runbook.steps if step.once is Once.BEFORE)
    each = _undoing(step for step in runbook.steps if step.once is None)
    after = _undoing(step for step in runbook.steps if step.once is Once.AFTER)
    if runbook.rollback_scope is RollbackScope.RUN:
        return Seconds(before + each * batches + after)
    return Seconds(max(before, each, after))


def unbound_of(runbook: Runbook, lookups: Sequence[Unbound], rules: UnboundRules) -> tuple[Unbound, ...]:
    """What the approver signs without knowing its value, each marked with whether policy allows it.

    References to outputs and sheets come first, in the order of the steps; then the lookups found in the content.
    """
    sheets = {step.id for step in runbook.steps if isinstance(step.work, ManualWork)}
    found: dict[tuple[str, str], Unbound] = {}
    for place, reference in _outputs_used(runbook):
        kind = UnboundKind.SHEET if reference.step in sheets else UnboundKind.OUTPUT
        rule = rules.sheets if kind is UnboundKind.SHEET else rules.outputs
        what = f"{{{{ {reference} }}}}"
        found[place, what] = Unbound(kind, place, what, rule is Allowance.ALLOW)
    allowed = rules.lookups is Allowance.ALLOW
    outside = (Unbound(lookup.kind, lookup.place, lookup.what, lookup.allowed or allowed) for lookup in lookups)
    return (*found.values(), *outside)


def uses_outputs(play: PlayRef) -> bool:
    """Whether a play's variables refer to what earlier steps report."""
    return any(True for _ in _outputs_in(play))


def _outputs_used(runbook: Runbook) -> Iterator[tuple[str, Reference]]:
    """References to outputs with the step they stand in."""
    for placed in plays_of(runbook):
        place = AFTER_ROLLBACK if placed.step is None else runbook.steps[placed.step].id
        yield from ((place, reference) for reference in _outputs_in(placed.play))


def _outputs_in(play: PlayRef) -> Iterator[Reference]:
    for _, reference in references_in(dict(play.vars)):
        if isinstance(reference, Reference) and reference.source is Source.OUTPUTS:
            yield reference


def _undoing(steps: Iterator[Step]) -> int:
    return sum(_undoing_of(step) for step in steps)


def _undoing_of(step: Step) -> int:
    if isinstance(step.work, PlaybookWork) and step.work.rollback:
        return step.work.rollback.estimate
    if isinstance(step.work, ManualWork) and step.work.rollback:
        return step.timeout
    return 0
