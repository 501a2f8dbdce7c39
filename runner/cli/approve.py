"""`twokey approve`: approve another person's request, after reading its plan."""

from __future__ import annotations

import argparse
from datetime import timedelta

from runner.cli.people import grant_to_sign, is_grant
from runner.cli.planning import plan_of_request, put_change
from runner.cli.session import Session
from runner.cli.signed import add_signing, sign
from runner.client import drafts
from runner.words import _


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed after the verb."""
    parser.add_argument("number", metavar=_("NUMBER"), help=_("number of the request or grant"))
    parser.add_argument(
        "--max-runs", type=int, default=1, metavar=_("COUNT"), help=_("how often it may be run (default: once)")
    )
    parser.add_argument("--quiet", action="store_true", help=_("do not print the plan"))
    add_signing(parser)


def run(options: argparse.Namespace) -> int:
    """Fetch, recompute, show, sign."""
    with Session(options) as here:
        if is_grant(options.number):
            return sign(here, drafts.grant(grant_to_sign(here, options.number)), options)
        shown = here.service.request(options.number)
        plan = plan_of_request(here, shown)
        if not (options.quiet or options.json):
            put_change(here, shown, plan)
        valid_for = timedelta(seconds=shown.approval_valid_for)
        draft = drafts.approve(shown.request, here.clock.now(), valid_for, options.max_runs)
        return sign(here, draft, options)
