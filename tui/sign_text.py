"""The two-person dialog as values: how far it is, who has signed, who still has to, and the text that is signed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from runner.client.wording.grant import grant_in_short, leaving_lines, terms_lines
from runner.errors import RefusedError, RunnerError
from runner.model.document import JsonValue
from runner.model.statement import StatementKind
from runner.wire.api import ServiceStatus, Words
from runner.wire.api_request import Act, Outcome
from runner.words import N_, _
from tui.backend import Prepared
from tui.intents import Intent, kind_of, subject_of
from tui.text import Line, Meaning, Part, Present, clock, error_lines, left_until, line, listed, said, short
from tui.top_text import place_part

TITLES: Final = {
    StatementKind.APPROVE: N_("approval of change {subject}"),
    StatementKind.REJECT: N_("rejection of change {subject}"),
    StatementKind.WITHDRAW: N_("withdrawal of change {subject}"),
    StatementKind.REVOKE: N_("end of the standing approval of change {subject}"),
    StatementKind.START: N_("start of change {subject}: executor, then confirmer"),
    StatementKind.CONFIRM: N_("confirmation of run {subject}: it begins at once"),
    StatementKind.GATE: N_("gate of run {subject}: both sign"),
    StatementKind.SHEET: N_("sheet of a manual step of run {subject}: both sign"),
    StatementKind.PAUSE: N_("pause of run {subject}: one suffices"),
    StatementKind.ABORT: N_("stop of run {subject}: one suffices"),
    StatementKind.DECIDE: N_("decision about run {subject}: both sign"),
    StatementKind.HAND_OVER: N_("hand-over of run {subject}: who goes and who comes both sign"),
    StatementKind.CLOSE: N_("result of run {subject}: both sign"),
    StatementKind.VERIFY: N_("business verification of run {subject}"),
    StatementKind.ACCEPT: N_("acceptance of run {subject}: information and using department sign"),
    StatementKind.APPLY: N_("application for a grant about {subject}"),
    StatementKind.GRANT: N_("approval of grant {subject}: it takes effect at once"),
    StatementKind.DENY: N_("grant {subject} is turned down"),
    StatementKind.RETRACT: N_("grant {subject} is taken back"),
    StatementKind.INSPECT: N_("inspection of grant {subject}"),
}
_ABOUT_GRANTS: Final = frozenset(
    {StatementKind.APPLY, StatementKind.GRANT, StatementKind.DENY, StatementKind.RETRACT, StatementKind.INSPECT}
)
_MANY: Final = 6


class Phase(StrEnum):
    """How far a signature is."""

    PREPARING = "preparing"
    """Plan and log are being checked, the text is being made."""
    READY = "ready"
    """The text can be read and signed."""
    SIGNING = "signing"
    WAITING = "waiting"
    """Signed by one; another person still has to."""
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Signing:
    """One signature on its way, with what came before it in the same dialog."""

    intent: Intent
    phase: Phase = Phase.PREPARING
    prepared: Prepared | None = None
    outcome: Outcome | None = None
    """What the last signature brought about."""
    error: RunnerError | None = None

    @property
    def awaited(self) -> Act | None:
        """The signature that is still missing."""
        return self.outcome.next if self.outcome is not None and self.phase is not Phase.DONE else None


def awaits_another(outcome: Outcome) -> bool:
    """Whether the act needs another person's signature: a start its confirmation, a joint act the same once more."""
    return outcome.next is not None and (not outcome.complete or outcome.kind is StatementKind.START)


@dataclass(frozen=True, slots=True)
class KeyNames:
    """How the keys of the dialog are written on keyboards."""

    confirm: str
    """Of the key that signs."""
    another: str
    """Of the key that lets another person's key sign."""


def what_now(signing: Signing, keys: KeyNames) -> tuple[Line, ...]:
    """What the person can do next; always in sight, below the text."""
    sentence = {
        Phase.READY: _("{key} signs. Enter never does. Esc goes back, nothing is signed."),
        Phase.SIGNING: _("signing…"),
        Phase.WAITING: _("in their own session, or here with their own key ({another}); Esc goes on without waiting"),
        Phase.DONE: _("Esc goes back once you have noted your half"),
        Phase.REFUSED: _("Esc goes back; {another} signs with another key"),
    }.get(signing.phase, "")
    if not sentence:
        return ()
    return (line(sentence.format(key=keys.confirm, another=keys.another), Meaning.WAIT, indent=2),)


def signing_lines(
    signing: Signing, status: ServiceStatus | None, present: Present, about: Iterable[Line] = ()
) -> tuple[Line, ...]:
    """Everything the dialog says, in the order it is read; `about` is what must be known before it is signed."""
    subject = subject_of(signing.intent)
    shown = [line(_(TITLES[kind_of(signing.intent)]).format(subject=subject), Meaning.STRONG, indent=2)]
    if status is not None:
        shown.append(Line((place_part(status),)))
    shown += _before(signing, present)
    if signing.phase is Phase.PREPARING:
        is_grant = kind_of(signing.intent) in _ABOUT_GRANTS
        checked = _("the log is being checked…") if is_grant else _("plan and log are being checked…")
        shown.append(line(checked, Meaning.WAIT))
    if signing.error is not None:
        refused = isinstance(signing.error, RefusedError)
        head = _("REFUSED: it took no effect; the refusal is in the log") if refused else _("NOT SIGNED")
        shown += [Line(), line(head, Meaning.ALARM), *error_lines(signing.error, present)]
    if signing.prepared is not None and signing.phase in (Phase.READY, Phase.SIGNING):
        shown += [*about, *_text(signing.prepared, present)]
    return tuple(shown)


