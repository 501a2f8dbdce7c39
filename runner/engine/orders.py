"""From the move to begin an attempt to the order its shim gets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from runner.engine.plans import OpenPlan
from runner.engine.snapshot import Snapshot
from runner.model.document import JsonObject, JsonValue
from runner.model.order import Order, PlayOrder, ProbeOrder
from runner.model.plan import Role, SecretRef
from runner.model.policy import Policy
from runner.model.run import RunRecord
from runner.model.runbook import PlayRef
from runner.rules.move import Begin
from runner.rules.references import Scope, fill_vars
from runner.rules.secret_use import references_of


def order_of(begin: Begin, opened: OpenPlan, snapshot: Snapshot, scope: Scope | None, policy: Policy) -> Order:
    """The order of an attempt.

    Args:
        begin: the attempt.
        opened: its plan.
        snapshot: what the plan may see.
        scope: what references stand for; None while not everything is known yet: then variables are left out.
        policy: how long a run may hold.

    Raises:
        UsageError: a reference has no value.
    """
    if isinstance(begin.work, PlayRef):
        work: PlayOrder | ProbeOrder = PlayOrder(
            playbook=begin.work.playbook,
            variables={} if scope is None else _variables(begin.work, opened, scope),
            outputs=begin.outputs,
            check=begin.check,
        )
    else:
        work = ProbeOrder(begin.work, tuple(opened.plan.binding.host(name) for name in begin.hosts))
    return Order(
        key=begin.key,
        work=work,
        hosts=begin.hosts,
        mutating=begin.mutating,
        snapshot=str(snapshot.folder),
        manifest=snapshot.manifest,
        deadline=begin.deadline,
        hold=policy.hold,
        secrets=_secrets(begin, opened),
    )


def _secrets(begin: Begin, opened: OpenPlan) -> tuple[SecretRef, ...]:
    """What a play gets; probes get nothing."""
    if not isinstance(begin.work, PlayRef):
        return ()
    return references_of(opened.plan.runbook, opened.plan.binding, begin.key.step)


def scope_of(record: RunRecord, opened: OpenPlan, batch: int, outputs: Mapping[str, JsonObject]) -> Scope:
    """What references of a step in a batch stand for.

    Args:
        record: the run.
        opened: its plan.
        batch: the step's batch.
        outputs: by step, those the batch may see.
    """
    readings = {step: sheet for at in (0, batch) for step, sheet in _sheets(record, at)}
    return Scope(
        parameters=opened.plan.binding.parameters,
        outputs={**readings, **outputs},
        run={"id": record.id, "request": record.request},
    )


def _sheets(record: RunRecord, batch: int) -> Iterator[tuple[str, JsonObject]]:
    """Readings of a batch's signed sheets by step; those of undoing by hand feed nothing."""
    for name, sheet in record.sheets.items():
        at, _, step = name.partition("/")
        if at == str(batch) and not step.endswith(f".{Role.ROLLBACK.value}"):
            yield step, sheet


def _variables(play: PlayRef, opened: OpenPlan, scope: Scope) -> dict[str, JsonValue]:
    """Variables of the runbook with those of the play over them."""
    return fill_vars({**opened.plan.runbook.vars, **play.vars}, scope)
