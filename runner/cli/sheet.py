"""`twokey sheet`: sign the sheet of the manual step a run waits with; both people sign."""

from __future__ import annotations

import argparse

from runner.cli.planning import typed_parameters
from runner.cli.session import Session
from runner.cli.signed import add_signing, sign
from runner.client import drafts
from runner.words import _


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed after the verb."""
    parser.add_argument("run_name", metavar=_("RUN"), help=_("the run, or its request's number"))
    parser.add_argument(
        "-r",
        "--reading",
        action="append",
        default=[],
        metavar=_("NAME=VALUE"),
        help=_("a reading the sheet asks for; may be repeated"),
    )
    add_signing(parser)


def run(options: argparse.Namespace) -> int:
    """See what the run waits for, sign."""
    with Session(options) as here:
        shown = here.service.run(here.run_named(options.run_name))
        return sign(here, drafts.sheet(shown, typed_parameters(options.reading)), options)
