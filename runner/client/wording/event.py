"""Log entries of a run as lines of output: what people and the service did, and what happened on hosts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from runner.client.wording.host_event import ansible_parts, probe_parts, text_of
from runner.client.wording.line import Line, Meaning, Part, label
from runner.client.wording.present import Present, time_of_day
from runner.client.wording.run import RUN_MEANINGS, attempt_name
from runner.errors import fill
from runner.model.document import JsonObject, JsonValue
from runner.rules.expansion import AFTER_ROLLBACK
from runner.rules.tags import Tag
from runner.wire.api_audit import EntryShown
from runner.wire.spoken import spoken
from runner.words import N_, _

_SENTENCES: Final[Mapping[str, tuple[str, Meaning]]] = {
    Tag.RUN_START_SIGNED: (N_("{actor} signed the start, as executor"), Meaning.STRONG),
    Tag.RUN_CONFIRM_SIGNED: (N_("{actor} confirmed the start"), Meaning.STRONG),
    Tag.CHECK_STARTED: (N_("{actor} signed the check"), Meaning.STRONG),
    Tag.RUN_GATE_SIGNED: (N_("{actor} signed the gate"), Meaning.STRONG),
    Tag.RUN_SHEET_SIGNED: (N_("{actor} signed the sheet"), Meaning.STRONG),
    Tag.RUN_DECISION_SIGNED: (N_("{actor} signed a decision"), Meaning.STRONG),
    Tag.RUN_RESULT_SIGNED: (N_("{actor} signed the result"), Meaning.STRONG),
    Tag.RUN_PAUSE_ASKED: (N_("{actor} asks for a pause"), Meaning.STRONG),
    Tag.RUN_ABORT_ASKED: (N_("{actor} asks for a stop at the next task border"), Meaning.STRONG),
    Tag.RUN_GATE_PASSED: (N_("both have signed: the gate is passed"), Meaning.STRONG),
    Tag.RUN_SHEET_DONE: (N_("both have signed: the sheet is done"), Meaning.STRONG),
    Tag.RUN_ASKED: (N_("the run waits for a decision: {question}"), Meaning.ALARM),
    Tag.RUN_DECIDED: (N_("both have signed: {question}: {choice}"), Meaning.STRONG),
    Tag.RUN_TURNED_BACK: (N_("the run turns back: {cause}"), Meaning.BAD),
    Tag.RUN_OVERRAN: (N_("work went on for {seconds} s after the window had closed"), Meaning.BAD),
    Tag.ATTEMPT_HELD: (N_("holds at a task border: the log cannot be written"), Meaning.BAD),
    Tag.ATTEMPT_RELEASED: (N_("goes on: the log can be written again"), Meaning.STRONG),
    Tag.ATTEMPT_CANCEL_ASKED: (N_("the attempt is asked to stop at the next task border"), Meaning.STRONG),
    Tag.LOCKS_TAKEN: (N_("hosts are locked for this run"), Meaning.FAINT),
    Tag.LOCKS_RELEASED: (N_("hosts are released"), Meaning.FAINT),
    Tag.SHIM_REATTACHED: (N_("a new service has taken up the run where it is"), Meaning.WAIT),
    Tag.SHIM_GONE: (N_("the process that carried out the attempt is gone"), Meaning.BAD),
    Tag.ACT_DROPPED: (N_("the first signature has lapsed"), Meaning.WAIT),
}
"""Sentences for entries, with what they mean."""
_UNSAID: Final = frozenset({Tag.ATTEMPT_INTENDED, Tag.RUN_CREATED, Tag.SHIM_STARTED, Tag.LOG_QUERIED})
"""What is in the log and tells somebody who watches nothing new."""
_ATTEMPTS: Final = frozenset({Tag.ATTEMPT_BEGUN, Tag.ATTEMPT_ENDED, Tag.ATTEMPT_UNKNOWN, Tag.ATTEMPT_NEVER_BEGUN})
_WORDS: Final = frozenset({"cause", "choice", "question"})
"""Fields that are words of ours."""
_STATES: Final[Mapping[str, Meaning]] = {state.value: meaning for state, meaning in RUN_MEANINGS.items()}
_HANGING: Final = 9


def event_lines(entry: EntryShown, present: Present) -> tuple[Line, ...]:
    """Lines of one entry, each beginning with the time people at the site read."""
    when = Part(f"{time_of_day(datetime.fromisoformat(entry.occurred), present)} ", Meaning.FAINT)
    return tuple(Line((when, *parts), _HANGING) for parts in _parts(entry, entry.payload or {}))


def _parts(entry: EntryShown, payload: JsonObject) -> Iterator[tuple[Part, ...]]:
    tag = entry.tag
    if tag in _UNSAID:
        return
    if tag == Tag.ANSIBLE_EVENT:
        yield from ansible_parts(payload)
    elif tag == Tag.PROBE_RESULT:
        yield from probe_parts(entry.about, payload)
    elif tag in _ATTEMPTS:
        yield _attempt(entry, payload)
    elif tag == Tag.RUN_MOVED:
        yield _moved(payload)
    elif tag == Tag.RUN_OUTPUTS:
        for name, value in payload.items():
            yield Part("  " + label(_("reported")), Meaning.FAINT), Part(f"{name} = {value}")
    elif tag == Tag.STATEMENT_REFUSED:
        yield (Part(_refusal(entry.actor, payload), Meaning.BAD),)
    elif tag in _SENTENCES:
        sentence, meaning = _SENTENCES[tag]
        yield (Part(_(sentence).format_map(_Facts(_facts(entry, payload))), meaning),)
    else:
        yield (Part(f"{tag}  {entry.actor}", Meaning.FAINT),)


class _Facts(dict[str, JsonValue]):
    """Facts of a sentence; one that an entry does not carry is a dash."""

    def __missing__(self, name: str) -> str:
        return "-"


def _facts(entry: EntryShown, payload: JsonObject) -> JsonObject:
    facts = {name: spoken(str(value)) if name in _WORDS else value for name, value in payload.items()}
    return facts | {"actor": entry.actor}


def _attempt(entry: EntryShown, payload: JsonObject) -> tuple[Part, ...]:
    about = entry.about
    batch, step, role, number = (text_of(about, part) or "-" for part in ("batch", "step", "role", "attempt"))
    if step == AFTER_ROLLBACK:
        step = _("after the rollback")
    name = f"{batch}/{step} {attempt_name(role, number)}"
    if entry.tag == Tag.ATTEMPT_BEGUN:
        return (Part(_("begun: {attempt}").format(attempt=name), Meaning.STRONG),)
    state = text_of(payload, "state") or ("never_begun" if entry.tag == Tag.ATTEMPT_NEVER_BEGUN else "")
    meaning = {"succeeded": Meaning.GOOD, "unknown": Meaning.ALARM}.get(state, Meaning.BAD)
    ended = Part(_("ended: {attempt}: {state}").format(attempt=name, state=spoken(state) if state else "-"), meaning)
    reason = text_of(payload, "reason")
    return (ended, Part(f"  {reason}")) if reason else (ended,)


def _moved(payload: JsonObject) -> tuple[Part, ...]:
    old, new = text_of(payload, "from"), text_of(payload, "to")
    text = _("run: {old} → {new}").format(old=spoken(old) if old else "-", new=spoken(new) if new else "-")
    return (Part(text, _STATES.get(new, Meaning.STRONG)),)


def _refusal(actor: str, payload: JsonObject) -> str:
    facts = payload.get("facts")
    known = (
        {name: fact for name, fact in facts.items() if isinstance(fact, str | int)} if isinstance(facts, dict) else {}
    )
    reason = fill(text_of(payload, "message"), {"person": actor, **known})
    return _("REFUSED, {person}: {reason} (rule {rule})").format(
        person=actor, reason=reason or "-", rule=text_of(payload, "rule") or "-"
    )
