"""A plan's digests, and the opening of a plan document: nothing in it is taken on trust."""

from __future__ import annotations

from typing import Protocol, TypeVar

from runner.errors import UsageError, VerificationError
from runner.model.document import JsonObject
from runner.model.plan import Binding, Content, Digests, Plan, PlanDocument, Runtime, Unbound, UnboundKind
from runner.model.policy import UnboundRules
from runner.model.runbook import Runbook
from runner.proof.canonical import digest, digest_of
from runner.rules.expansion import expand, make_batches, rollback_estimate, unbound_of
from runner.rules.risk import risk_of
from runner.rules.secret_use import require_bound
from runner.words import N_

Part = TypeVar("Part")


class PartReader(Protocol):
    """Reads one part of a plan from its document (`runner.wire.documents.from_document`)."""

    def __call__(self, kind: type[Part], document: JsonObject, /) -> Part: ...


def plan_digests(content: JsonObject, binding: JsonObject, runtime: JsonObject) -> Digests:
    """The digests of a plan's three parts, and the plan digest over those three."""
    parts = {"content": digest_of(content), "binding": digest_of(binding), "runtime": digest_of(runtime)}
    return Digests(**parts, plan=digest_of({"v": 1, **parts}))


def open_plan(document: PlanDocument, runbook: Runbook, read: PartReader) -> Plan:
    """The plan that a document describes, once everything in it has been recomputed.

    Args:
        document: as stored or received.
        runbook: parsed from `document.runbook_source` by the caller.
        read: reader of the parts.

    Raises:
        VerificationError: a digest, the runbook's source, the batches, the secrets or the list of what is unbound is
            not what the parts say.
        UsageError: a part is not of its shape.
    """
    digests = plan_digests(document.content, document.binding, document.runtime)
    _require_digests(document.digests, digests)
    content = read(Content, document.content)
    _require_source(content, document.runbook_source)
    binding = read(Binding, document.binding)
    _require_batches(runbook, binding)
    require_bound(runbook, binding)
    _require_unbound(runbook, document.unbound)
    risk, rules = risk_of(runbook, binding)
    return Plan(
        digests=digests,
        content=content,
        binding=binding,
        runtime=read(Runtime, document.runtime),
        runbook=runbook,
        risk=risk,
        risk_rules=rules,
        unbound=document.unbound,
        rollback_estimate=rollback_estimate(runbook, len(binding.batches)),
    )


def _require_digests(stated: Digests, found: Digests) -> None:
    for part in ("content", "binding", "runtime", "plan"):
        if getattr(stated, part) != getattr(found, part):
            raise VerificationError(
                N_("plan: {part} digest mismatch (got {got}, expected {expected})"),
                part=part,
                got=getattr(found, part),
                expected=getattr(stated, part),
            )


def _require_source(content: Content, source: str) -> None:
    got = digest(source.encode()).removeprefix("sha256:")
    expected = next((file.sha256 for file in content.files if file.path == content.runbook), None)
    if expected is None:
        raise UsageError(N_('plan: its content does not hold its runbook "{path}"'), path=content.runbook)
    if got != expected:
        raise VerificationError(
            N_('plan: source of "{path}" is not the one bound (got {got}, expected {expected})'),
            path=content.runbook,
            got=got,
            expected=expected,
        )


def _require_batches(runbook: Runbook, binding: Binding) -> None:
    """Refuse batches that the runbook's targets do not make of the plan's hosts."""
    expand(runbook, binding)
    names = [name for batch in binding.batches for name in batch]
    if make_batches(runbook.targets, names) != binding.batches:
        raise VerificationError(N_("plan: its batches are not those the runbook's targets make"))


def _require_unbound(runbook: Runbook, stated: tuple[Unbound, ...]) -> None:
    """Refuse a list that leaves out a reference to an output or a sheet; lookups are found in the content's files."""
    expected = {(unbound.kind, unbound.place, unbound.what) for unbound in unbound_of(runbook, (), UnboundRules())}
    got = {(unbound.kind, unbound.place, unbound.what) for unbound in stated if unbound.kind is not UnboundKind.LOOKUP}
    if got != expected:
        kind, place, what = min(got ^ expected)
        raise VerificationError(
            N_("plan: {place}: {what} is not listed as {kind}, or wrongly so"), place=place, what=what, kind=kind
        )
