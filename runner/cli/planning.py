"""From what was typed to a plan: parameters, window, and whether the content on disk is the published one."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from runner.cli.output import put_lines, tell
from runner.cli.session import Session, instant
from runner.client.content import (
    LocalContent,
    local_content,
    reach_of_shown,
    require_lookups_listed,
    unpublished_plan,
)
from runner.client.drafts import open_document, require_same_plan
from runner.client.wording.change import change_lines
from runner.client.wording.plan import plan_lines
from runner.client.wording.present import said
from runner.errors import NotFoundError, RefusedError, UsageError
from runner.model.document import JsonValue
from runner.model.plan import Plan, PlanDocument
from runner.model.request import PublicationState
from runner.model.runbook import Risk
from runner.model.time import Window
from runner.rules.risk import RANKED
from runner.rules.windows import binding_window, latest_rollback_decision
from runner.wire.api_content import PublicationShown
from runner.wire.api_request import PlanAsked, RequestShown
from runner.words import N_, _


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan document with the plan it was found to be."""

    document: PlanDocument
    plan: Plan


def add_plan_arguments(parser: argparse.ArgumentParser, runbook_help: str) -> None:
    """What names a plan."""
    parser.add_argument("runbook", metavar=_("RUNBOOK"), help=runbook_help)
    parser.add_argument(
        "-p",
        "--parameter",
        action="append",
        default=[],
        metavar=_("NAME=VALUE"),
        help=_("value of a parameter; may be repeated"),
    )
    parser.add_argument(
        "--host", action="append", default=[], metavar=_("NAME"), help=_("only this host; may be repeated")
    )
    parser.add_argument(
        "--from",
        dest="opens",
        metavar=_("TIME"),
        help=_("window opens: 2026-11-29T00:30, 00:30, +10m or now"),
    )
    parser.add_argument("--to", dest="closes", metavar=_("TIME"), help=_("window closes; +2h counts from its opening"))
    parser.add_argument(
        "--risk",
        choices=[risk.value for risk in RANKED],
        metavar=_("CLASS"),
        help=_("a higher risk class than it has by itself, such as major; it is never lowered"),
    )


def window_of(here: Session, options: argparse.Namespace) -> Window | None:
    """The window that was typed; None when neither end was.

    Raises:
        UsageError: only one end was typed, or it closes before it opens.
    """
    if not options.opens and not options.closes:
        return None
    if not (options.opens and options.closes):
        raise UsageError(N_("window: --from and --to belong together"))
    opens = instant(options.opens, here.clock.now().replace(microsecond=0), here.site.timezone)
    return Window(opens, instant(options.closes, opens, here.site.timezone))


def typed_parameters(pairs: Sequence[str]) -> dict[str, JsonValue]:
    """Values by name, as text; the runbook's types are applied where the plan is made.

    Raises:
        UsageError: a pair without `=`, or a name twice.
    """
    values: dict[str, JsonValue] = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator or not name:
            raise UsageError(N_("parameter {pair}: expected NAME=VALUE"), pair=pair)
        if name in values:
            raise UsageError(N_("parameter {name}: given twice"), name=name)
        values[name] = value
    return values


def plan_of_content(here: Session, options: argparse.Namespace) -> Planned:
    """The plan of the content on disk: the service's when it is published, else one to be read only."""
    local = local_content(here.site, options.runbook)
    if here.is_founded and is_published(find_publication(here, local.digest)):
        return _made(here, local, options)
    document = unpublished_plan(here.site, local, _asked(here, local, options))
    return Planned(document, open_document(document))


def published_plan(here: Session, options: argparse.Namespace) -> Planned:
    """The plan of the content on disk, which must be published.

    Raises:
        RefusedError: it is not.
    """
    local = local_content(here.site, options.runbook)
    if not is_published(find_publication(here, local.digest)):
        raise RefusedError(
            N_("runbook {runbook}: the content on disk is not published"),
            rule="L1:not-published",
            hint=N_("publish it: twokey runbook publish {runbook}, by its author and by another person"),
            runbook=options.runbook,
        )
    return _made(here, local, options)


def plan_of_request(here: Session, shown: RequestShown) -> Plan:
    """The plan of a request, recomputed from its parts and from the bytes of its content.

    Raises:
        VerificationError: it is not the plan the request names.
    """
    plan = open_document(here.service.plan(shown.request.plan))
    require_same_plan(shown, plan)
    reach = reach_of_shown(here.service, here.places.site, plan.content, plan.digests.content)
    require_lookups_listed(plan, reach)
    return plan


def decision_by(here: Session, plan: Plan) -> datetime | None:
    """Latest rollback decision time of a plan; None without a window that bounds it."""
    window = binding_window(plan.binding.window, plan.risk)
    try:
        reserve = here.policy.rollback_reserve
    except NotFoundError:
        return None  # somebody of a vendor is not shown the policy; a run says it by itself
    return latest_rollback_decision(window, plan.rollback_estimate, reserve)


def put_plan(here: Session, plan: Plan) -> None:
    """Print a plan of published content."""
    put_lines(plan_lines(plan, decision_by(here, plan), here.present, published=True))


def put_change(here: Session, shown: RequestShown, plan: Plan) -> None:
    """Print a request with its plan."""
    put_lines(change_lines(shown, plan, decision_by(here, plan), here.present))


def tell_marks(here: Session, shown: RequestShown) -> None:
    """Say what is marked of an emergency and stops nothing."""
    for mark in shown.marks:
        tell(said(mark, here.present))


def find_publication(here: Session, digest: str) -> PublicationShown | None:
    """Content of this digest as the service knows it; None when it was never proposed."""
    try:
        return here.service.publication(digest)
    except NotFoundError:
        return None


def is_published(publication: PublicationShown | None) -> bool:
    """Whether content was signed by its author and by another person."""
    return publication is not None and publication.row.state is PublicationState.PUBLISHED


def _made(here: Session, local: LocalContent, options: argparse.Namespace) -> Planned:
    document = here.service.make_plan(_asked(here, local, options))
    plan = open_document(document)
    require_lookups_listed(plan, local.reach)
    return Planned(document, plan)


def _asked(here: Session, local: LocalContent, options: argparse.Namespace) -> PlanAsked:
    return PlanAsked(
        content=local.digest,
        parameters=typed_parameters(options.parameter),
        hosts=tuple(options.host),
        window=window_of(here, options),
        risk=Risk(options.risk) if options.risk else None,
    )
