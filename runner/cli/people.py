"""`twokey people`: the register of people, and the grants that change it; two people for each of them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from runner.cli.output import put_json, put_lines, put_table, tell_lines
from runner.cli.paging import add_paging, tell_rest
from runner.cli.people_terminal import add_terminal, run_terminal
from runner.cli.session import Session, instant
from runner.cli.signed import add_signing, sign
from runner.client import granting
from runner.client.public_key_file import public_key_line
from runner.client.wording.grant import (
    grant_in_short,
    grant_lines,
    leaving_lines,
    person_lines,
    remark_lines,
    standing_of,
)
from runner.client.wording.line import listed
from runner.errors import NotFoundError, UsageError
from runner.model.grant import (
    Appoint,
    Attest,
    Delegate,
    Enrol,
    Exempt,
    Grant,
    GrantRecord,
    GrantState,
    Leave,
    Recertify,
    Reinstate,
    Relieve,
    ResetCredentials,
    Suspend,
    Transfer,
)
from runner.model.people import Vendor
from runner.wire.api_people import RegisterShown
from runner.wire.spoken import spoken
from runner.words import N_, _

_WITH_REASON: Final[Mapping[str, Callable[[str, str], Grant]]] = {
    "suspend": Suspend,
    "reinstate": Reinstate,
    "recertify": Recertify,
    "reset": ResetCredentials,
}
"""Parts that say nothing but whom and why."""
_LOOKING: Final = ("list", "show", "grants", "grant")


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed after the verb."""
    below = parser.add_subparsers(dest="part", required=True, metavar=_("WHAT"))
    _looking(below)
    enrol = _granting(below, "enrol", _("apply for a new account"))
    enrol.add_argument("--called", default="", metavar=_("NAME"), help=_("name people call them by"))
    enrol.add_argument("--unit", default="", metavar=_("UNIT"), help=_("organisational unit"))
    enrol.add_argument("--public-key", type=Path, metavar=_("FILE.pub"), help=_("their public key"))
    enrol.add_argument("--company", metavar=_("NAME"), help=_("of a vendor: the company"))
    enrol.add_argument("--sponsor", metavar=_("PERSON"), help=_("of a vendor: who of operations answers for them"))
    enrol.add_argument("--contract-end", metavar=_("TIME"), help=_("of a vendor: end of the contract"))
    enrol.add_argument("--qualification", default="", metavar=_("TEXT"), help=_("of a vendor: evidence"))
    enrol.add_argument(
        "--runbook", action="append", default=[], metavar=_("ID"), help=_("of a vendor: a runbook they may execute")
    )
    enrol.add_argument(
        "--group", action="append", default=[], metavar=_("GROUP"), help=_("of a vendor: a group they may work on")
    )
    _granting(below, "suspend", _("suspend an account at once; another person inspects it afterwards"))
    _granting(below, "reinstate", _("apply for the end of a suspension"))
    _granting(below, "recertify", _("certify that the posts somebody holds are still needed; another person approves"))
    leave = _granting(below, "leave", _("apply for the end of an account: keys, posts and all that rests on them"))
    leave.add_argument(
        "--handed-back", action="append", default=[], metavar=_("TEXT"), help=_("something they gave back")
    )
    leave.add_argument(
        "--still-out", action="append", default=[], metavar=_("TEXT"), help=_("something they have yet to give back")
    )
    _granting(below, "reset", _("apply for a new password and authenticator for somebody"))
    transfer = _granting(below, "transfer", _("apply for another unit for somebody; posts of the old one end"))
    transfer.add_argument("unit", metavar=_("UNIT"), help=_("the new unit"))
    appoint = _granting(below, "appoint", _("apply for a post for somebody"))
    appoint.add_argument("post", metavar=_("POST"), help=_("post, as the policy names it"))
    appoint.add_argument("--within", default="", metavar=_("UNIT"), help=_("only within this unit and below"))
    appoint.add_argument(
        "--environment", action="append", default=[], metavar=_("NAME"), help=_("only in this environment")
    )
    appoint.add_argument("--stand-in", action="store_true", help=_("as a stand-in: dormant until delegated"))
    appoint.add_argument("--document", default="", metavar=_("TEXT"), help=_("document of appointment"))
    relieve = _granting(below, "relieve", _("apply for the end of an appointment"))
    relieve.add_argument("post", metavar=_("POST"), help=_("the post"))
    delegate = _granting(below, "delegate", _("apply for a stand-in to take a post over for a while"))
    delegate.add_argument("post", metavar=_("POST"), help=_("the post"))
    attest = _granting(below, "attest", _("record a training or an agreement"))
    attest.add_argument("mark", metavar=_("MARK"), help=_("what it is, such as training or confidentiality"))
    attest.add_argument("--reference", default="", metavar=_("TEXT"), help=_("where the paper is"))
    exempt = _granting(below, "exempt", _("apply for leave to hold two incompatible posts for a while"))
    exempt.add_argument("first", metavar=_("POST"), help=_("one post"))
    exempt.add_argument("second", metavar=_("POST"), help=_("the other"))
    for part in (appoint, delegate, attest, exempt):
        part.add_argument("--from", dest="since", metavar=_("TIME"), help=_("from when (default: at once)"))
        part.add_argument("--until", metavar=_("TIME"), help=_("until when"))
    add_terminal(below)
    inspect = below.add_parser("inspect", help=_("sign that what came of a grant is what was approved"))
    inspect.add_argument("number", metavar=_("NUMBER"), help=_("number of the grant"))
    add_signing(inspect)


