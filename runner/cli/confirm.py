"""`twokey confirm`: confirm a start, as the second person; the run begins."""

from __future__ import annotations

import argparse

from runner.cli.planning import plan_of_request, put_change, tell_marks
from runner.cli.session import Session
from runner.cli.signed import add_signing, sign
from runner.client import drafts
from runner.words import _


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed after the verb."""
    parser.add_argument("run_name", metavar=_("RUN"), help=_("the run, or its request's number"))
    parser.add_argument("--quiet", action="store_true", help=_("do not print the plan"))
    add_signing(parser)


def run(options: argparse.Namespace) -> int:
    """Recompute the plan, show it, sign."""
    with Session(options) as here:
        shown = here.service.run(here.run_named(options.run_name))
        wanted = here.service.request(shown.row.request)
        plan = plan_of_request(here, wanted)
        tell_marks(here, wanted)
        if not (options.quiet or options.json):
            put_change(here, wanted, plan)
        return sign(here, drafts.confirm(shown, wanted.request), options)