def _before(signing: Signing, present: Present) -> list[Line]:
    """What was signed already, and by whom it still has to be."""
    outcome = signing.outcome
    if outcome is None:
        return []
    shown = [line(said(outcome.message, present), Meaning.GOOD, indent=2)]
    if outcome.half:
        half = _("your half of the first password: {half}").format(half=outcome.half)
        shown.append(line(half, Meaning.STRONG, indent=2))
        told = _("hand it to its owner yourself and to nobody else; it is not shown again")
        shown.append(line(told, Meaning.WAIT, indent=2))
    if (act := signing.awaited) is None:
        return shown
    if signing.prepared is None:
        people = listed(act.people) or _("nobody who may")
        text = _("still to sign: {people} ({title})").format(people=people, title=said(act.title, present))
        shown.append(line(text, Meaning.WAIT, indent=2))
    if act.until is not None:
        until = _("valid until {until}, {left}").format(
            until=clock(act.until, present), left=left_until(act.until, present)
        )
        shown.append(line(until, Meaning.WAIT, indent=2))
    return shown


def _text(prepared: Prepared, present: Present) -> list[Line]:
    """The text to be signed, in words, then field by field."""
    key = prepared.key
    who = _("you sign as {person}, key {key}, from {place}").format(
        person=key.person, key=key.fingerprint, place=key.place
    )
    at = _("at terminal {terminal}").format(terminal=prepared.terminal)
    shown = [
        Line(),
        line(who, indent=2),
        *((line(at, indent=2),) if prepared.terminal else ()),
        line(said(_sentence(prepared), present), Meaning.STRONG, indent=2),
        *_readings(prepared),
        *(_grant(prepared, present) if prepared.kind in _ABOUT_GRANTS else (_hosts(prepared.hosts),)),
        line(_("exactly this is signed:"), Meaning.FAINT),
    ]
    for name in sorted(prepared.content, key=_rank):
        shown += _fields(name, prepared.content[name])
    return shown


def _rank(name: str) -> tuple[bool, str]:
    """The same order for whoever signs: what it is about, then by name."""
    return name not in ("request", "run", "number"), name


def _hosts(hosts: tuple[str, ...]) -> Line:
    named = listed(hosts[:_MANY]) + (" …" if len(hosts) > _MANY else "")
    return line(_("{count} hosts: {hosts}").format(count=len(hosts), hosts=named), Meaning.STRONG, indent=2)


def _sentence(prepared: Prepared) -> Words:
    """What is signed, in one sentence; a grant in the current language."""
    content, sentence = prepared.content, prepared.sentence
    terms = content.get("terms")
    if prepared.kind not in _ABOUT_GRANTS or not isinstance(terms, dict):
        return sentence
    return Words(sentence.message, {**sentence.facts, "grant": grant_in_short(str(content.get("grant")), terms)})


def _grant(prepared: Prepared, present: Present) -> Iterable[Line]:
    """What is granted, in words, and when it takes effect."""
    from runner.rules.granting import AT_ONCE

    if prepared.kind is StatementKind.APPLY:
        at_once = prepared.content.get("grant") in AT_ONCE
        text = _("it takes effect at once; another person must inspect it afterwards")
        yield line(text if at_once else _("it takes effect when another person approves it"), Meaning.WAIT, indent=2)
    yield from terms_lines(prepared.content, present)
    if prepared.leaving is not None:
        yield from leaving_lines(prepared.leaving, present)


def _readings(prepared: Prepared) -> list[Line]:
    """What stands on a sheet; it is what the signature is about."""
    readings = prepared.content.get("readings")
    found = readings.items() if isinstance(readings, dict) else ()
    return [line(f"  {name} = {_shown(value)}", Meaning.STRONG, indent=4) for name, value in found]


def _fields(name: str, value: JsonValue, start: int = 2) -> list[Line]:
    """A field; the terms of a grant field by field, and a text of several lines line by line."""
    before = " " * start
    if name == "terms" and isinstance(value, dict):
        within = [shown for field, item in value.items() for shown in _fields(field, item, start + 2)]
        return [line(f"{before}{name}:", Meaning.FAINT), *within]
    if isinstance(value, str) and "\n" in value:
        rows = [line(f"{before}  {row}", indent=start + 2) for row in value.splitlines()]
        return [line(f"{before}{name}:", Meaning.FAINT), *rows]
    return [Line((Part(f"{before}{name}: ", Meaning.FAINT), Part(_shown(value))), start + 2)]


def _shown(value: JsonValue) -> str:
    if isinstance(value, str) and value.startswith("sha256:"):
        return f"{short(value)} ({value.removeprefix('sha256:')})"
    if isinstance(value, list):
        return ", ".join(_shown(item) for item in value) or "-"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_shown(item)}" for name, item in value.items())
    return "-" if value is None or value == "" else str(value)