def run(options: argparse.Namespace) -> int:
    """Do the part that was typed."""
    with Session(options) as here:
        if options.part in _LOOKING:
            return _look(here, options)
        if options.part == "terminal":
            return run_terminal(here, options)
        if options.part == "inspect":
            return sign(here, granting.inspect(grant_to_sign(here, options.number)), options)
        return sign(here, granting.apply(_grant(here, options), options.reason, here.status.origin), options)


def _looking(below: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    listing = below.add_parser("list", help=_("everyone with unit, posts and state, and what is to be reported"))
    show = below.add_parser("show", help=_("a person: posts, keys, attestations"))
    show.add_argument("person", metavar=_("PERSON"), help=_("name of the account"))
    for part in (listing, show):
        part.add_argument("--at", metavar=_("TIME"), help=_("as it was at this time"))
    grants = below.add_parser("grants", help=_("grants, newest first, and who is waited for"))
    grants.add_argument("--person", default="", metavar=_("PERSON"), help=_("only grants about this person"))
    grants.add_argument(
        "--state",
        dest="states",
        action="append",
        default=[],
        choices=[state.value for state in GrantState],
        metavar=_("STATE"),
        help=_("only grants in this state; may be repeated"),
    )
    add_paging(grants, _("NUMBER"))
    grant = below.add_parser("grant", help=_("a grant: what it says, and whose turn it is"))
    grant.add_argument("number", metavar=_("NUMBER"), help=_("number of the grant"))
    for part in (listing, show, grants, grant):
        part.add_argument("--json", action="store_true", help=_("print JSON"))


def _granting(
    below: argparse._SubParsersAction[argparse.ArgumentParser], name: str, text: str
) -> argparse.ArgumentParser:
    part = below.add_parser(name, help=text)
    part.add_argument("person", metavar=_("PERSON"), help=_("name of the account"))
    part.add_argument("--reason", required=True, metavar=_("TEXT"), help=_("why"))
    add_signing(part)
    return part


def _look(here: Session, options: argparse.Namespace) -> int:
    if options.part == "grants":
        return _print_grants(here, options)
    if options.part == "grant":
        shown = here.service.register.grant(options.number)
        if options.json:
            put_json(shown)
        else:
            put_lines(grant_lines(shown, here.present))
        return 0
    register = here.service.register.people(_time(here, options.at))
    if options.part == "list":
        if options.json:
            put_json(register)
        else:
            _print_people(here, register)
        return 0
    person = next((each for each in register.people if each.person.name == options.person), None)
    if person is None:
        raise NotFoundError(
            N_('person "{name}" does not exist'), hint=N_("`twokey people list` shows them all"), name=options.person
        )
    if options.json:
        put_json(person)
    else:
        put_lines(person_lines(person, here.present))
    return 0


def _print_people(here: Session, register: RegisterShown) -> None:
    heads = (_("person"), _("name"), _("unit"), _("posts"), _("state"))
    put_table(
        heads,
        [
            (
                shown.person.name,
                shown.person.called or "-",
                shown.person.unit or "-",
                listed(shown.posts) or "-",
                standing_of(shown.person),
            )
            for shown in register.people
        ],
    )
    put_lines(remark_lines(register, here.present))


def _print_grants(here: Session, options: argparse.Namespace) -> int:
    states = [GrantState(state) for state in options.states]
    page = here.service.register.grants(states, options.person, options.before, options.limit)
    if options.json:
        put_json(page)
        return 0
    heads = (_("grant"), _("state"), _("applied"), _("approved"), _("inspected"), _("what"))
    put_table(
        heads,
        [
            (
                row.number,
                spoken(row.state.value),
                row.applicant,
                row.approver or "-",
                row.inspector or "-",
                grant_in_short(row.grant.value, row.terms),
            )
            for row in page.rows
        ],
    )
    tell_rest(page.rows, page.next)
    return 0


def _grant(here: Session, options: argparse.Namespace) -> Grant:
    """The grant that was typed."""
    person, reason = options.person, options.reason
    if options.part in _WITH_REASON:
        return _WITH_REASON[options.part](person, reason)
    match options.part:
        case "leave":
            tell_lines(leaving_lines(here.service.register.leaving(person), here.present))
            return Leave(person, reason, tuple(options.handed_back), tuple(options.still_out))
        case "transfer":
            return Transfer(person, options.unit, reason)
        case "relieve":
            return Relieve(person, options.post, reason)
        case "enrol":
            key = public_key_line(options.public_key) if options.public_key else ""
            return Enrol(person, options.called, options.unit, key, _vendor(here, options))
    return _dated(here, options)


def _dated(here: Session, options: argparse.Namespace) -> Grant:
    person, since, until = options.person, _time(here, options.since), _time(here, options.until)
    if options.part == "appoint":
        return Appoint(
            person=person,
            post=options.post,
            unit=options.within,
            environments=tuple(options.environment),
            since=since,
            until=until,
            stand_in=options.stand_in,
            document=options.document,
        )
    begins = since or here.clock.now()
    if options.part == "attest":
        return Attest(person, options.mark, begins, until, options.reference)
    if until is None:
        raise UsageError(N_("it needs an end"), hint=N_("add --until TIME"))
    if options.part == "delegate":
        return Delegate(person, options.post, begins, until, options.reason)
    return Exempt(person, (options.first, options.second), begins, until, options.reason)


def _vendor(here: Session, options: argparse.Namespace) -> Vendor | None:
    if options.company is None:
        return None
    end = _time(here, options.contract_end)
    if options.sponsor is None or end is None:
        raise UsageError(N_("somebody of a vendor needs --sponsor and --contract-end"))
    return Vendor(
        company=options.company,
        sponsor=options.sponsor,
        contract_end=end,
        qualification=options.qualification,
        runbooks=tuple(options.runbook),
        groups=tuple(options.group),
    )


def _time(here: Session, text: str | None) -> datetime | None:
    return None if text is None else instant(text, here.clock.now(), here.zone)


def is_grant(number: str) -> bool:
    """Whether a number is that of a grant, not of a change."""
    return number.startswith("SQ-")


def grant_to_sign(here: Session, number: str) -> GrantRecord:
    """A grant, shown before it is signed."""
    shown = here.service.register.grant(number)
    tell_lines(grant_lines(shown, here.present))
    return granting.grant_record(shown.row)
