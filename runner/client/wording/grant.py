"""Grants, people and the policy in force in words."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final

from runner.client.wording.change import act_text, turn_told
from runner.client.wording.line import Line, Meaning, Told, aligned, line, listed, sections, short, told
from runner.client.wording.present import Present, clock, in_full, is_instant, said
from runner.errors import UsageError
from runner.model.document import JsonObject, JsonValue
from runner.model.grant import GrantState
from runner.model.people import Appointment, Person, PersonKey, Standing, Vendor
from runner.wire.api import Words
from runner.wire.api_people import Explained, GrantRow, GrantShown, LeavingShown, PersonShown, RegisterShown
from runner.wire.spoken import spoken
from runner.words import N_, _

_FIELDS: Final = {
    "person": N_("person"),
    "called": N_("name"),
    "unit": N_("unit"),
    "key": N_("key"),
    "fingerprint": N_("key"),
    "vendor": N_("company"),
    "company": N_("company"),
    "sponsor": N_("sponsor"),
    "contract_end": N_("contract ends"),
    "qualification": N_("qualification"),
    "runbooks": N_("runbooks"),
    "groups": N_("groups"),
    "post": N_("post"),
    "posts": N_("posts"),
    "environments": N_("environments"),
    "since": N_("from"),
    "until": N_("until"),
    "stand_in": N_("stand-in"),
    "document": N_("document"),
    "mark": N_("what"),
    "reference": N_("reference"),
    "reason": N_("reason"),
    "handed_back": N_("handed back"),
    "still_out": N_("still out"),
    "digest": N_("digest"),
    "text": N_("policy"),
    "terminal": N_("terminal"),
    "name": N_("name"),
    "source": N_("source"),
    "seat": N_("seat"),
    "room": N_("room"),
    "operations": N_("operations room"),
}
"""Fields of grants as people say them."""

_LEFT_OUT: Final = frozenset(
    {"text", "key", "reason", "document", "reference", "qualification", "handed_back", "still_out"}
)
"""Fields that a line about a grant does without."""

_OTHERWISE: Final[Mapping[GrantState, str]] = {
    GrantState.APPLIED: N_("nothing changes: it stays applied for until another person decides"),
    GrantState.GRANTED: N_("it stays in effect, and its inspection is reported as owed"),
    GrantState.CHECKED: N_("nothing: it is in effect and inspected"),
    GrantState.REJECTED: N_("nothing: it was turned down"),
    GrantState.WITHDRAWN: N_("nothing: it was taken back"),
}


def grant_lines(shown: GrantShown, present: Present) -> tuple[Line, ...]:
    """A grant: what it says, how far it came, whose turn it is."""
    return aligned(sections(_terms(shown.row, present), _way(shown, present)))


def grant_in_short(kind: str, terms: JsonObject) -> str:
    """What is granted, on one line: who and what; papers, reasons and times are left to the page."""
    parts = [spoken(kind)]
    for name, value in terms.items():
        if name in _LEFT_OUT or (isinstance(value, str) and is_instant(value)):
            continue
        if isinstance(value, str) and value:
            parts.append(short(value) if name == "digest" else value)
        elif isinstance(value, list) and value:
            parts.append(listed(str(each) for each in value))
    return " ".join(parts)


def terms_lines(content: JsonObject, present: Present) -> tuple[Line, ...]:
    """What a statement about a grant says of it, field by field; nothing for any other statement."""
    kind, terms = content.get("grant"), content.get("terms")
    if not isinstance(kind, str) or not isinstance(terms, dict):
        return ()
    return aligned(sections(_granted(str(content.get("number") or ""), kind, terms, present)))


def leaving_lines(shown: LeavingShown, present: Present) -> tuple[Line, ...]:
    """What ends and what stays open when somebody leaves."""
    return aligned(sections(_leaving(shown.ends, shown.open, present)))


def grant_otherwise(state: GrantState) -> Words:
    """What becomes of a grant if nobody signs anything."""
    return Words(_OTHERWISE[state])


def remark_lines(shown: RegisterShown, present: Present) -> tuple[Line, ...]:
    """What is to be reported about a register, the gravest first."""
    return tuple(
        line(_("to report: {what}").format(what=said(remark, present)), Meaning.WAIT, indent=2)
        for remark in shown.remarks
    )


def person_lines(shown: PersonShown, present: Present) -> tuple[Line, ...]:
    """A person: account, posts, keys, attestations."""
    return aligned(sections(_account(shown), _posts(shown, present), _keys(shown, present), _papers(shown, present)))


def explained_lines(shown: Explained, present: Present) -> tuple[Line, ...]:
    """What the policy says about one signature, and by which rule."""

    def told_all() -> Iterator[Told]:
        if shown.allowed:
            yield told(_("answer"), _("allowed"), Meaning.GOOD)
        else:
            yield told(_("answer"), _("refused"), Meaning.BAD)
            yield told(_("rule"), shown.rule)
        if shown.reason is not None:
            yield told(_("reason"), said(shown.reason, present))
        if shown.hint is not None:
            yield told(_("next"), said(shown.hint, present))
        yield told(_("who may"), listed(shown.who) or _("nobody who may"))

    return aligned(sections(told_all()))


def changed_lines(before: str, after: str) -> tuple[str, ...]:
    """What another text of a policy takes out (`-`) and puts in (`+`), with the lines around it."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2)
    return tuple(line for line in lines if not line.startswith(("---", "+++")))


def standing_of(person: Person) -> str:
    """How somebody's account stands."""
    return spoken(person.standing.value)


