"""A plan in words: what two people are about to agree on, in the order they ask for it."""

from __future__ import annotations

from collections.abc import Iterator

from runner.cli.output import clock, put, span
from runner.errors import fill
from runner.model.plan import Plan, Unbound
from runner.model.policy import Policy
from runner.model.runbook import ManualWork, PlaybookWork, PlayRef, Probe, ProbeKind, RemoteWork, SoakWork, Step
from runner.model.units import format_duration, format_size
from runner.rules.expansion import expand
from runner.rules.windows import latest_rollback_decision
from runner.wire.spoken import spoken
from runner.words import _, current_language

_DIGITS = 12


def print_plan(plan: Plan, *, published: bool, zone: str, policy: Policy) -> None:
    """The plan on stdout: header, hosts by batch, steps with the rollback of each, what is unbound."""
    for line in _head(plan, published=published, zone=zone, policy=policy):
        put(line)
    put()
    for line in _batches(plan):
        put(line)
    put()
    for number, step in enumerate(plan.runbook.steps, start=1):
        for line in step_lines(number, step):
            put(line)
    after = plan.runbook.after_rollback
    if after:
        put(_("after rollback: {play} proves the service healthy").format(play=after.playbook))
    put()
    for line in unbound_lines(plan.unbound):
        put(line)


def short(digest: str) -> str:
    """The beginning of a digest, in fours, as people compare it."""
    text = digest.removeprefix("sha256:")[:_DIGITS]
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def _head(plan: Plan, *, published: bool, zone: str, policy: Policy) -> Iterator[str]:
    language = current_language()
    runbook, binding = plan.runbook, plan.binding
    yield f"{runbook.title.in_language(language)}  ({runbook.id} {runbook.version})"
    if runbook.summary:
        yield runbook.summary.in_language(language)
    state = _("published") if published else _("NOT PUBLISHED: it can be read, not requested")
    yield _("content:      {state}, {digest}, {count} files").format(
        state=state, digest=short(plan.digests.content), count=len(plan.content.files)
    )
    yield _("plan digest:  {digest}").format(digest=short(plan.digests.plan))
    place = _("PRODUCTION") if binding.production else _("not production")
    yield _("environment:  {name} ({place})").format(name=binding.environment, place=place)
    yield _("risk class:   {risk} ({reason})").format(risk=spoken(plan.risk), reason=fill(plan.risk_reason, {}))
    for name, value in sorted(binding.parameters.items()):
        yield _("parameter:    {name} = {value}").format(name=name, value=value)
    if binding.window is None:
        yield _("window:       none needed")
        return
    opens, closes = clock(binding.window.opens, zone), clock(binding.window.closes, zone)
    yield _("window:       {opens} to {closes} ({zone})").format(opens=opens, closes=closes, zone=zone)
    by = latest_rollback_decision(binding.window, plan.rollback_estimate, policy.rollback_reserve)
    yield _("rollback:     takes about {span}; latest rollback decision {by}").format(
        span=span(plan.rollback_estimate), by=clock(by, zone)
    )
    if by is not None and by <= binding.window.opens:
        yield _("              that is before the window opens: every step that changes hosts will need a decision")


def _batches(plan: Plan) -> Iterator[str]:
    expansion = expand(plan.runbook, plan.binding)
    yield _("hosts: {hosts}; batches: {batches}; the run stops after {failures} failed hosts").format(
        hosts=len(expansion.hosts),
        batches=len(expansion.batches),
        failures=plan.runbook.targets.stop_after_failures,
    )
    for number, batch in enumerate(expansion.batches, start=1):
        for name in batch:
            host = plan.binding.host(name)
            where = f"{host.user}@{host.address}:{host.port}".removeprefix("@") if host.address else host.connection
            yield _("  batch {number}: {host} ({where}, {identity})").format(
                number=number, host=name, where=where, identity=host.identity
            )


