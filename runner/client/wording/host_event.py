"""What happened on hosts, as parts of lines: tasks, what programs printed, differences, figures of probes."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from typing import Final

from runner.client.wording.line import Meaning, Part, label, listed
from runner.model.document import JsonObject, JsonValue
from runner.wire.spoken import spoken
from runner.words import N_, _

Parts = tuple[Part, ...]

HOST_MEANINGS: Final = {
    "ok": Meaning.GOOD,
    "changed": Meaning.WAIT,
    "failed": Meaning.BAD,
    "unreachable": Meaning.BAD,
    "skipped": Meaning.FAINT,
    "item_changed": Meaning.WAIT,
    "item_failed": Meaning.BAD,
    "async_failed": Meaning.BAD,
    "retry": Meaning.FAINT,
}
"""Events that say how a task went on a host, and what that means."""
_SAYINGS: Final = {
    "warning": Meaning.WAIT,
    "deprecation": Meaning.FAINT,
    "error": Meaning.BAD,
    "output": Meaning.FAINT,
    "broken": Meaning.BAD,
}
_BORDERS: Final = {
    "held": N_("holds at a task border: the log cannot be written"),
    "released": N_("goes on: the log can be written again"),
    "stopped": N_("stopped at a task border"),
}
_DIFFERENCES: Final = {"+": Meaning.GOOD, "-": Meaning.BAD, "@": Meaning.FAINT}
_LONGEST: Final = 2000
"""Characters of one line that are shown."""
_MOST_LINES: Final = 40
"""Lines of one program's output, or of one difference, that are shown; the rest is counted."""


def ansible_parts(event: JsonObject) -> Iterator[Parts]:
    """An event of Ansible: lines as parts."""
    kind = text_of(event, "event")
    if kind == "task_start":
        yield (Part(_("task: {task}").format(task=text_of(event, "task"))),)
    elif kind == "diff":
        yield from _differences(event.get("diff"))
    elif kind in HOST_MEANINGS:
        yield from _host(kind, event)
    elif kind in _SAYINGS:
        text = text_of(event, "text") or text_of(event, "error")
        for said in _cut(text.splitlines() or [""]):
            yield Part("  " + label(spoken(kind)), Meaning.FAINT), Part(said, _SAYINGS[kind])
    elif kind in _BORDERS:
        yield (Part("  " + _(_BORDERS[kind]), Meaning.WAIT),)


def probe_parts(about: JsonObject, payload: JsonObject) -> Iterator[Parts]:
    """What a probe found on a host: lines as parts."""
    host = text_of(payload, "host") or text_of(about, "host")
    reason = text_of(payload, "reason")
    if text_of(payload, "probe"):
        figures = payload.get("figures")
        shown = listed(f"{key} {value}" for key, value in figures.items()) if isinstance(figures, dict) else ""
        within = payload.get("within") is True
        mark = Part(_("within limits"), Meaning.GOOD) if within else Part(_("OUTSIDE LIMITS"), Meaning.BAD)
        rest = "".join(f"  {text}" for text in (shown, reason) if text)
        yield Part(f"  {host} {label(spoken(text_of(payload, 'probe')))}"), mark, Part(rest)
    elif (outcome := text_of(payload, "outcome")) not in ("", "ok"):
        yield Part(f"  {host} "), Part(spoken(outcome), Meaning.BAD), Part(f"  {reason}" if reason else "")


def text_of(document: JsonObject, name: str) -> str:
    """A field of an entry as text; empty for none."""
    value = document.get(name)
    return "" if value is None else str(value)


def _host(kind: str, event: JsonObject) -> Iterator[Parts]:
    """How a task went on a host: its message, then what a program printed there."""
    result = event.get("result")
    known = result if isinstance(result, dict) else {}
    message = known.get("msg")
    first, *more = message.splitlines() if isinstance(message, str) and message else [""]
    ignored = Part(_(" (ignored)") if event.get("ignored") is True else "", Meaning.WAIT)
    item = event.get("item")
    where = text_of(event, "host") + (f" ({str(item)[:_LONGEST]})" if isinstance(item, str | int) else "")
    said = Part(f": {first[:_LONGEST]}" if first else "")
    yield Part(f"  {spoken(kind)}", HOST_MEANINGS[kind]), Part(f" {where}"), said, ignored
    for lines in (more, _printed(known, "stdout"), _printed(known, "stderr")):
        for text in _cut(lines):
            yield Part("    | ", Meaning.FAINT), Part(text)


def _printed(result: JsonObject, name: str) -> list[str]:
    text = result.get(name)
    return text.splitlines() if isinstance(text, str) else []


def _differences(found: JsonValue) -> Iterator[Parts]:
    """A difference as the module told it: before and after, or lines made ready."""
    for part in found if isinstance(found, list) else [found]:
        if not isinstance(part, dict):
            continue
        prepared = part.get("prepared")
        for text in _cut(prepared.splitlines() if isinstance(prepared, str) else _compared(part)):
            yield (Part("    "), Part(text, _DIFFERENCES.get(text[:1], Meaning.PLAIN)))


def _compared(part: JsonObject) -> list[str]:
    before, after = _side(part.get("before")), _side(part.get("after"))
    names = text_of(part, "before_header") or "before", text_of(part, "after_header") or "after"
    return list(difflib.unified_diff(before, after, *names, lineterm=""))


def _side(value: JsonValue) -> list[str]:
    if isinstance(value, dict):
        return [f"{name}: {value[name]}" for name in sorted(value)]
    return str(value).splitlines() if value not in (None, "") else []


def _cut(lines: Iterable[str]) -> Iterator[str]:
    """The first lines, each cut to what is shown, and how many more there are."""
    found = list(lines)
    for text in found[:_MOST_LINES]:
        yield text[:_LONGEST]
    if len(found) > _MOST_LINES:
        yield _("… and {count} more lines").format(count=len(found) - _MOST_LINES)
