"""Log entries of a run as lines for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from runner.model.document import JsonObject, JsonValue
from runner.rules.tags import Tag
from runner.wire.api_audit import EntryShown
from runner.words import _

_HOST_EVENTS: Final = {
    "ok": "good",
    "changed": "wait",
    "failed": "bad",
    "unreachable": "bad",
    "skipped": "faint",
    "item_failed": "bad",
    "retry": "faint",
}
_SPOKEN: Final = ("warning", "deprecation", "error", "output")
_LONGEST: Final = 400


def event_lines(entry: EntryShown) -> Iterator[tuple[str, str]]:
    """Lines of one entry, each with its meaning for colour."""
    payload = entry.payload or {}
    when = entry.occurred[11:19]
    if entry.tag == Tag.ANSIBLE_EVENT:
        for line, meaning in _ansible(payload):
            yield f"{when}     {line}", meaning
    elif entry.tag == Tag.PROBE_RESULT:
        yield f"{when}     {_probe(entry.about, payload)}", ""
    elif entry.tag in (Tag.ATTEMPT_BEGUN, Tag.ATTEMPT_ENDED, Tag.ATTEMPT_UNKNOWN):
        yield f"{when} {_attempt(entry, payload)}", "strong" if entry.tag == Tag.ATTEMPT_BEGUN else ""
    elif entry.tag == Tag.RUN_MOVED:
        moved = _("run: {old} → {new}").format(old=_(_text(payload, "from")), new=_(_text(payload, "to")))
        yield f"{when} {moved}", "strong"
    elif entry.tag == Tag.ATTEMPT_INTENDED:
        return
    else:
        yield f"{when} {entry.tag}  {entry.actor}", "faint"


def _attempt(entry: EntryShown, payload: JsonObject) -> str:
    about = entry.about
    name = f"{about.get('batch')}/{about.get('step')}.{about.get('role')}/{about.get('attempt')}"
    if entry.tag == Tag.ATTEMPT_BEGUN:
        return _("begun: {attempt}").format(attempt=name)
    reason = _text(payload, "reason")
    text = _("ended: {attempt}: {state}").format(attempt=name, state=_(_text(payload, "state")))
    return f"{text} ({reason})" if reason else text


def _ansible(event: JsonObject) -> Iterator[tuple[str, str]]:
    kind = _text(event, "event")
    if kind == "task_start":
        yield _("task: {task}").format(task=_text(event, "task")), ""
    elif kind in _HOST_EVENTS:
        yield f"  {_(kind)}: {_text(event, 'host')}{_message(event)}", _HOST_EVENTS[kind]
    elif kind in _SPOKEN:
        yield f"  {_(kind)}: {_text(event, 'text')[:_LONGEST]}", "faint"


def _message(event: JsonObject) -> str:
    result = event.get("result")
    message = result.get("msg") if isinstance(result, dict) else None
    return f": {message[:_LONGEST]}" if isinstance(message, str) and message else ""


def _probe(about: JsonObject, payload: JsonObject) -> str:
    figures = payload.get("figures")
    shown = ", ".join(f"{name} {value}" for name, value in figures.items()) if isinstance(figures, dict) else ""
    mark = _("within limits") if payload.get("within", payload.get("ok")) else _("OUTSIDE LIMITS")
    return f"{about.get('host', '')} {_text(payload, 'probe') or _text(payload, 'event')}: {mark} {shown}".rstrip()


def _text(document: JsonObject, name: str) -> str:
    value: JsonValue = document.get(name)
    return "" if value is None else str(value)