def step_lines(number: int, step: Step) -> Iterator[str]:
    """One step: what it does, its gate, its verification and its rollback."""
    title = f"  {step.title.in_language(current_language())}" if step.title else ""
    kind = _("changes hosts") if step.mutating else _("read only")
    facts = [kind, _("at most {span}").format(span=span(step.timeout))]
    if step.once:
        facts.insert(1, _("once, {when} the batches").format(when=spoken(step.once)))
    yield f"{number}. {step.id}{title}  [" + _(", ").join(facts) + "]"
    if step.gate:
        say = step.gate.say.in_language(current_language()) if step.gate.say else _("both people sign before it")
        yield _("     gate: {say} (waits {span}, then: {late})").format(
            say=say, span=format_duration(step.gate.wait_at_most), late=spoken(step.gate.when_late)
        )
    yield from _work(step)


def _work(step: Step) -> Iterator[str]:
    work = step.work
    if isinstance(work, PlaybookWork):
        yield from _playbook(work, mutating=step.mutating)
    elif isinstance(work, RemoteWork):
        yield _("     looks: {probes}").format(probes=_("; ").join(_probe(probe) for probe in work.probes))
    elif isinstance(work, ManualWork):
        yield _("     by hand: {text}").format(text=work.instruct.in_language(current_language()))
        for reading in work.record:
            yield _("     record: {name} ({type})").format(name=reading.name, type=reading.type.value)
    elif isinstance(work, SoakWork):
        yield _("     watch: {play} every {every} for {lasts}, {tolerate} failures tolerated").format(
            play=_play(work.play),
            every=format_duration(work.every),
            lasts=format_duration(work.lasts),
            tolerate=work.tolerate,
        )


def _playbook(work: PlaybookWork, *, mutating: bool) -> Iterator[str]:
    yield _("     play: {play}").format(play=_play(work.play))
    if work.verify:
        yield _("     verify: {play}").format(play=_play(work.verify))
    if work.settle:
        yield _("     settle: {play}").format(play=_play(work.settle))
    if work.outputs:
        yield _("     reports: {names}").format(names=_(", ").join(output.name for output in work.outputs))
    if work.rollback:
        undoing = work.rollback
        loss = _("; REWINDS DATA, by itself only while writes are proven off") if undoing.rewinds_data else ""
        yield _("     rollback: {play}, about {span}{loss}").format(
            play=_play(undoing.play), span=span(undoing.estimate), loss=loss
        )
        if undoing.verify:
            yield _("     rollback verified by: {play}").format(play=_play(undoing.verify))
    elif mutating:
        because = work.because.in_language(current_language()) if work.because else "-"
        yield _("     rollback: none, because {reason}").format(reason=because)


def _play(play: PlayRef) -> str:
    given = " ".join(f"{name}={value}" for name, value in sorted(play.vars.items()))
    return f"{play.playbook} {given}".strip()


def _probe(probe: Probe) -> str:
    limits = {
        ProbeKind.REACHABLE: "",
        ProbeKind.FREE_DISK: f" {probe.path} ≥ {format_size(probe.at_least or 0)}",
        ProbeKind.FREE_MEMORY: f" ≥ {format_size(probe.at_least or 0)}",
        ProbeKind.CLOCK_SKEW: f" ≤ {(probe.at_most or 0) / 1000:g} s",
        ProbeKind.LOAD: f" ≤ {(probe.at_most or 0) / 100:g}",
        ProbeKind.FILE: f" {probe.path}",
    }
    return spoken(probe.kind) + limits[probe.kind]


def unbound_lines(found: tuple[Unbound, ...]) -> Iterator[str]:
    """What is signed without its value being known."""
    if not found:
        yield _("UNBOUND: nothing; every value is known now")
        return
    yield _("UNBOUND: known only at run time")
    for unbound in found:
        mark = _("allowed") if unbound.allowed else _("REFUSED by policy")
        yield f"  {unbound.place}: {unbound.what}  [{mark}]"
