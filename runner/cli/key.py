"""`twokey key`: list people's keys, apply for another, revoke one."""

from __future__ import annotations

import argparse
from pathlib import Path

from runner.cli.output import put_json, put_table
from runner.cli.session import Session, instant
from runner.cli.signed import add_signing, sign
from runner.client import granting
from runner.client.public_key_file import public_key_line
from runner.client.wording.grant import key_text
from runner.model.grant import AddKey, Grant, RevokeKey
from runner.wire.documents import to_value
from runner.words import _


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed after the verb."""
    below = parser.add_subparsers(dest="part", required=True, metavar=_("WHAT"))
    listing = below.add_parser("list", help=_("every key there is or was, and whose"))
    listing.add_argument("--json", action="store_true", help=_("print JSON"))
    add = below.add_parser("add", help=_("apply for another key of a person; another person approves it"))
    revoke = below.add_parser("revoke", help=_("revoke a key at once; another person inspects it afterwards"))
    for part in (add, revoke):
        part.add_argument("person", metavar=_("PERSON"), help=_("whose key"))
    add.add_argument("public_key", type=Path, metavar=_("FILE.pub"), help=_("the public key"))
    add.add_argument("--until", metavar=_("TIME"), help=_("when it expires by itself"))
    revoke.add_argument("fingerprint", metavar="SHA256:…", help=_("fingerprint of the key"))
    for part in (add, revoke):
        part.add_argument("--reason", required=True, metavar=_("TEXT"), help=_("why"))
        add_signing(part)


def run(options: argparse.Namespace) -> int:
    """List, or sign an application."""
    with Session(options) as here:
        if options.part == "list":
            return _list(here, options)
        return sign(here, granting.apply(_grant(here, options), options.reason, here.status.origin), options)


def _grant(here: Session, options: argparse.Namespace) -> Grant:
    if options.part == "revoke":
        return RevokeKey(options.person, options.fingerprint, options.reason)
    until = None if options.until is None else instant(options.until, here.clock.now(), here.zone)
    return AddKey(options.person, public_key_line(options.public_key), until)


def _list(here: Session, options: argparse.Namespace) -> int:
    register = here.service.register.people()
    if options.json:
        keys = [(each.person.name, key) for each in register.people for key in each.person.keys]
        put_json({"keys": [{"person": name, "key": to_value(key)} for name, key in keys]})
        return 0
    rows = [(each.person.name, key_text(key, here.present)) for each in register.people for key in each.person.keys]
    put_table((_("person"), _("key")), rows)
    return 0
