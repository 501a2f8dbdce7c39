"""`twokey request`: ask for a change."""

from __future__ import annotations

import argparse

from runner.cli.planning import add_plan_arguments, published_plan, put_plan
from runner.cli.session import Session
from runner.cli.signed import add_signing, sign
from runner.client import drafts
from runner.words import _


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed after the verb."""
    add_plan_arguments(parser, _("id or path of a runbook"))
    parser.add_argument("--reason", required=True, metavar=_("TEXT"), help=_("why the change is needed"))
    parser.add_argument(
        "--revises", default="", metavar=_("NUMBER"), help=_("the rejected request whose number is kept")
    )
    parser.add_argument("--quiet", action="store_true", help=_("do not print the plan"))
    add_signing(parser)


def run(options: argparse.Namespace) -> int:
    """Plan, show, sign."""
    with Session(options) as here:
        plan = published_plan(here, options).plan
        if not (options.quiet or options.json):
            put_plan(here, plan)
        return sign(here, drafts.request(plan, options.reason, options.revises), options)
