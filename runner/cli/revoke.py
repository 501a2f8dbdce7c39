"""`twokey revoke`: end a standing approval, at once and by one signature."""

from __future__ import annotations

import argparse

from runner.cli.session import Session
from runner.cli.signed import add_signing, sign
from runner.client import drafts
from runner.words import _


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed after the verb."""
    parser.add_argument("number", metavar=_("NUMBER"), help=_("number of the change with the standing approval"))
    parser.add_argument("--reason", required=True, metavar=_("TEXT"), help=_("why"))
    add_signing(parser)


def run(options: argparse.Namespace) -> int:
    """Fetch and sign."""
    with Session(options) as here:
        wanted = here.service.request(options.number).request
        return sign(here, drafts.revoke(wanted, options.reason), options)
