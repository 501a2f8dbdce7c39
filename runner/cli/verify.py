"""`twokey verify`: verify the result of a run for the business; a business owner signs what was found."""

from __future__ import annotations

import argparse

from runner.cli.output import put_lines
from runner.cli.session import Session
from runner.cli.signed import add_signing, sign
from runner.client import drafts
from runner.client.wording.run import run_lines
from runner.model.result import Findings
from runner.words import _


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed after the verb."""
    parser.add_argument("run_name", metavar=_("RUN"), help=_("the run, or its request's number"))
    parser.add_argument("--verified", required=True, metavar=_("TEXT"), help=_("what was verified, and how"))
    parser.add_argument(
        "--finding",
        dest="findings",
        action="append",
        default=[],
        metavar=_("TEXT"),
        help=_("what was found wrong; may be repeated"),
    )
    parser.add_argument("--not-accepted", action="store_true", help=_("the business does not accept the result"))
    parser.add_argument("--quiet", action="store_true", help=_("do not print what was done"))
    add_signing(parser)


def run(options: argparse.Namespace) -> int:
    """Show what was done, sign what the business found."""
    with Session(options) as here:
        shown = here.service.run(here.run_named(options.run_name))
        found = Findings(not options.not_accepted, options.verified, tuple(options.findings))
        draft = drafts.verify(shown, found)
        if not (options.quiet or options.json):
            put_lines(run_lines(shown, here.present))
        return sign(here, draft, options)
