"""`twokey runbook`: list, show, check and publish runbooks."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from runner.cli.output import put, put_json, tell
from runner.cli.publishing import publish
from runner.cli.runbook_list import print_list
from runner.cli.runbook_text import print_runbook
from runner.cli.session import Session, places_of
from runner.cli.signed import add_signing
from runner.client.content import local_content
from runner.errors import InvalidContentError
from runner.runbook.settings import load_site
from runner.wire.documents import to_value
from runner.words import _


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed after the verb."""
    below = parser.add_subparsers(dest="part", required=True, metavar=_("WHAT"))
    listing = below.add_parser("list", help=_("runbooks of this site, and how far each is published"))
    show = below.add_parser("show", help=_("a runbook in words, as it lies in this site"))
    lint = below.add_parser("lint", help=_("every mistake with its line and column; no service is needed"))
    lint.add_argument("paths", nargs="+", type=Path, metavar=_("PATH"), help=_("runbooks, or folders of them"))
    lint.add_argument("--without-ansible", action="store_true", help=_("leave out Ansible's own syntax check"))
    schema = below.add_parser("schema", help=_("the JSON Schema of runbooks, for editors"))
    publishing = below.add_parser("publish", help=_("sign content as its author, or countersign it as another person"))
    publishing.add_argument("--content", default="", metavar=_("DIGEST"), help=_("countersign this proposed content"))
    publishing.add_argument("--quiet", action="store_true", help=_("do not print what changed"))
    add_signing(publishing)
    for part in (show, publishing):
        part.add_argument("runbook", metavar=_("RUNBOOK"), help=_("id or path of a runbook"))
    for part in (listing, show, lint, schema):
        part.add_argument("--json", action="store_true", help=_("print JSON"))


def run(options: argparse.Namespace) -> int:
    """Do the part that was typed."""
    if options.part == "lint":
        return _lint(options)
    if options.part == "schema":
        return _schema()
    if options.part == "show":
        return _show(options)
    with Session(options) as here:
        if options.part == "list":
            return print_list(here, as_json=options.json)
        return publish(here, options)


def _lint(options: argparse.Namespace) -> int:
    """Problems are the data here, so they go to stdout."""
    from runner.runbook.lint import lint

    problems = lint(options.paths, with_syntax_check=not options.without_ansible)
    if options.json:
        put_json({"problems": list(problems)})
    else:
        for line in problems:
            put(line)
        if not problems:
            tell(_("no problems"))
    return InvalidContentError.exit_code if problems else 0


def _schema() -> int:
    from runner.runbook.schema import schema_text

    sys.stdout.write(schema_text())
    return 0


def _show(options: argparse.Namespace) -> int:
    local = local_content(load_site(places_of(options).site), options.runbook)
    if options.json:
        reach = local.reach
        put_json(
            {
                "path": reach.content.runbook,
                "content": local.digest,
                "runbook": to_value(reach.runbook),
                "files": [file.path for file in reach.content.files],
                "unbound": to_value(reach.unbound),
            }
        )
    else:
        print_runbook(local)
    return 0
