"""A runbook in words, and what changed between two versions of its content."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping

from runner.cli.output import put, put_lines
from runner.client.content import LocalContent
from runner.client.wording.line import Told, aligned, listed, sections, short, told
from runner.client.wording.plan import failure_told, heading, title_told, unbound_told
from runner.client.wording.step import parameter_text, step_told, variables_told
from runner.model.policy import UnboundRules
from runner.model.runbook import Runbook, Targets
from runner.model.units import format_duration
from runner.rules.expansion import unbound_of
from runner.rules.parameters import shown_value
from runner.runbook.content_tree import Blob
from runner.wire.spoken import spoken
from runner.words import _

_LONGEST_DIFF = 400
"""Lines of one file's differences that are shown; the rest is counted."""


def print_runbook(local: LocalContent) -> None:
    """Title, parameters, targets, steps with the rollback of each, and the files it reaches."""
    runbook = local.reach.runbook
    steps = (each for number, step in enumerate(runbook.steps, start=1) for each in step_told(number, step, {}))
    unbound = unbound_told(unbound_of(runbook, local.reach.unbound, UnboundRules()))
    put_lines(aligned(sections(_head(runbook), steps, unbound, _files(local))))


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


def _head(runbook: Runbook) -> Iterator[Told]:
    yield from title_told(runbook)
    yield told(
        _("family"), _("{family}; owner {owner}").format(family=spoken(runbook.family.value), owner=runbook.owner)
    )
    yield told(_("risk class"), _("{risk}, as declared").format(risk=spoken(runbook.risk.value)))
    if runbook.controls:
        yield told(_("controls"), listed(runbook.controls))
    yield told(_("targets"), _targets(runbook.targets))
    yield told(_("window"), _("required") if runbook.window_required else _("not required"))
    if runbook.business_impact:
        yield told(_("business"), _("affected: a business owner verifies the result"))
    if runbook.trial:
        yield told(_("trial"), _("{span} at least").format(span=format_duration(runbook.trial)))
    if runbook.mutating:
        yield from failure_told(runbook)
    for parameter in runbook.parameters:
        usual = _("usually {value}").format(value=shown_value(parameter, parameter.default))
        need = _("required") if parameter.default is None else usual
        yield told(_("parameter"), f"{parameter_text(parameter)}  {need}")
    for place, variable in enumerate(variables_told(runbook.vars, {})):
        yield told("" if place else _("every play"), variable)


def _files(local: LocalContent) -> Iterator[Told]:
    count = len(local.reach.content.files)
    yield heading(_("content {digest}, {count} files").format(digest=short(local.digest), count=count))
    for file in local.reach.content.files:
        mark = _("  (executable)") if file.executable else ""
        yield told(None, f"{short(file.sha256)}  {file.path}{mark}", start=2)


def _targets(targets: Targets) -> str:
    who = _("group {group}").format(group=targets.group) if targets.group else listed(targets.hosts)
    how = _("{count} at a time").format(count=targets.batch) if targets.batch else _("all at once")
    return listed((who, how))
