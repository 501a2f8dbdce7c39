"""`twokey logout`: end the session that is kept here, or all of them."""

from __future__ import annotations

import argparse

from runner.cli.output import put, put_json
from runner.cli.session import Session
from runner.errors import SignInError
from runner.words import _


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed after the verb."""
    parser.add_argument("--all", action="store_true", help=_("end all your sessions, wherever they were begun"))
    parser.add_argument("--json", action="store_true", help=_("print JSON"))


def run(options: argparse.Namespace) -> int:
    """Sign out; nobody having signed in is no mistake."""
    with Session(options, may_visit=False) as here:
        try:
            ended = here.service.door.sign_out(here.status.origin, everywhere=options.all).ended
        except SignInError:
            ended = ()
    if options.json:
        put_json({"ended": list(ended)})
    elif ended:
        put(_("signed out; sessions ended: {count}").format(count=len(ended)))
    else:
        put(_("nobody had signed in"))
    return 0
