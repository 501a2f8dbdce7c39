"""`twokey start`: start an approved change, as its executor."""

from __future__ import annotations

import argparse

from runner.cli.planning import plan_of_request, tell_marks
from runner.cli.session import Session
from runner.cli.signed import add_signing, sign
from runner.client import drafts
from runner.words import _


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed after the verb."""
    parser.add_argument("number", metavar=_("NUMBER"), help=_("number of the approved request"))
    add_signing(parser)


def run(options: argparse.Namespace) -> int:
    """Recompute the plan, sign."""
    with Session(options) as here:
        shown = here.service.request(options.number)
        plan_of_request(here, shown)
        tell_marks(here, shown)
        return sign(here, drafts.start(shown.request), options)
