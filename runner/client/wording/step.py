"""A step of a runbook in words: what it does, how that is proven, and how it is undone (laws L3 and L13)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final

from runner.client.wording.line import Meaning, Part, Told, listed, told
from runner.client.wording.present import span
from runner.errors import UsageError
from runner.model.document import JsonValue
from runner.model.runbook import (
    ManualWork,
    Parameter,
    PlaybookWork,
    PlayRef,
    Probe,
    ProbeKind,
    RemoteWork,
    Rollback,
    SoakWork,
    Step,
)
from runner.model.text import Text
from runner.model.units import format_duration, format_size
from runner.rules.parameters import shown_value
from runner.rules.references import Scope, fill, references_in
from runner.wire.spoken import spoken
from runner.words import _, current_language

Values = Mapping[str, JsonValue]
"""Parameters by name; empty where a runbook is read without a request."""

_START: Final = 5
"""Cells before what is said of a step."""


def step_told(number: int, step: Step, parameters: Values) -> Iterator[Told]:
    """One step: what it does with which variables, its gate, its verification and its rollback."""
    yield Told(None, tuple(_head(number, step)))
    if step.gate:
        yield _detail(_("gate"), in_words(step.gate.say) or _("both people sign before it"), Meaning.WAIT)
        late = _("waits {span}, then: {late}").format(
            span=format_duration(step.gate.wait_at_most), late=spoken(step.gate.when_late.value)
        )
        yield _detail("", late)
    yield from _work(step, parameters)


def variables_told(variables: Values, parameters: Values) -> Iterator[str]:
    """Each variable as written; beside it its value where the request's parameters decide it."""
    for name, value in sorted(variables.items()):
        yield _("with {name} = {value}").format(name=name, value=_given(value, parameters))


def in_words(text: Text | None) -> str:
    """What a site's author wrote, in the current language; empty for nothing."""
    return text.in_language(current_language()) if text else ""


def parameter_text(parameter: Parameter) -> str:
    """A value that is asked for: its name, type, question and limits."""
    named = _("{name} ({type})").format(name=parameter.name, type=spoken(parameter.type.value))
    limits = listed(_limits(parameter))
    return "  ".join(part for part in (named, in_words(parameter.ask), f"[{limits}]" if limits else "") if part)


def probe_text(probe: Probe) -> str:
    """One look at a host with its limit."""
    limits = {
        ProbeKind.REACHABLE: "",
        ProbeKind.FREE_DISK: f" {probe.path} ≥ {format_size(probe.at_least or 0)}",
        ProbeKind.FREE_MEMORY: f" ≥ {format_size(probe.at_least or 0)}",
        ProbeKind.CLOCK_SKEW: f" ≤ {(probe.at_most or 0) / 1000:g} s",
        ProbeKind.LOAD: f" ≤ {(probe.at_most or 0) / 100:g}",
        ProbeKind.FILE: f" {probe.path}",
    }
    return spoken(probe.kind.value) + limits[probe.kind]


def _head(number: int, step: Step) -> Iterator[Part]:
    facts = [_("changes hosts") if step.mutating else _("read only")]
    if step.once:
        facts.append(_("once {when} the batches").format(when=spoken(step.once.value)))
    facts.append(_("at most {span}").format(span=span(step.timeout)))
    if isinstance(step.work, PlaybookWork) and step.work.irreversible:
        facts.append(_("IRREVERSIBLE"))
    yield Part(f"{number}. {step.id}", Meaning.STRONG)
    if step.title:
        yield Part(f"  {in_words(step.title)}")
    yield Part(f"  [{listed(facts)}]", Meaning.WAIT if step.mutating else Meaning.FAINT)


