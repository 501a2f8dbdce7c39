"""`twokey run`: list, show, watch and report runs."""

from __future__ import annotations

import argparse

from runner.cli.output import clock, put, put_json, put_table
from runner.cli.run_text import print_report, print_run
from runner.cli.session import Session
from runner.cli.watch import watch
from runner.model.run import RunState
from runner.words import _


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed after the verb."""
    below = parser.add_subparsers(dest="part", required=True, metavar=_("WHAT"))
    listing = below.add_parser("list", help=_("runs, newest first"))
    listing.add_argument("--state", dest="states", action="append", default=[], choices=list(RunState))
    listing.add_argument("--request", default="", metavar=_("NUMBER"), help=_("only runs of this request"))
    listing.add_argument("--limit", type=int, default=50, metavar=_("COUNT"), help=_("at most so many"))
    show = below.add_parser("show", help=_("a run with its steps, and what it waits for"))
    watching = below.add_parser("watch", help=_("a run live; closing this changes nothing about the run"))
    watching.add_argument("--until-waiting", action="store_true", help=_("end also when the run waits for people"))
    report = below.add_parser("report", help=_("what was done, by whom, with what result"))
    for part in (show, watching, report):
        part.add_argument("run_name", metavar=_("RUN"), help=_("the run, or its request's number"))
    for part in (listing, show, watching, report):
        part.add_argument("--json", action="store_true", help=_("print JSON"))


def run(options: argparse.Namespace) -> int:
    """Do the part that was typed."""
    with Session(options) as here:
        if options.part == "list":
            return _list(here, options)
        name = here.run_named(options.run_name)
        if options.part == "watch":
            return watch(here, name, until_waiting=options.until_waiting, as_json=options.json)
        shown = here.service.run(name)
        if options.json:
            put_json(shown)
        elif options.part == "show":
            print_run(here, shown)
        else:
            print_report(here, shown)
        return 0


def _list(here: Session, options: argparse.Namespace) -> int:
    page = here.service.runs([RunState(state) for state in options.states], options.request, limit=options.limit)
    if options.json:
        put_json(page)
        return 0
    heads = (_("run"), _("state"), _("runbook"), _("executor"), _("confirmer"), _("began"), _("ended"))
    rows = [
        (
            row.id,
            _(row.state.value),
            row.runbook_id,
            row.executor,
            row.confirmer,
            clock(row.started_at, here.zone),
            clock(row.ended_at, here.zone),
        )
        for row in page.rows
    ]
    put_table(heads, rows)
    if page.next:
        put(_("there are more"))
    return 0
