"""A change and its plan in words: what two people are about to agree on, in the order they ask for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from runner.errors import fill
from runner.model.plan import Plan, Unbound
from runner.model.runbook import ManualWork, PlaybookWork, PlayRef, Probe, ProbeKind, RemoteWork, SoakWork, Step
from runner.model.text import Text
from runner.model.units import format_duration, format_size
from runner.rules.expansion import expand
from runner.wire.api_request import RequestShown
from runner.wire.spoken import spoken
from runner.words import _, current_language
from tui.backend import PlanShown
from tui.text import Line, Meaning, Part, Present, clock, day_and_minute, label, line, listed, pad, said, short, span

_HANGING: Final = 14
_STEP: Final = 5


def change_lines(shown: RequestShown, planned: PlanShown, present: Present) -> tuple[Line, ...]:
    """The whole page: the request, the plan, every step with its rollback, what is unbound, the digests."""
    sections = (
        tuple(_request(shown, present)),
        tuple(_head(planned, present)),
        tuple(_batches(planned.plan)),
        tuple(_steps(planned.plan)),
        tuple(_unbound(planned.plan.unbound)),
        tuple(_digests(planned.plan)),
    )
    page: list[Line] = []
    for section in sections:
        page += [*section, Line()]
    return tuple(page[:-1])


def _request(shown: RequestShown, present: Present) -> Iterator[Line]:
    """What, why, by whom; who has approved; what stands in the way."""
    request = shown.request
    yield _field(_("reason"), request.reason, Meaning.STRONG)
    asked = _("{person}, {at}").format(person=request.requester, at=clock(request.at, present))
    yield _field(_("requested by"), asked)
    for approval in shown.approvals:
        text = _("{person}, from {start} to {end}, used {used} of {runs}").format(
            person=approval.approver,
            start=clock(approval.not_before, present),
            end=clock(approval.not_after, present),
            used=approval.used,
            runs=approval.max_runs,
        )
        yield _field(_("approved by"), text, Meaning.GOOD)
    for run in shown.runs:
        text = _("{run} {state}, executor {executor}, confirmer {confirmer}").format(
            run=run.run, state=spoken(run.state.value), executor=run.executor, confirmer=run.confirmer or "-"
        )
        yield _field(_("run"), text)
    for hindrance in shown.hindrances:
        yield _field(_("cannot start"), said(hindrance, present), Meaning.WAIT)
    for revision in shown.revisions:
        text = _("revision {number}: {state}").format(number=revision.revision, state=spoken(revision.state.value))
        yield _field(_("before"), text, Meaning.FAINT)


def _head(planned: PlanShown, present: Present) -> Iterator[Line]:
    plan = planned.plan
    runbook, binding = plan.runbook, plan.binding
    yield _heading(f"{_in(runbook.title)}  ({runbook.id} {runbook.version})")
    if runbook.summary:
        yield line(_in(runbook.summary))
    risk = _("{risk} ({reason})").format(risk=spoken(plan.risk.value), reason=fill(plan.risk_reason, {}))
    yield _field(_("risk class"), risk)
    if binding.production:
        yield _field(
            _("environment"), _("PRODUCTION {environment}").format(environment=binding.environment), Meaning.BAD
        )
    else:
        yield _field(_("environment"), _("{environment}, not production").format(environment=binding.environment))
    for name, value in sorted(binding.parameters.items()):
        yield _field(_("parameter"), f"{name} = {value}")
    if binding.window is None:
        yield _field(_("window"), _("none needed"))
        return
    opens, closes = day_and_minute(binding.window.opens, present), day_and_minute(binding.window.closes, present)
    yield _field(_("window"), _("{opens} to {closes} ({zone})").format(opens=opens, closes=closes, zone=present.zone))
    by = clock(planned.rollback_decision_by, present) or "-"
    text = _("takes about {span}; latest rollback decision {by}").format(span=span(plan.rollback_estimate), by=by)
    yield _field(_("rollback"), text)


def _batches(plan: Plan) -> Iterator[Line]:
    expansion = expand(plan.runbook, plan.binding)
    yield _heading(
        _("hosts: {hosts}; batches: {batches}; the run stops after {failures} failed hosts").format(
            hosts=len(expansion.hosts),
            batches=len(expansion.batches),
            failures=plan.runbook.targets.stop_after_failures,
        )
    )
    for number, batch in enumerate(expansion.batches, start=1):
        for name in batch:
            host = plan.binding.host(name)
            where = f"{host.user}@{host.address}:{host.port}".removeprefix("@") if host.address else host.connection
            where = f"{spoken(where)}, {host.identity}"
            batch_word = _("batch {number}").format(number=number)
            yield Line(
                (Part("  " + label(batch_word)), Part(name, Meaning.STRONG), Part(f"  {where}", Meaning.FAINT)), _STEP
            )


def _steps(plan: Plan) -> Iterator[Line]:
    yield _heading(_("steps"))
    for number, step in enumerate(plan.runbook.steps, start=1):
        yield from _step(number, step)
    if plan.runbook.after_rollback:
        play = plan.runbook.after_rollback.playbook
        yield line(_("after rollback: {play} proves the service healthy").format(play=play))


def _step(number: int, step: Step) -> Iterator[Line]:
    kind = _("changes hosts") if step.mutating else _("read only")
    facts = [kind, _("at most {span}").format(span=span(step.timeout))]
    if step.once:
        facts.insert(1, _("once, {when} the batches").format(when=spoken(step.once.value)))
    title = f"  {_in(step.title)}" if step.title else ""
    yield Line(
        (
            Part(f"{number}. {step.id}", Meaning.STRONG),
            Part(title),
            Part("  " + listed(facts), Meaning.WAIT if step.mutating else Meaning.FAINT),
        ),
        _STEP,
    )
    if step.gate:
        say = _in(step.gate.say) if step.gate.say else _("both people sign before it")
        text = _("{say} (waits {span}, then: {late})").format(
            say=say, span=format_duration(step.gate.wait_at_most), late=spoken(step.gate.when_late.value)
        )
        yield _detail(_("gate"), text, Meaning.WAIT)
    yield from _work(step)


def _work(step: Step) -> Iterator[Line]:
    work = step.work
    if isinstance(work, PlaybookWork):
        yield from _playbook(work, mutating=step.mutating)
    elif isinstance(work, RemoteWork):
        yield _detail(_("looks"), _("; ").join(probe_text(probe) for probe in work.probes))
    elif isinstance(work, ManualWork):
        yield from _manual(work)
    elif isinstance(work, SoakWork):
        yield _detail(
            _("watch"),
            _("{play} every {every} for {lasts}, {tolerate} failures tolerated").format(
                play=_play(work.play),
                every=format_duration(work.every),
                lasts=format_duration(work.lasts),
                tolerate=work.tolerate,
            ),
        )


def _playbook(work: PlaybookWork, *, mutating: bool) -> Iterator[Line]:
    yield _detail(_("play"), _play(work.play))
    if work.verify:
        yield _detail(_("verify"), _play(work.verify))
    if work.settle:
        yield _detail(_("settle"), _play(work.settle))
    if work.outputs:
        yield _detail(_("reports"), listed(output.name for output in work.outputs))
    if work.rollback:
        undoing = work.rollback
        text = _("{play}, about {span}").format(play=_play(undoing.play), span=span(undoing.estimate))
        yield _detail(_("rollback"), text, Meaning.STRONG)
        if undoing.rewinds_data:
            yield _detail(_("rollback"), _("REWINDS DATA: by itself only while writes are proven off"), Meaning.BAD)
        if undoing.verify:
            yield _detail(_("rollback"), _("verified by {play}").format(play=_play(undoing.verify)))
    elif mutating:
        yield _detail(_("rollback"), _("none, because {reason}").format(reason=_because(work.because)), Meaning.WAIT)


def _manual(work: ManualWork) -> Iterator[Line]:
    yield _detail(_("by hand"), _in(work.instruct), Meaning.STRONG)
    for reading in work.record:
        yield _detail(_("record"), f"{reading.name} ({spoken(reading.type.value)})")
    if work.rollback:
        yield _detail(_("rollback"), _in(work.rollback), Meaning.STRONG)
    elif not work.read_only:
        yield _detail(_("rollback"), _("none, because {reason}").format(reason=_because(work.because)), Meaning.WAIT)


def probe_text(probe: Probe) -> str:
    """One look at a host with its limit."""
    limits = {
        ProbeKind.REACHABLE: "",
        ProbeKind.FREE_DISK: f" {probe.path} >= {format_size(probe.at_least or 0)}",
        ProbeKind.FREE_MEMORY: f" >= {format_size(probe.at_least or 0)}",
        ProbeKind.CLOCK_SKEW: f" <= {(probe.at_most or 0) / 1000:g} s",
        ProbeKind.LOAD: f" <= {(probe.at_most or 0) / 100:g}",
        ProbeKind.FILE: f" {probe.path}",
    }
    return spoken(probe.kind.value) + limits[probe.kind]


def _unbound(found: tuple[Unbound, ...]) -> Iterator[Line]:
    if not found:
        yield _heading(_("UNBOUND: nothing; every value is known now"))
        return
    yield _heading(_("UNBOUND: known only at run time"))
    for unbound in found:
        mark = Part(_("allowed"), Meaning.FAINT) if unbound.allowed else Part(_("REFUSED by policy"), Meaning.BAD)
        yield Line((Part(f"  {unbound.place}: {unbound.what}  "), mark), _STEP)


def _digests(plan: Plan) -> Iterator[Line]:
    yield _heading(_("digests, recomputed here"))
    for name, digest in (
        (_("plan"), plan.digests.plan),
        (_("content"), plan.digests.content),
        (_("binding"), plan.digests.binding),
        (_("runtime"), plan.digests.runtime),
    ):
        yield Line(
            (
                Part(pad("  " + label(name), _HANGING)),
                Part(short(digest), Meaning.STRONG),
                Part(f"  {digest}", Meaning.FAINT),
            )
        )
    yield line("  " + _("{count} files in the content").format(count=len(plan.content.files)), Meaning.FAINT)
    versions = plan.runtime
    text = _("executed by Twokey {twokey}, ansible-core {core}, ansible-runner {runner}, Python {python}").format(
        twokey=versions.twokey, core=versions.ansible_core, runner=versions.ansible_runner, python=versions.python
    )
    yield line("  " + text, Meaning.FAINT, indent=2)


def _heading(text: str) -> Line:
    return line(text, Meaning.STRONG, indent=2)


def _field(name: str, text: str, meaning: Meaning = Meaning.PLAIN) -> Line:
    return Line((Part(label(name), Meaning.FAINT), Part(text, meaning)), 2)


def _detail(name: str, text: str, meaning: Meaning = Meaning.PLAIN) -> Line:
    return Line((Part(" " * _STEP + label(name), Meaning.FAINT), Part(text, meaning)), _STEP + 2)


def _play(play: PlayRef) -> str:
    given = " ".join(f"{name}={value}" for name, value in sorted(play.vars.items()))
    return f"{play.playbook} {given}".strip()


def _in(text: Text) -> str:
    return text.in_language(current_language())


def _because(text: Text | None) -> str:
    return _in(text) if text else "-"
