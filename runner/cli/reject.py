"""`twokey reject`: send another person's request back, with a reason."""

from __future__ import annotations

import argparse

from runner.cli.people import grant_to_sign, is_grant
from runner.cli.session import Session
from runner.cli.signed import add_signing, sign
from runner.client import drafts, granting
from runner.words import _


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed after the verb."""
    parser.add_argument("number", metavar=_("NUMBER"), help=_("number of the request or grant"))
    parser.add_argument("--reason", required=True, metavar=_("TEXT"), help=_("why"))
    add_signing(parser)


def run(options: argparse.Namespace) -> int:
    """Fetch and sign."""
    with Session(options) as here:
        if is_grant(options.number):
            return sign(here, granting.deny(grant_to_sign(here, options.number), options.reason), options)
        wanted = here.service.request(options.number).request
        return sign(here, drafts.reject(wanted, options.reason), options)
