"""`twokey close`: sign the result of a run that has ended; both people sign."""

from __future__ import annotations

import argparse

from runner.cli.joint import require_same_words
from runner.cli.session import Session
from runner.cli.signed import add_signing, sign
from runner.client import drafts
from runner.model.result import Achievement, Configuration
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
    parser.add_argument(
        "--configuration",
        choices=[each.value for each in Configuration],
        default="",
        help=_("whether the configuration record was updated; the second person may leave it away"),
    )
    parser.add_argument(
        "--reference", default="", metavar=_("TEXT"), help=_("where it was updated, such as the number of its entry")
    )
    parser.add_argument(
        "--follow-up",
        default="",
        metavar=_("NUMBER"),
        help=_("the change that undoes or mends what the business did not accept, if any"),
    )
    add_signing(parser)


def run(options: argparse.Namespace) -> int:
    """See what the run waits for, sign."""
    with Session(options) as here:
        shown = here.service.run(here.run_named(options.run_name))
        for name, needed in _WORDS.items():
            require_same_words(shown, StatementKind.CLOSE, name, getattr(options, name), needed=needed)
        configuration = Configuration(options.configuration or Configuration.NO_CHANGE)
        said = Achievement(options.achieved, options.reason, configuration, options.reference, options.follow_up)
        return sign(here, drafts.close(shown, said), options)


_WORDS = {"achieved": True, "reason": False, "configuration": True, "reference": False, "follow_up": False}
"""What is typed, and whether the first person must."""
