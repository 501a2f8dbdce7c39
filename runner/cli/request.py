"""`twokey request`: ask for a change."""

from __future__ import annotations

import argparse
from pathlib import Path

from runner.cli.output import tell
from runner.cli.plan_text import print_plan
from runner.cli.planning import add_plan_arguments, published_plan
from runner.cli.session import Session
from runner.cli.signed import add_signing, sign
from runner.client import drafts
from runner.words import _


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed after the verb."""
    add_plan_arguments(parser)
    parser.add_argument("--reason", required=True, metavar=_("TEXT"), help=_("why the change is needed"))
    parser.add_argument(
        "--revises", default="", metavar=_("NUMBER"), help=_("the rejected request whose number is kept")
    )
    parser.add_argument("--quiet", action="store_true", help=_("do not print the plan"))
    add_signing(parser)


def run(options: argparse.Namespace) -> int:
    """Plan, show, sign."""
    with Session(options) as here:
        document = published_plan(here, options)
        plan = drafts.open_document(document)
        if not (options.quiet or options.json):
            print_plan(plan, published=True, zone=here.zone, policy=here.policy)
        draft = drafts.request(plan, options.reason, options.revises)
        if options.runbook != plan.runbook.id and Path(options.runbook).suffix:
            tell(_("the published content of {id} is requested").format(id=plan.runbook.id))
        return sign(here, draft, options)
