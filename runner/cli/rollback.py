"""`twokey rollback`: roll a waiting run back; both people sign."""

from __future__ import annotations

import argparse

from runner.cli.joint import add_joint_reason, require_same_words
from runner.cli.session import Session
from runner.cli.signed import add_signing, sign
from runner.client import drafts
from runner.model.run import Choice
from runner.model.statement import StatementKind
from runner.words import _


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed after the verb."""
    parser.add_argument("run_name", metavar=_("RUN"), help=_("the run, or its request's number"))
    add_joint_reason(parser)
    add_signing(parser)


def run(options: argparse.Namespace) -> int:
    """See what the run waits for, sign."""
    with Session(options) as here:
        shown = here.service.run(here.run_named(options.run_name))
        draft = drafts.decide(shown, Choice.ROLL_BACK, options.reason)
        require_same_words(shown, StatementKind.DECIDE, "reason", options.reason)
        return sign(here, draft, options)
