"""From what was typed to a plan: parameters, window, and whether the content on disk is the published one."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from runner.cli.session import Session, instant
from runner.client.content import local_content
from runner.errors import RefusedError, UsageError
from runner.model.document import JsonValue
from runner.model.plan import PlanDocument
from runner.model.request import PublicationState
from runner.model.time import Window
from runner.wire.api_request import PlanAsked
from runner.words import N_, _


def add_plan_arguments(parser: argparse.ArgumentParser) -> None:
    """What names a plan."""
    parser.add_argument("runbook", metavar=_("RUNBOOK"), help=_("id or path of a runbook"))
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
    parser.add_argument("--to", dest="closes", metavar=_("TIME"), help=_("window closes"))


def window_of(here: Session, options: argparse.Namespace) -> Window | None:
    """The window that was typed; None when neither end was.

    Raises:
        UsageError: only one end was typed, or it closes before it opens.
    """
    if not options.opens and not options.closes:
        return None
    if not (options.opens and options.closes):
        raise UsageError(N_("window: --from and --to belong together"))
    now = here.clock.now().replace(microsecond=0)
    return Window(instant(options.opens, now, here.site.timezone), instant(options.closes, now, here.site.timezone))


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


def published_plan(here: Session, options: argparse.Namespace) -> PlanDocument:
    """The plan of the content on disk, which must be published.

    Raises:
        RefusedError: it is not.
    """
    local = local_content(here.site, options.runbook)
    if not is_published(here, local.digest):
        raise RefusedError(
            N_("runbook {runbook}: the content on disk is not published"),
            rule="L1:not-published",
            hint=N_("publish it: twokey runbook publish {runbook}, by its author and by another person"),
            runbook=options.runbook,
        )
    return here.service.make_plan(
        PlanAsked(
            content=local.digest,
            parameters=typed_parameters(options.parameter),
            hosts=tuple(options.host),
            window=window_of(here, options),
        )
    )


def is_published(here: Session, digest: str) -> bool:
    """Whether content of this digest was signed by its author and by another person."""
    return any(
        row.content == digest and row.state is PublicationState.PUBLISHED for row in here.service.runbooks().runbooks
    )
