"""People, grants and awaited signatures in rows, and the top lines of their screens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from runner.client.wording.grant import grant_in_short, grant_otherwise, standing_of
from runner.model.grant import GrantState
from runner.model.people import Standing
from runner.model.statement import StatementKind
from runner.wire.api import ServiceStatus
from runner.wire.api_people import GrantRow, GrantShown, PersonShown, PolicyShown, RegisterShown, Staffing
from runner.wire.api_request import Act
from runner.wire.spoken import spoken
from runner.words import N_, _
from tui.rows import Column, Row
from tui.text import (
    Line,
    Meaning,
    Part,
    Present,
    clock,
    joined,
    label,
    left_until,
    line,
    listed,
    minute,
    short,
    told_facts,
)
from tui.top_text import Top, act_word, otherwise_line, place_part, turn_part

PEOPLE_COLUMNS: Final = (
    Column(N_("person"), 12),
    Column(N_("name"), 10, priority=1),
    Column(N_("unit"), 10, priority=2),
    Column(N_("state"), 9),
    Column(N_("posts"), 14, grows=True),
)
GRANT_COLUMNS: Final = (
    Column(N_("grant"), 13),
    Column(N_("state"), 10),
    Column(N_("what"), 20, grows=True),
    Column(N_("applied"), 20, priority=2),
    Column(N_("awaited"), 22, priority=1),
)
WAITING_COLUMNS: Final = (
    Column(N_("about"), 16),
    Column(N_("awaited"), 24, grows=True),
    Column(N_("who may"), 16),
    Column(N_("until"), 13, priority=1),
)
_STANDINGS: Final[Mapping[Standing, Meaning]] = {
    Standing.ACTIVE: Meaning.GOOD,
    Standing.SUSPENDED: Meaning.BAD,
    Standing.UNUSED: Meaning.BAD,
    Standing.LEFT: Meaning.FAINT,
}
_STATES: Final[Mapping[GrantState, Meaning]] = {
    GrantState.APPLIED: Meaning.WAIT,
    GrantState.GRANTED: Meaning.WAIT,
    GrantState.CHECKED: Meaning.GOOD,
    GrantState.REJECTED: Meaning.BAD,
}
_ABOUT_GRANTS: Final = frozenset(
    {StatementKind.GRANT, StatementKind.DENY, StatementKind.RETRACT, StatementKind.INSPECT}
)


@dataclass(frozen=True, slots=True)
class GrantAtHand:
    """A grant in the list."""

    row: GrantRow
    act: Act | None
    """The signature it waits for."""


@dataclass(frozen=True, slots=True)
class GrantStanding:
    """A grant as it is looked at."""

    shown: GrantShown
    due: datetime | None
    """When it must have been inspected; None unless that is awaited."""


def is_about_grant(act: Act) -> bool:
    """Whether a signature is about a grant, and not about a change or a run."""
    return act.kind in _ABOUT_GRANTS


def others_line(others: Sequence[Act], key: str) -> Line:
    """That signatures are awaited which are about no change."""
    text = _("also awaited, about no change: {count} ({key} shows them)").format(count=len(others), key=key)
    return line(text, Meaning.WAIT)


def person_row(shown: PersonShown) -> Row:
    """Somebody in the list."""
    person = shown.person
    return Row(
        person.name,
        (
            Part(person.name, Meaning.STRONG),
            Part(person.called or "-"),
            Part(person.unit or "-"),
            Part(standing_of(person), _STANDINGS[person.standing]),
            Part(listed(shown.posts) or "-"),
        ),
    )


def grant_row(grant: GrantAtHand, present: Present) -> Row:
    """A grant in the list."""
    row = grant.row
    applied = label(row.applicant) + minute(row.applied_at, present)
    return Row(row.number, (Part(row.number), _state(row), Part(_in_short(row)), Part(applied), _turn(grant.act)))


def act_row(act: Act, present: Present) -> Row:
    """An awaited signature in the list."""
    about = short(act.subject) if act.subject.startswith("sha256:") else act.subject
    until = left_until(act.until, present) if act.until is not None else ""
    people = listed(act.people) or _("nobody who may")
    cells = (Part(about), Part(_awaited(act, present)), Part(people, Meaning.WAIT), Part(until))
    return Row(f"{act.kind} {act.subject}", cells)


def top_of_people(shown: RegisterShown, status: ServiceStatus) -> Top:
    """Of the register."""
    active = sum(each.person.standing is Standing.ACTIVE for each in shown.people)
    counted = _("accounts: {count}, active: {active}").format(count=len(shown.people), active=active)
    reported = _("to report: {count}").format(count=len(shown.remarks)) if shown.remarks else ""
    return (
        joined((place_part(status), Part(_("register of people"), Meaning.STRONG), Part(status.site))),
        joined((Part(counted), Part(reported, Meaning.WAIT))),
        line(_("otherwise: nothing; only a grant that two people sign changes it")),
    )


def top_of_grants(person: str, known: str, waiting: int, status: ServiceStatus) -> Top:
    """Of the list of grants, of all or those about one person; `known` says how many."""
    what = _("grants about {person}").format(person=person) if person else _("grants of the whole site")
    open_ones = _("waiting for a signature: {count}").format(count=waiting) if waiting else ""
    return (
        joined((place_part(status), Part(what, Meaning.STRONG))),
        joined((Part(known), Part(open_ones, Meaning.WAIT))),
        line(_("otherwise: nothing; what is applied for waits for another person")),
    )


def top_of_grant(standing: GrantStanding, status: ServiceStatus, present: Present) -> Top:
    """Of one grant."""
    shown = standing.shown
    act = shown.acts[0] if shown.acts else None
    due = None
    if standing.due is not None:
        late = present.now >= standing.due
        text = _("inspection due by {due}") if not late else _("INSPECTION OVERDUE since {due}")
        due = Part(text.format(due=minute(standing.due, present)), Meaning.BAD if late else Meaning.PLAIN)
    row = shown.row
    what = Part(_in_short(row))
    return (
        joined((place_part(status), Part(row.number, Meaning.STRONG), _state(row), what)),
        joined((turn_part(act, present), due)),
        otherwise_line(grant_otherwise(row.state), present),
    )


def top_of_waiting(acts: Sequence[Act], selected: Act | None, status: ServiceStatus, present: Present) -> Top:
    """Of the list of awaited signatures; the selected one's turn is told."""
    counted = _("signatures: {count}").format(count=len(acts))
    since = _("since {since}").format(since=clock(selected.since, present)) if selected and selected.since else ""
    return (
        joined((place_part(status), Part(_("what is awaited"), Meaning.STRONG), Part(counted))),
        joined((turn_part(selected, present), Part(since))),
        line(_("otherwise: nothing is signed by itself; Enter goes to the selected one")),
    )


