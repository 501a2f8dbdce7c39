"""`twokey close`: sign the result of a run that has ended; both people sign."""

from __future__ import annotations

import argparse

from runner.cli.joint import require_same_words
from runner.cli.session import Session
from runner.cli.signed import add_signing, sign
from runner.client import drafts
from runner.model.statement import StatementKind
from runner.words import _


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed after the verb."""
    parser.add_argument("run_name", metavar=_("RUN"), help=_("the run, or its request's number"))
    parser.add_argument(
        "--achieved",
        default="",
        metavar=_("TEXT"),
        help=_("what was achieved; the second person may leave it away, and signs the first's"),
    )
    parser.add_argument("--reason", default="", metavar=_("TEXT"), help=_("why it did not go as planned"))
    add_signing(parser)


def run(options: argparse.Namespace) -> int:
    """See what the run waits for, sign."""
    with Session(options) as here:
        shown = here.service.run(here.run_named(options.run_name))
        draft = drafts.close(shown, options.achieved, options.reason)
        require_same_words(shown, StatementKind.CLOSE, "achieved", options.achieved)
        require_same_words(shown, StatementKind.CLOSE, "reason", options.reason, needed=False)
        return sign(here, draft, options)