def _terms(row: GrantRow, present: Present) -> Iterator[Told]:
    yield from _granted(row.number, row.grant.value, row.terms, present)
    if row.terms.get("reason") != row.reason:
        yield told(_("why"), row.reason)


def _granted(number: str, kind: str, terms: JsonObject, present: Present) -> Iterator[Told]:
    yield told(_("grant"), f"{number}  {spoken(kind)}" if number else spoken(kind), Meaning.STRONG)
    for name, value in terms.items():
        texts = (_key(value),) if name == "key" and isinstance(value, str) and value else _texts(value, present)
        for place, text in enumerate(texts):
            yield told(_(_FIELDS[name]) if place == 0 else "", text)


def _key(text: str) -> str:
    """A public key by its fingerprint, which is what people compare; as it stands when it is none."""
    from runner.proof.public_key import parse_public_key

    try:
        public = parse_public_key(text)
    except UsageError:
        return text
    return f"{public.fingerprint} {public.type}"


def _texts(value: JsonValue, present: Present) -> Iterator[str]:
    """A value of a grant's terms, line by line; what is empty is left out."""
    if isinstance(value, dict):
        for name, item in value.items():
            for text in _texts(item, present):
                yield f"{_(_FIELDS[name])}: {text}"
    elif isinstance(value, list):
        yield from ((_(", ").join(str(each) for each in value),) if value else ())
    elif isinstance(value, bool):
        yield _("yes") if value else _("no")
    elif isinstance(value, str) and is_instant(value):
        yield in_full(datetime.fromisoformat(value), present.zone)
    elif value not in (None, ""):
        yield from str(value).splitlines()


def _way(shown: GrantShown, present: Present) -> Iterator[Told]:
    row = shown.row
    yield told(_("state"), spoken(row.state.value))
    yield told(_("applied"), _("{person}, {at}").format(person=row.applicant, at=clock(row.applied_at, present)))
    if row.decided_at is not None and row.approver:
        label = _("approved") if row.state in (GrantState.GRANTED, GrantState.CHECKED) else spoken(row.state.value)
        yield told(label, _("{person}, {at}").format(person=row.approver, at=clock(row.decided_at, present)))
    if row.inspected_at is not None:
        yield told(
            _("inspected"), _("{person}, {at}").format(person=row.inspector, at=clock(row.inspected_at, present))
        )
    for place, act in enumerate(shown.acts):
        if place == 0:
            yield from turn_told(act, present)
        else:
            yield told(_("possible"), act_text(act, present))
    yield from _leaving(shown.ends, shown.open, present)


def _leaving(ends: Iterable[Words], stays: Iterable[Words], present: Present) -> Iterator[Told]:
    for matter in ends:
        yield told(_("ends"), said(matter, present))
    for matter in stays:
        yield told(_("stays open"), said(matter, present), Meaning.WAIT)


def _account(shown: PersonShown) -> Iterator[Told]:
    person = shown.person
    name = f"{person.name}  {person.called}" if person.called else person.name
    yield told(_("person"), name, Meaning.STRONG)
    yield told(_("unit"), person.unit or "-")
    state = Meaning.GOOD if person.standing is Standing.ACTIVE else Meaning.BAD
    yield told(_("state"), standing_of(person), state)
    if person.lapsed:
        yield told("", _("posts lie dormant until somebody certifies that they are needed"), Meaning.BAD)
    yield told(_("roles"), listed(spoken(role.value) for role in shown.roles) or "-")
    if person.vendor is not None:
        yield told(_("company"), _vendor(person.vendor))


def _vendor(vendor: Vendor) -> str:
    return _("{company}; {sponsor} answers for them; runbooks: {runbooks}; groups: {groups}").format(
        company=vendor.company,
        sponsor=vendor.sponsor,
        runbooks=listed(vendor.runbooks) or "-",
        groups=listed(vendor.groups) or "-",
    )


def _posts(shown: PersonShown, present: Present) -> Iterator[Told]:
    for place, held in enumerate(shown.person.appointments):
        yield told(_("posts") if place == 0 else "", _post(held, held.post in shown.posts, present))


def _post(held: Appointment, active: bool, present: Present) -> str:  # noqa: FBT001 - a fact, not a switch
    parts = [held.post]
    if held.unit:
        parts.append(_("in {unit}").format(unit=held.unit))
    if held.stand_in:
        parts.append(_("as a stand-in"))
    if held.until is not None:
        parts.append(_("until {until}").format(until=in_full(held.until, present.zone)))
    if not active:
        parts.append(_("(not active)"))
    return " ".join(parts)


def _keys(shown: PersonShown, present: Present) -> Iterator[Told]:
    for place, key in enumerate(shown.person.keys):
        yield told(_("signs with") if place == 0 else "", key_text(key, present))


def key_text(key: PersonKey, present: Present) -> str:
    """A key with what became of it."""
    kind = key.line.partition(" ")[0]
    if key.revoked is not None:
        return _("{key} {kind}, revoked {at}").format(
            key=key.fingerprint, kind=kind, at=in_full(key.revoked, present.zone)
        )
    if key.until is not None:
        return _("{key} {kind}, until {until}").format(
            key=key.fingerprint, kind=kind, until=in_full(key.until, present.zone)
        )
    return f"{key.fingerprint} {kind}"


def _papers(shown: PersonShown, present: Present) -> Iterator[Told]:
    for place, paper in enumerate(shown.person.attestations):
        text = _("{mark} since {since}").format(mark=paper.mark, since=in_full(paper.since, present.zone))
        if paper.until is not None:
            text += " " + _("until {until}").format(until=in_full(paper.until, present.zone))
        if paper.reference:
            text += f" ({paper.reference})"
        yield told(_("attested") if place == 0 else "", text)