def _work(step: Step, parameters: Values) -> Iterator[Told]:
    work = step.work
    if isinstance(work, PlaybookWork):
        yield from _playbook(work, parameters, mutating=step.mutating)
    elif isinstance(work, RemoteWork):
        for place, probe in enumerate(work.probes):
            yield _detail("" if place else _("looks"), probe_text(probe))
    elif isinstance(work, ManualWork):
        yield from _manual(work)
    elif isinstance(work, SoakWork):
        yield from _play(_("watch"), work.play, parameters)
        yield _detail(
            "",
            _("every {every} for {lasts}, {tolerate} failures tolerated").format(
                every=format_duration(work.every), lasts=format_duration(work.lasts), tolerate=work.tolerate
            ),
        )


def _playbook(work: PlaybookWork, parameters: Values, *, mutating: bool) -> Iterator[Told]:
    yield from _play(_("play"), work.play, parameters)
    if work.outputs:
        reported = (_("{name} ({type})").format(name=each.name, type=spoken(each.type.value)) for each in work.outputs)
        yield _detail(_("reports"), listed(reported))
    if work.verify:
        yield from _play(_("verify"), work.verify, parameters)
    elif mutating:
        yield _detail(_("verify"), _("none of its own: the watch after it proves it"))
    if work.settle:
        yield from _play(_("settle"), work.settle, parameters)
    elif mutating:
        yield _detail(_("settle"), _("none: where its end is not seen, two people decide"))
    if work.rollback:
        yield from _rollback(work.rollback, parameters)
    elif mutating:
        yield _no_rollback(work.because)


def _rollback(undoing: Rollback, parameters: Values) -> Iterator[Told]:
    takes = _("{play}, about {span}, at most {most}")
    sentence = takes.format(play=undoing.play.playbook, span=span(undoing.estimate), most=span(undoing.timeout))
    yield from _play(_("rollback"), undoing.play, parameters, sentence, Meaning.STRONG)
    if undoing.rewinds_data:
        yield _detail("", _("REWINDS DATA: by itself only while writes are proven off"), Meaning.BAD)
    if undoing.writes_off:
        yield from _play(
            "",
            undoing.writes_off,
            parameters,
            _("writes proven off by {play}").format(play=undoing.writes_off.playbook),
        )
    if undoing.verify:
        yield from _play("", undoing.verify, parameters, _("verified by {play}").format(play=undoing.verify.playbook))
    else:
        yield _detail("", _("not verified by a play of its own"))


def _manual(work: ManualWork) -> Iterator[Told]:
    yield _detail(_("by hand"), in_words(work.instruct), Meaning.STRONG)
    for reading in work.record:
        yield _detail(_("record"), parameter_text(reading))
    if work.rollback:
        undo = _("by hand: {text}").format(text=in_words(work.rollback))
        yield _detail(_("rollback"), undo, Meaning.STRONG)
    elif not work.read_only:
        yield _no_rollback(work.because)


def _no_rollback(because: Text | None) -> Told:
    text = _("none, because {reason}").format(reason=in_words(because) or "-")
    return _detail(_("rollback"), text, Meaning.WAIT)


def _play(
    name: str, play: PlayRef, parameters: Values, sentence: str = "", meaning: Meaning = Meaning.PLAIN
) -> Iterator[Told]:
    """A play, then its variables, one on each line."""
    yield _detail(name, sentence or play.playbook, meaning)
    for variable in variables_told(play.vars, parameters):
        yield _detail("", variable)


def _given(value: JsonValue, parameters: Values) -> str:
    written = _written(value)
    if not any(True for _found in references_in(value)):
        return written
    try:
        return f"{written} → {_written(fill(value, Scope(parameters=parameters)))}"
    except UsageError:
        return written


def _written(value: JsonValue) -> str:
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def _limits(parameter: Parameter) -> Iterator[str]:
    if parameter.choices:
        yield " | ".join(parameter.choices)
    if parameter.pattern:
        yield parameter.pattern
    if parameter.minimum is not None:
        yield f"≥ {shown_value(parameter, parameter.minimum)}"
    if parameter.maximum is not None:
        yield f"≤ {shown_value(parameter, parameter.maximum)}"


def _detail(name: str, text: str, meaning: Meaning = Meaning.PLAIN) -> Told:
    return told(name, text, meaning, _START)
