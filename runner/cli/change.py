"""`twokey change`: list and show changes: what was asked for, how far it came, and who is waited for."""

from __future__ import annotations

import argparse

from runner.cli.output import put_json, put_lines, put_table, tell, tell_lines
from runner.cli.paging import add_paging, tell_rest
from runner.cli.session import Session
from runner.client.wording.change import request_lines
from runner.client.wording.line import aligned
from runner.client.wording.policy_coming import coming_told
from runner.client.wording.present import in_full
from runner.client.wording.standing import standing_cells, standing_heads
from runner.errors import UsageError
from runner.model.request import Request, RequestState
from runner.wire.api_request import Act, RequestPage
from runner.wire.spoken import spoken
from runner.words import N_, _, current_language


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed after the verb."""
    below = parser.add_subparsers(dest="part", required=True, metavar=_("WHAT"))
    listing = below.add_parser("list", help=_("changes, newest first, and who is waited for"))
    listing.add_argument(
        "--state",
        dest="states",
        action="append",
        default=[],
        choices=[state.value for state in RequestState],
        metavar=_("STATE"),
        help=_("only changes in this state; may be repeated"),
    )
    listing.add_argument(
        "--standing",
        action="store_true",
        help=_("standing approvals, what ends first coming first, with the runs left"),
    )
    listing.add_argument("--all", action="store_true", help=_("with --standing: those that are over too"))
    add_paging(listing, _("NUMBER"))
    show = below.add_parser("show", help=_("a change: its reason, approvals, runs, and what stands in its way"))
    show.add_argument("number", metavar=_("NUMBER"), help=_("number of the request"))
    for part in (listing, show):
        part.add_argument("--json", action="store_true", help=_("print JSON"))


def run(options: argparse.Namespace) -> int:
    """Do the part that was typed."""
    with Session(options) as here:
        if options.part == "show":
            return _show(here, options)
        if options.standing or options.all:
            return _standing(here, options)
        page = here.service.requests([RequestState(state) for state in options.states], options.before, options.limit)
        if options.json:
            put_json(page)
            return 0
        _print_list(here, page)
        return 0


def _standing(here: Session, options: argparse.Namespace) -> int:
    if not options.standing:
        raise UsageError(N_("--all belongs to --standing"))
    found = here.service.standing(everything=options.all)
    if options.json:
        put_json(found)
    else:
        put_table(standing_heads(), [standing_cells(row, here.present) for row in found.rows])
    return 0


def _print_list(here: Session, page: RequestPage) -> None:
    acts: dict[str, Act] = {}
    for act in here.service.waiting().acts:
        acts.setdefault(act.request, act)
    heads = (_("change"), _("state"), _("risk class"), _("requester"), _("window"), _("waits for"), _("title"))
    put_table(heads, [_row(here, request, acts.get(request.number)) for request in page.rows])
    tell_rest(page.rows, page.next)
    tell_lines(aligned(coming_told(here.service.register.policy(), here.present)))


def _row(here: Session, request: Request, act: Act | None) -> tuple[str, ...]:
    return (
        request.number,
        spoken(request.state),
        spoken(request.risk),
        request.requester,
        _window(here, request) or "-",
        f"{_people(act)}: {spoken(act.kind)}" if act else "-",
        _title(request),
    )


def _show(here: Session, options: argparse.Namespace) -> int:
    shown = here.service.request(options.number)
    if options.json:
        put_json(shown)
        return 0
    put_lines(request_lines(shown, here.present))
    tell(_("its plan: twokey plan {number}").format(number=shown.request.number))
    return 0


def _window(here: Session, request: Request) -> str:
    if request.window is None:
        return ""
    opens, closes = (in_full(end, here.zone) for end in (request.window.opens, request.window.closes))
    return _("{opens} to {closes}").format(opens=opens, closes=closes)


def _people(act: Act) -> str:
    return _(", ").join(act.people) or _("nobody")


def _title(request: Request) -> str:
    return request.title_zh if current_language() == "zh" else request.title_en
