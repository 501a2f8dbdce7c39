"""`twokey run`: list, show, watch and report runs."""

from __future__ import annotations

import argparse

from runner.cli.output import put_json, put_lines, put_table
from runner.cli.paging import add_paging, tell_rest
from runner.cli.session import Session
from runner.cli.signed import add_signing, sign
from runner.cli.watch import watch
from runner.client import handing
from runner.client.wording.present import in_full
from runner.client.wording.run import report_lines, run_lines
from runner.model.run import RunState
from runner.wire.api_run import RunShown
from runner.wire.documents import to_document
from runner.wire.spoken import spoken
from runner.words import _


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed after the verb."""
    below = parser.add_subparsers(dest="part", required=True, metavar=_("WHAT"))
    listing = below.add_parser("list", help=_("runs, newest first"))
    listing.add_argument(
        "--state",
        dest="states",
        action="append",
        default=[],
        choices=[state.value for state in RunState],
        metavar=_("STATE"),
        help=_("only runs in this state; may be repeated"),
    )
    listing.add_argument("--request", default="", metavar=_("NUMBER"), help=_("only runs of this request"))
    listing.add_argument("--vendor", action="store_true", help=_("only runs that somebody of a vendor executes"))
    add_paging(listing, _("RUN"))
    show = below.add_parser("show", help=_("a run with its steps, and what it waits for"))
    watching = below.add_parser(
        "watch", help=_("a run live; Ctrl-C ends the watching (exit code 130) and changes nothing about the run")
    )
    watching.add_argument("--until-waiting", action="store_true", help=_("end also when the run waits for people"))
    _handing(below)
    report = below.add_parser("report", help=_("what was done, by whom, with what result"))
    for part in (show, watching, report):
        part.add_argument("run_name", metavar=_("RUN"), help=_("the run, or its request's number"))
    for part in (listing, show, watching, report):
        part.add_argument("--json", action="store_true", help=_("print JSON"))


def _handing(below: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    giving = below.add_parser("hand-over", help=_("give a parked run to another person; both sign"))
    taking = below.add_parser("take-over", help=_("take a parked run over that was offered to you"))
    for part in (giving, taking):
        part.add_argument("run_name", metavar=_("RUN"), help=_("the run, or its request's number"))
    giving.add_argument("--to", required=True, metavar=_("NAME"), help=_("who takes it over"))
    giving.add_argument("--reason", required=True, metavar=_("TEXT"), help=_("why"))
    giving.add_argument(
        "--in-place-of",
        default="",
        metavar=_("NAME"),
        help=_("whose part it is, for an approver who signs in the place of somebody who cannot"),
    )
    for part in (giving, taking):
        add_signing(part)


def run(options: argparse.Namespace) -> int:
    """Do the part that was typed."""
    with Session(options) as here:
        if options.part == "list":
            return _list(here, options)
        name = here.run_named(options.run_name)
        if options.part in ("hand-over", "take-over"):
            return _hand_over(here, name, options)
        if options.part == "watch":
            return watch(here, name, until_waiting=options.until_waiting, as_json=options.json)
        shown = here.service.run(name)
        if options.part == "report":
            return _report(here, shown, as_json=options.json)
        if options.json:
            put_json(shown)
        else:
            put_lines(run_lines(shown, here.present))
        return 0


def _hand_over(here: Session, name: str, options: argparse.Namespace) -> int:
    shown = here.service.run(name)
    if options.part == "take-over":
        if not options.json:
            put_lines(run_lines(shown, here.present))
        return sign(here, handing.take_over(shown), options)
    giver = options.in_place_of or here.signatory.person.name
    return sign(here, handing.hand_over(shown, giver, options.to, options.reason), options)


def _report(here: Session, shown: RunShown, *, as_json: bool) -> int:
    """The run together with the request it carries out; a check has none."""
    wanted = here.service.request(shown.row.request) if shown.row.request else None
    if as_json:
        put_json({"request": to_document(wanted) if wanted else None, "run": to_document(shown)})
    else:
        put_lines(report_lines(shown, wanted, here.present))
    return 0


def _list(here: Session, options: argparse.Namespace) -> int:
    states = [RunState(state) for state in options.states]
    page = here.service.runs(states, options.request, options.before, options.limit, vendor=options.vendor)
    if options.json:
        put_json(page)
        return 0
    heads = (_("run"), _("state"), _("runbook"), _("executor"), _("confirmer"), _("began"), _("ended"), _("vendor"))
    rows = [
        (
            row.id,
            spoken(row.state),
            row.runbook_id,
            row.executor,
            row.confirmer,
            in_full(row.started_at, here.zone),
            in_full(row.ended_at, here.zone),
            row.vendor or "-",
        )
        for row in page.rows
    ]
    put_table(heads, rows)
    tell_rest(page.rows, page.next)
    return 0
