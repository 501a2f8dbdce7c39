"""`twokey plan`: the exact plan a runbook expands to, or the plan of a request; with --check, tried in check mode."""

from __future__ import annotations

import argparse
import re
from typing import Final

from runner.cli.output import put_json, put_lines, tell
from runner.cli.planning import (
    Planned,
    add_plan_arguments,
    decision_by,
    plan_of_content,
    plan_of_request,
    published_plan,
    put_change,
)
from runner.cli.session import Session, present_in
from runner.cli.signed import add_key, add_password, hand_in
from runner.cli.watch import watch
from runner.client import drafts
from runner.client.wording.plan import plan_lines
from runner.client.wording.present import said
from runner.errors import UsageError
from runner.model.document import JsonObject
from runner.model.plan import Plan, PlanDocument
from runner.wire.documents import to_document, to_value
from runner.words import N_, _

_NUMBER: Final = re.compile(r"[A-Z]+-\d{4}-\d{4,}")


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed after the verb."""
    add_plan_arguments(parser, _("id or path of a runbook, or the number of a request"))
    parser.add_argument(
        "--check", action="store_true", help=_("try it in Ansible's check mode and show what would change; signed")
    )
    add_key(parser)
    add_password(parser)
    parser.add_argument("--yes", action="store_true", help=_("sign --check without asking"))
    parser.add_argument("--json", action="store_true", help=_("print JSON"))


def run(options: argparse.Namespace) -> int:
    """Make the plan, show it, try it."""
    with Session(options) as here:
        if _NUMBER.fullmatch(options.runbook):
            return _print_of_request(here, options)
        if options.check:
            return _check(here, published_plan(here, options), options)
        planned = plan_of_content(here, options)
        if options.json:
            put_json(_document(here, planned.document, planned.plan))
        else:
            _print(here, planned)
        return 0


def _print_of_request(here: Session, options: argparse.Namespace) -> int:
    given = (options.check, options.parameter, options.host, options.opens, options.closes)
    if any(given):
        raise UsageError(N_("the plan of a request is fixed; nothing can be added to it"))
    shown = here.service.request(options.runbook)
    plan = plan_of_request(here, shown)
    if options.json:
        put_json(_document(here, here.service.plan(shown.request.plan), plan))
    else:
        put_change(here, shown, plan)
    return 0


def _check(here: Session, planned: Planned, options: argparse.Namespace) -> int:
    """Have the plan carried out in check mode, and follow it to its end."""
    if not options.json:
        _print(here, planned)
    outcome = hand_in(here, drafts.check(planned.plan), options)
    if not options.json:
        tell(said(outcome.message, here.present))
    return watch(here, outcome.run, until_waiting=True, as_json=options.json)


def _print(here: Session, planned: Planned) -> None:
    """A plan, which may be of a site that has no service yet."""
    present = present_in(here.site.timezone)
    by = decision_by(here, planned.plan)
    put_lines(plan_lines(planned.plan, by, present, published=planned.document.published))


def _document(here: Session, document: PlanDocument, plan: Plan) -> JsonObject:
    """The plan document with what follows from it."""
    return {
        **to_document(document),
        "risk": plan.risk.value,
        "risk_rules": to_value(plan.risk_rules),
        "rollback_estimate": plan.rollback_estimate,
        "rollback_decision_by": to_value(decision_by(here, plan)),
    }
