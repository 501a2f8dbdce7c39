"""`twokey accept`: end the trial of a change; one of information and one of the using department sign the same."""

from __future__ import annotations

import argparse

from runner.cli.joint import require_words_of
from runner.cli.output import put_lines
from runner.cli.session import Session
from runner.cli.signed import add_signing, sign
from runner.client import drafts
from runner.client.wording.run import run_lines
from runner.model.result import Acceptance
from runner.words import _


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed after the verb."""
    parser.add_argument("run_name", metavar=_("RUN"), help=_("the run, or its request's number"))
    parser.add_argument(
        "--conclusion",
        default="",
        metavar=_("TEXT"),
        help=_("how the trial went; the second person may leave it away, and signs the first's"),
    )
    parser.add_argument(
        "--not-accepted", action="store_true", help=_("the trial has failed; possible before its days are over")
    )
    parser.add_argument(
        "--follow-up",
        default="",
        metavar=_("NUMBER"),
        help=_("the requested change that undoes or mends what is not accepted"),
    )
    parser.add_argument("--quiet", action="store_true", help=_("do not print what was done"))
    add_signing(parser)


def run(options: argparse.Namespace) -> int:
    """Show what is on trial, sign what becomes of it."""
    with Session(options) as here:
        shown = here.service.run(here.run_named(options.run_name))
        person = here.signatory.person.name
        act = drafts.acceptance_to_sign(shown, person)
        require_words_of(act, "conclusion", options.conclusion)
        require_words_of(act, "follow_up", options.follow_up, needed=False)
        said = Acceptance(not options.not_accepted, options.conclusion, options.follow_up)
        draft = drafts.accept(shown, said, person)
        if not (options.quiet or options.json):
            put_lines(run_lines(shown, here.present))
        return sign(here, draft, options)
