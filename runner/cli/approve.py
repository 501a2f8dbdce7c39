"""`twokey approve`: approve other people's requests and grants, after reading each in full."""

from __future__ import annotations

import argparse
from datetime import timedelta

from runner.cli.batch import require_each_once, sign_each
from runner.cli.people import grant_to_sign, is_grant
from runner.cli.planning import plan_of_request, put_change
from runner.cli.session import Session, instant
from runner.cli.signed import add_signing, sign
from runner.client import drafts, granting
from runner.client.drafts import Draft
from runner.words import _


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed after the verb."""
    parser.add_argument(
        "numbers", nargs="+", metavar=_("NUMBER"), help=_("number of the request or grant; several are signed in turn")
    )
    parser.add_argument(
        "--max-runs",
        type=int,
        metavar=_("COUNT"),
        help=_("how often it may be run (default: once; for a standing approval as often as asked for)"),
    )
    parser.add_argument(
        "--until", metavar=_("TIME"), help=_("until when, such as +7d (default: as long as asked for and allowed)")
    )
    parser.add_argument("--quiet", action="store_true", help=_("do not print the plan"))
    add_signing(parser)


def run(options: argparse.Namespace) -> int:
    """Fetch, recompute, show, sign; of several each by its own statement."""
    numbers: list[str] = options.numbers
    require_each_once(numbers)
    with Session(options) as here:
        if len(numbers) == 1:
            return sign(here, _draft(here, numbers[0], options), options)
        return sign_each(here, numbers, lambda number: _draft(here, number, options), options)


def _draft(here: Session, number: str, options: argparse.Namespace) -> Draft:
    """The approval of a request or grant, which is shown."""
    if is_grant(number):
        return granting.grant(grant_to_sign(here, number))
    shown = here.service.request(number)
    plan = plan_of_request(here, shown)
    if not (options.quiet or options.json):
        put_change(here, shown, plan)
    valid_for = timedelta(seconds=shown.approval_valid_for)
    now = here.clock.now()
    until = instant(options.until, now.replace(microsecond=0), here.site.timezone) if options.until else None
    return drafts.approve(shown.request, now, valid_for, options.max_runs, until)
