"""`twokey policy`: check, show, propose and explain policies; each part in a function of its own."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from runner.cli.output import put, put_json, put_lines, put_table, tell, tell_lines
from runner.cli.session import Session
from runner.cli.signed import add_signing, sign
from runner.client import granting
from runner.client.wording.grant import changed_lines, explained_lines
from runner.client.wording.line import aligned, listed
from runner.client.wording.policy import policy_lines
from runner.client.wording.policy_coming import coming_told, lapsing_texts
from runner.client.wording.present import in_full
from runner.errors import InvalidContentError, RefusedError
from runner.model.grant import SetPolicy
from runner.model.policy import Policy
from runner.model.statement import StatementKind
from runner.proof.canonical import digest
from runner.runbook.effect import effect_of
from runner.runbook.loader import read_file
from runner.runbook.policy_lint import lint_policies
from runner.runbook.settings import parse_policy
from runner.wire.api_people import PolicyShown
from runner.wire.documents import to_value
from runner.wire.spoken import spoken
from runner.words import _


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed after the verb."""
    below = parser.add_subparsers(dest="part", required=True, metavar=_("WHAT"))
    lint = below.add_parser("lint", help=_("every mistake with its line and column; no service is needed"))
    lint.add_argument("paths", nargs="+", type=Path, metavar=_("PATH"), help=_("policies, or folders of them"))
    show = below.add_parser("show", help=_("a policy in words: posts, and what changes need where"))
    show.add_argument("path", nargs="?", type=Path, metavar=_("PATH"), help=_("a policy (default: the one in force)"))
    propose = below.add_parser("propose", help=_("apply for another policy; another person approves it"))
    propose.add_argument("path", type=Path, metavar=_("PATH"), help=_("the new policy"))
    propose.add_argument("--reason", required=True, metavar=_("TEXT"), help=_("why"))
    add_signing(propose)
    explain = below.add_parser("explain", help=_("whether somebody may sign something, and by which rule"))
    explain.add_argument("person", metavar=_("PERSON"), help=_("who would sign"))
    explain.add_argument(
        "action", choices=[kind.value for kind in StatementKind], metavar=_("ACTION"), help=_("what they would sign")
    )
    explain.add_argument(
        "object", nargs="?", default="", metavar=_("OBJECT"), help=_("about what: a change, run, grant or digest")
    )
    staffing = below.add_parser("staffing", help=_("for every risk class a team that can carry it out, or what lacks"))
    schema = below.add_parser("schema", help=_("the JSON Schema of policies, for editors"))
    for part in (lint, show, schema, explain, staffing):
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


def _propose(options: argparse.Namespace) -> int:
    source = read_file(options.path)
    policy = parse_policy(source, str(options.path))
    with Session(options) as here:
        grant = SetPolicy(digest(source), source.decode())
        if not options.json:
            shown = here.service.register.policy()
            for line in changed_lines(shown.source, grant.text):
                tell(line)
            _tell_lapsing(here, shown, policy)
        return sign(here, granting.apply(grant, options.reason, here.status.origin), options)


def _tell_lapsing(here: Session, shown: PolicyShown, policy: Policy) -> None:
    """Say before it is signed which approvals start nothing any more once the policy counts."""
    at = effect_of(policy, here.site.timezone)
    tell(_("it takes effect: {at}").format(at=in_full(at, here.zone) if at else _("as soon as it is granted")))
    for text in lapsing_texts(shown.approvals, at or here.clock.now(), here.present):
        tell(text)


def _explain(options: argparse.Namespace) -> int:
    with Session(options) as here:
        explained = here.service.register.explain(options.person, StatementKind(options.action), options.object)
        if options.json:
            put_json(explained)
        else:
            put_lines(explained_lines(explained, here.present))
    return 0 if explained.allowed else RefusedError.exit_code


def _staffing(options: argparse.Namespace) -> int:
    """1 when for some class nobody can be found, so that it can be watched."""
    with Session(options) as here:
        found = here.service.register.staffing()
    if options.json:
        put_json(found)
    else:
        heads = (_("risk class"), _("unit"), _("enough people"), _("team, or what lacks"))
        put_table(
            heads,
            [
                (
                    spoken(row.risk.value),
                    row.unit or "-",
                    _("yes") if row.enough else _("no"),
                    listed(row.team)
                    if row.missing is None
                    else _("nobody for: {what}").format(what=spoken(row.missing)),
                )
                for row in found.rows
            ],
        )
    return 0 if all(row.enough for row in found.rows) else 1


def _policy(options: argparse.Namespace) -> Policy:
    """The policy that was named; the one in force; or that of a site nobody has founded yet."""
    path: Path | None = options.path
    if path is not None:
        return parse_policy(read_file(path), str(path))
    with Session(options) as here:
        if here.is_founded:
            shown = here.service.register.policy()
            if shown.differs:
                tell(
                    _("the site's policy.yml says something else; it counts once it is granted: twokey policy propose")
                )
            tell_lines(aligned(coming_told(shown, here.present)))
        return here.policy


_PARTS: Final[Mapping[str, Callable[[argparse.Namespace], int]]] = {
    "lint": _lint,
    "show": _show,
    "schema": _schema,
    "propose": _propose,
    "explain": _explain,
    "staffing": _staffing,
}
