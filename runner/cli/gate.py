"""`twokey gate`: pass the gate a run stands at; both people sign."""

from __future__ import annotations

import argparse

from runner.cli.output import tell_lines
from runner.cli.session import Session
from runner.cli.signed import add_signing, sign
from runner.client import drafts
from runner.client.wording.matter import matter_lines
from runner.words import _


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed after the verb."""
    parser.add_argument("run_name", metavar=_("RUN"), help=_("the run, or its request's number"))
    add_signing(parser)


def run(options: argparse.Namespace) -> int:
    """See what the run waits for, sign."""
    with Session(options) as here:
        shown = here.service.run(here.run_named(options.run_name))
        draft = drafts.gate(shown)
        tell_lines(matter_lines(shown, here.present))
        return sign(here, draft, options)
