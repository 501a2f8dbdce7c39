"""`twokey policy`: check and show policies; each part in a function of its own."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from runner.cli.output import put, put_json, put_lines, tell
from runner.cli.session import places_of
from runner.client.wording.policy import policy_lines
from runner.errors import InvalidContentError
from runner.model.policy import Policy
from runner.runbook.loader import read_file
from runner.runbook.policy_lint import lint_policies
from runner.runbook.settings import load_policy, load_site, parse_policy
from runner.wire.documents import to_value
from runner.words import _


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed after the verb."""
    below = parser.add_subparsers(dest="part", required=True, metavar=_("WHAT"))
    lint = below.add_parser("lint", help=_("every mistake with its line and column; no service is needed"))
    lint.add_argument("paths", nargs="+", type=Path, metavar=_("PATH"), help=_("policies, or folders of them"))
    show = below.add_parser("show", help=_("a policy in words: posts, and what changes need where"))
    show.add_argument(
        "path", nargs="?", type=Path, metavar=_("PATH"), help=_("a policy (default: that of this site's environment)")
    )
    schema = below.add_parser("schema", help=_("the JSON Schema of policies, for editors"))
    for part in (lint, show, schema):
        part.add_argument("--json", action="store_true", help=_("print JSON"))


def run(options: argparse.Namespace) -> int:
    """Do the part that was typed."""
    return _PARTS[options.part](options)


def _lint(options: argparse.Namespace) -> int:
    """Problems are the data here, so they go to stdout."""
    problems = lint_policies(options.paths)
    if options.json:
        put_json({"problems": list(problems)})
    else:
        for problem in problems:
            put(problem)
        if not problems:
            tell(_("no problems"))
    return InvalidContentError.exit_code if problems else 0


def _show(options: argparse.Namespace) -> int:
    policy = _policy(options)
    if options.json:
        put_json(to_value(policy))
    else:
        put_lines(policy_lines(policy))
    return 0


def _schema(_options: argparse.Namespace) -> int:
    from runner.runbook.schema import policy_schema_text

    sys.stdout.write(policy_schema_text())
    return 0


def _policy(options: argparse.Namespace) -> Policy:
    """The policy that was named, or that of the site."""
    path: Path | None = options.path
    if path is None:
        return load_policy(load_site(places_of(options).site))
    return parse_policy(read_file(path), str(path))


_PARTS: Final[Mapping[str, Callable[[argparse.Namespace], int]]] = {"lint": _lint, "show": _show, "schema": _schema}