def top_of_policy(shown: PolicyShown, staffing: Staffing, status: ServiceStatus) -> Top:
    """Of the policy in force."""
    lacking = sum(not row.enough for row in staffing.rows)
    enough = _("enough people for every risk class")
    if lacking:
        enough = _("NOT ENOUGH PEOPLE for {count} of {all}").format(count=lacking, all=len(staffing.rows))
    differs = _("the site's file says something else") if shown.differs else ""
    return (
        joined((place_part(status), Part(_("policy {name}").format(name=shown.name), Meaning.STRONG))),
        joined((Part(enough, Meaning.BAD if lacking else Meaning.GOOD), Part(differs, Meaning.WAIT))),
        line(_("otherwise: nothing; only a grant that two people sign puts another in force")),
    )


def _state(row: GrantRow) -> Part:
    return Part(spoken(row.state.value), _STATES.get(row.state, Meaning.FAINT))


def _awaited(act: Act, present: Present) -> str:
    """Which signature, and what is granted or which step it is about."""
    kind = act_word(act)
    facts = told_facts(act.title.facts, present)
    what = f"{facts.get('grant')} {facts.get('person')}" if is_about_grant(act) else act.step
    return label(kind) + what if what else kind


def _in_short(row: GrantRow) -> str:
    return grant_in_short(row.grant.value, row.terms)


def _turn(act: Act | None) -> Part:
    if act is None:
        return Part("")
    return Part(label(listed(act.people) or "-") + act_word(act), Meaning.WAIT)
