"""`twokey session`: list your own sessions, and end one."""

from __future__ import annotations

import argparse

from runner.cli.output import put, put_json, put_table
from runner.cli.session import Session
from runner.client.wording.present import clock
from runner.wire.spoken import spoken
from runner.words import _


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed after the verb."""
    below = parser.add_subparsers(dest="part", required=True, metavar=_("WHAT"))
    listing = below.add_parser("list", help=_("your sessions"), description=_("your sessions"))
    listing.add_argument("--json", action="store_true", help=_("print JSON"))
    ending = below.add_parser("end", help=_("end one of them"), description=_("end one of them"))
    ending.add_argument("session", metavar=_("SESSION"), help=_("its name in the list"))
    ending.add_argument("--json", action="store_true", help=_("print JSON"))


def run(options: argparse.Namespace) -> int:
    """Ask, and print."""
    with Session(options, may_visit=False) as here:
        if options.part == "end":
            ended = here.service.door.end_session(options.session)
            if options.json:
                put_json(ended)
            else:
                put(_("ended: {session}").format(session=options.session))
            return 0
        found = here.service.door.sessions()
        if options.json:
            put_json(found)
            return 0
        present = here.present
        put_table(
            (_("session"), _("signed in by"), _("from"), _("last used"), _("until")),
            [
                (
                    f"{one.id} *" if one.this else one.id,
                    spoken(one.strength.value),
                    one.peer,
                    clock(one.last_seen, present),
                    clock(one.until, present),
                )
                for one in found.sessions
            ],
        )
    return 0
