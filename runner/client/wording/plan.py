"""A plan in words: what two people are about to agree on, in the order they ask for it (law L3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from runner.client.wording.line import Line, Meaning, Part, Told, aligned, label, listed, pad, sections, short, told
from runner.client.wording.present import Present, in_full, span
from runner.client.wording.step import in_words, step_told, variables_told
from runner.errors import fill
from runner.model.plan import Binding, Host, Plan, Unbound
from runner.model.runbook import Risk, RollbackScope, Runbook
from runner.rules.expansion import expand
from runner.rules.parameters import shown_value
from runner.wire.api import Words
from runner.wire.spoken import spoken
from runner.words import N_, _

SCOPES: Final = {RollbackScope.BATCH: N_("its own batch"), RollbackScope.RUN: N_("every batch of the run")}
"""How far a rollback reaches."""
_START: Final = 2


def plan_lines(plan: Plan, decision_by: datetime | None, present: Present, *, published: bool) -> tuple[Line, ...]:
    """The whole plan; `decision_by` is its latest rollback decision time."""
    return aligned(plan_told(plan, decision_by, present, published=published))


def plan_told(
    plan: Plan, decision_by: datetime | None, present: Present, *, published: bool = True
) -> tuple[Told, ...]:
    """What, where, when and how risky; hosts; every step with its rollback; what is unbound; digests and versions."""
    return sections(
        (*_head(plan, published=published), *_when(plan, decision_by, present)),
        _hosts(plan),
        _steps(plan),
        unbound_told(plan.unbound),
        _digests(plan),
        _runtime(plan),
    )


def title_told(runbook: Runbook) -> Iterator[Told]:
    """What a runbook is called, and what it is for."""
    yield heading(f"{in_words(runbook.title)}  ({runbook.id} {runbook.version})")
    if runbook.summary:
        yield told(None, in_words(runbook.summary))


def unbound_told(found: tuple[Unbound, ...]) -> Iterator[Told]:
    """What is signed without its value being known."""
    if not found:
        yield heading(_("UNBOUND: nothing; every value is known now"))
        return
    yield heading(_("UNBOUND: known only at run time"))
    for unbound in found:
        mark = Part(_("allowed"), Meaning.FAINT) if unbound.allowed else Part(_("REFUSED by policy"), Meaning.BAD)
        kind = Part(f"  {spoken(unbound.kind.value)}  ", Meaning.FAINT)
        yield Told(None, (Part(label(unbound.place) + unbound.what), kind, mark), _START)


def heading(text: str) -> Told:
    """A line that stands over others."""
    return told(None, text, Meaning.STRONG)


def environment_told(environment: str, *, production: bool) -> Told:
    """Which environment it is, and whether it is production."""
    if production:
        return told(_("environment"), _("PRODUCTION {environment}").format(environment=environment), Meaning.ALARM)
    return told(_("environment"), _("{environment}, not production").format(environment=environment))


def risk_told(risk: Risk, rules: Iterable[Words]) -> Told:
    """The risk class, and by which rules it is that."""
    reasons = _("; ").join(fill(each.message, dict(each.facts)) for each in rules)
    text = spoken(risk.value)
    return told(_("risk class"), _("{risk} ({reason})").format(risk=text, reason=reasons) if reasons else text)


def failure_told(runbook: Runbook) -> Iterator[Told]:
    """What follows when a step fails, and when the window closes in mid-run."""
    follows = _("{action} ({scope})").format(
        action=spoken(runbook.on_failure.value), scope=_(SCOPES[runbook.rollback_scope])
    )
    yield told(_("on failure"), follows)
    if runbook.risk is not Risk.EMERGENCY:
        yield told(_("window end"), spoken(runbook.at_window_end.value))


def _head(plan: Plan, *, published: bool) -> Iterator[Told]:
    runbook, binding = plan.runbook, plan.binding
    yield from title_told(runbook)
    yield risk_told(plan.risk, (Words(each.message, dict(each.facts)) for each in plan.risk_rules))
    yield environment_told(binding.environment, production=binding.production)
    if not published:
        yield told(_("content"), _("NOT PUBLISHED: it can be read, not requested"), Meaning.BAD)
    yield from _given(runbook, binding)


def _given(runbook: Runbook, binding: Binding) -> Iterator[Told]:
    declared = {parameter.name: parameter for parameter in runbook.parameters}
    for name, value in sorted(binding.parameters.items()):
        shown = shown_value(declared[name], value) if name in declared else str(value)
        yield told(_("parameter"), f"{name} = {shown}")
    yield from secrets_told(binding)
    for place, variable in enumerate(variables_told(runbook.vars, binding.parameters)):
        yield told("" if place else _("every play"), variable)


def secrets_told(binding: Binding) -> Iterator[Told]:
    """Secrets by reference and version."""
    for secret in binding.secrets:
        text = _("{name}: {source}, version {version}; never its value").format(
            name=secret.name, source=secret.source, version=secret.version
        )
        yield told(_("secret"), text)


def _when(plan: Plan, decision_by: datetime | None, present: Present) -> Iterator[Told]:
    """Window, way back, and what follows when something goes wrong."""
    window, changes = plan.binding.window, plan.runbook.mutating
    if window is None:
        yield told(_("window"), _("none needed"))
    else:
        text = _("{opens} to {closes} ({zone})").format(
            opens=in_full(window.opens, present.zone), closes=in_full(window.closes, present.zone), zone=present.zone
        )
        yield told(_("window"), text)
    if plan.risk is Risk.EMERGENCY:
        yield told("", _("an emergency passes its window, marked; it needs two people and no approval"), Meaning.WAIT)
    if not changes:
        yield told(_("rollback"), _("nothing to undo: no step changes a host"))
        return
    takes = _("takes about {span}").format(span=span(plan.rollback_estimate))
    if window is not None and decision_by is not None:
        takes = _("{takes}; latest rollback decision {by}").format(takes=takes, by=in_full(decision_by, present.zone))
    yield told(_("rollback"), takes)
    if window is not None and decision_by is not None and decision_by <= window.opens:
        warning = _("that is before the window opens: every step that changes hosts will need a decision")
        yield told("", warning, Meaning.BAD)
    yield from failure_told(plan.runbook)


def _hosts(plan: Plan) -> Iterator[Told]:
    expansion = expand(plan.runbook, plan.binding)
    yield heading(
        _("hosts: {hosts}; batches: {batches}; the run stops after {failures} failed hosts").format(
            hosts=len(expansion.hosts),
            batches=len(expansion.batches),
            failures=plan.runbook.targets.stop_after_failures,
        )
    )
    places = {name: _place(plan.binding.host(name)) for name in expansion.hosts}
    for number, batch in enumerate(expansion.batches, start=1):
        batch_word = _("batch {number}").format(number=number)
        for name in batch:
            place = Part(f"  {places[name]}  {plan.binding.host(name).identity}", Meaning.FAINT)
            yield Told(batch_word, (Part(name, Meaning.STRONG), place), _START)


def _place(host: Host) -> str:
    if not host.address:
        return spoken(host.connection.value)
    return f"{host.user}@{host.address}:{host.port}".removeprefix("@")


def _steps(plan: Plan) -> Iterator[Told]:
    yield heading(_("steps"))
    parameters = plan.binding.parameters
    for number, step in enumerate(plan.runbook.steps, start=1):
        yield from step_told(number, step, parameters)
    if after := plan.runbook.after_rollback:
        yield told(None, _("after rollback: {play} proves the service healthy").format(play=after.playbook))
        for variable in variables_told(after.vars, parameters):
            yield told(None, variable, start=5)


def _digests(plan: Plan) -> Iterator[Told]:
    yield heading(_("SHA-256 digests, recomputed here"))
    digests = plan.digests
    for name, digest in (
        (_("plan"), digests.plan),
        (_("content"), digests.content),
        (_("binding"), digests.binding),
        (_("runtime"), digests.runtime),
    ):
        full = Part(f"  {digest.removeprefix('sha256:')}", Meaning.FAINT)
        yield Told(name, (Part(short(digest), Meaning.STRONG), full), _START)
    yield told(_("files"), str(len(plan.content.files)), start=_START)


def _runtime(plan: Plan) -> Iterator[Told]:
    versions = plan.runtime
    yield heading(_("versions that execute it"))
    for name, version in (
        ("Twokey", versions.twokey),
        ("ansible-core", versions.ansible_core),
        ("ansible-runner", versions.ansible_runner),
        ("Python", versions.python),
    ):
        yield told(None, f"{pad(name, 14)}  {version}", start=_START)
    if versions.collections:
        yield told(None, _("collections: {collections}").format(collections=listed(versions.collections)), start=_START)
