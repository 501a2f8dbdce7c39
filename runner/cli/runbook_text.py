"""A runbook in words, and what changed between two versions of its content."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping

from runner.cli.output import put
from runner.cli.plan_text import short, step_lines, unbound_lines
from runner.client.content import LocalContent
from runner.model.policy import UnboundRules
from runner.model.runbook import Parameter, RollbackScope, Runbook, Targets
from runner.rules.expansion import unbound_of
from runner.runbook.content_tree import Blob
from runner.wire.spoken import spoken
from runner.words import N_, _, current_language

_SCOPES = {RollbackScope.BATCH: N_("its own batch"), RollbackScope.RUN: N_("every batch of the run")}
"""How far a rollback reaches."""
_LONGEST_DIFF = 400
"""Lines of one file's differences that are shown; the rest is counted."""


def print_runbook(local: LocalContent) -> None:
    """Title, parameters, targets, steps with the rollback of each, and the files it reaches."""
    runbook = local.reach.runbook
    for line in _head(runbook):
        put(line)
    put(
        _("content:     {digest}, {count} files").format(
            digest=short(local.digest), count=len(local.reach.content.files)
        )
    )
    put()
    for parameter in runbook.parameters:
        put(_parameter(parameter))
    for number, step in enumerate(runbook.steps, start=1):
        for line in step_lines(number, step):
            put(line)
    put()
    for line in unbound_lines(unbound_of(runbook, local.reach.unbound, UnboundRules())):
        put(line)
    put()
    for file in local.reach.content.files:
        put(f"  {short(file.sha256)}  {file.path}" + (_("  (executable)") if file.executable else ""))


def print_difference(before: Mapping[str, Blob], after: Mapping[str, Blob]) -> None:
    """What changed from one content to another, file by file."""
    for path in sorted(before.keys() | after.keys()):
        old, new = before.get(path), after.get(path)
        if old == new:
            continue
        if new is None:
            put(_("removed: {path}").format(path=path), "bad")
        elif old is None:
            put(_("added: {path}, {size} bytes").format(path=path, size=len(new.data)), "good")
        elif old.executable != new.executable:
            put(_("executable bit changed: {path}").format(path=path), "wait")
        _print_lines(path, old, new)


def _print_lines(path: str, old: Blob | None, new: Blob | None) -> None:
    try:
        before, after = _lines_of(old), _lines_of(new)
    except UnicodeDecodeError:
        put(_("changed: {path} (not text)").format(path=path), "wait")
        return
    found = list(difflib.unified_diff(before, after, f"a/{path}", f"b/{path}", lineterm=""))
    for line in found[:_LONGEST_DIFF]:
        put(line, {"+": "good", "-": "bad", "@": "faint"}.get(line[:1], ""))
    if len(found) > _LONGEST_DIFF:
        put(_("… and {count} more lines").format(count=len(found) - _LONGEST_DIFF))


def _lines_of(blob: Blob | None) -> list[str]:
    return blob.data.decode().splitlines() if blob else []


def _head(runbook: Runbook) -> Iterator[str]:
    language = current_language()
    yield f"{runbook.title.in_language(language)}  ({runbook.id} {runbook.version})"
    if runbook.summary:
        yield runbook.summary.in_language(language)
    yield _("family:      {family}; owner {owner}").format(family=spoken(runbook.family), owner=runbook.owner)
    yield _("risk class:  {risk}, as declared").format(risk=spoken(runbook.risk))
    if runbook.controls:
        yield _("controls:    {controls}").format(controls=_(", ").join(runbook.controls))
    yield _("targets:     {targets}").format(targets=_targets(runbook.targets))
    window = _("required") if runbook.window_required else _("not required")
    yield _("window:      {window}; at its end: {end}").format(window=window, end=spoken(runbook.at_window_end))
    yield _("on failure:  {action} ({scope})").format(
        action=spoken(runbook.on_failure), scope=_(_SCOPES[runbook.rollback_scope])
    )


def _targets(targets: Targets) -> str:
    who = _("group {group}").format(group=targets.group) if targets.group else _(", ").join(targets.hosts)
    how = _("{count} at a time").format(count=targets.batch) if targets.batch else _("all at once")
    return _(", ").join((who, how))


def _parameter(parameter: Parameter) -> str:
    ask = _(": {text}").format(text=parameter.ask.in_language(current_language())) if parameter.ask else ""
    limits = []
    if parameter.choices:
        limits.append(" | ".join(parameter.choices))
    if parameter.pattern:
        limits.append(parameter.pattern)
    if parameter.minimum is not None:
        limits.append(f"≥ {parameter.minimum}")
    if parameter.maximum is not None:
        limits.append(f"≤ {parameter.maximum}")
    limits.append(_("required") if parameter.default is None else _("usually {value}").format(value=parameter.default))
    return _("parameter {name} ({type}){ask}  [{limits}]").format(
        name=parameter.name, type=parameter.type.value, ask=ask, limits=_(", ").join(limits)
    )
