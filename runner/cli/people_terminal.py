"""`twokey people terminal`: the registered places to sign from, and the grants that change them."""

from __future__ import annotations

import argparse

from runner.cli.output import put, put_json, put_table
from runner.cli.session import Session
from runner.cli.signed import add_signing, sign
from runner.client import granting
from runner.client.wording.place import here_text
from runner.model.grant import AddTerminal, RemoveTerminal
from runner.model.people import Terminal
from runner.wire.documents import to_document
from runner.words import _


def add_terminal(below: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The part, and what can be typed after it."""
    terminal = below.add_parser("terminal", help=_("registered terminals: where funds and batch work are signed"))
    parts = terminal.add_subparsers(dest="terminal_part", required=True, metavar=_("WHAT"))
    listing = parts.add_parser("list", help=_("every registered terminal, and the one you are at"))
    listing.add_argument("--json", action="store_true", help=_("print JSON"))
    adding = parts.add_parser("add", help=_("apply for a terminal to be registered"))
    removing = parts.add_parser("remove", help=_("apply for a terminal to be taken out"))
    for part in (adding, removing):
        part.add_argument("name", metavar=_("NAME"), help=_("number of the terminal"))
    adding.add_argument(
        "--source",
        required=True,
        metavar=_("SOURCE"),
        help=_("address its sign-ins come from, or a console of the service machine such as local/tty1"),
    )
    adding.add_argument("--seat", required=True, metavar=_("TEXT"), help=_("the seat it stands at"))
    adding.add_argument("--room", default="", metavar=_("TEXT"), help=_("the room"))
    adding.add_argument("--unit", default="", metavar=_("UNIT"), help=_("organisational unit"))
    adding.add_argument("--operations", action="store_true", help=_("it is an operations terminal"))
    for part in (adding, removing):
        part.add_argument("--reason", required=True, metavar=_("TEXT"), help=_("why"))
        add_signing(part)


def run_terminal(here: Session, options: argparse.Namespace) -> int:
    """Do the part that was typed."""
    if options.terminal_part == "list":
        return _list(here, as_json=options.json)
    if options.terminal_part == "remove":
        grant: AddTerminal | RemoveTerminal = RemoveTerminal(options.name, options.reason)
    else:
        grant = AddTerminal(
            Terminal(options.name, options.source, options.seat, options.room, options.operations, options.unit)
        )
    return sign(here, granting.apply(grant, options.reason, here.status.origin), options)


def _list(here: Session, *, as_json: bool) -> int:
    terminals, place = here.service.register.people().terminals, here.service.register.here()
    if as_json:
        put_json({"here": to_document(place), "terminals": [to_document(each) for each in terminals]})
        return 0
    heads = (_("terminal"), _("operations"), _("seat"), _("room"), _("unit"), _("source"))
    rows = [
        (
            each.name,
            _("yes") if each.operations else _("no"),
            each.seat,
            each.room or "-",
            each.unit or "-",
            each.source,
        )
        for each in terminals
    ]
    put_table(heads, rows)
    put(here_text(place))
    return 0
