"""`twokey request`: ask for a change."""

from __future__ import annotations

import argparse
from pathlib import Path

from runner.cli.planning import add_plan_arguments, published_plan, put_plan
from runner.cli.session import Session, instant
from runner.cli.signed import add_signing, sign
from runner.client import drafts
from runner.errors import UsageError
from runner.model.request import StandingTerms
from runner.model.time import Seconds
from runner.model.units import parse_duration
from runner.proof.canonical import digest
from runner.runbook.loader import read_file
from runner.words import N_, _


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed after the verb."""
    add_plan_arguments(parser, _("id or path of a runbook"))
    parser.add_argument("--reason", required=True, metavar=_("TEXT"), help=_("why the change is needed"))
    parser.add_argument(
        "--revises", default="", metavar=_("NUMBER"), help=_("the rejected request whose number is kept")
    )
    parser.add_argument(
        "--attach",
        dest="attachments",
        action="append",
        default=[],
        metavar=_("KIND=FILE"),
        help=_("a document the policy asks for, such as risk_analysis; its name and digest are signed"),
    )
    parser.add_argument(
        "--trial",
        type=_span,
        metavar=_("SPAN"),
        help=_("how long the change is on trial before it is accepted, such as 7d (default: as its runbook says)"),
    )
    parser.add_argument(
        "--standing",
        action="store_true",
        help=_("ask for a standing approval: one person may start it, again and again"),
    )
    parser.add_argument("--until", metavar=_("TIME"), help=_("with --standing: its end, such as +7d"))
    parser.add_argument(
        "--max-runs", type=int, metavar=_("COUNT"), help=_("with --standing: how often it may be run at most")
    )
    parser.add_argument("--quiet", action="store_true", help=_("do not print the plan"))
    add_signing(parser)


def run(options: argparse.Namespace) -> int:
    """Plan, show, sign."""
    with Session(options) as here:
        standing = _standing(here, options)
        attachments = dict(_attachment(text) for text in options.attachments)
        plan = published_plan(here, options).plan
        if not (options.quiet or options.json):
            put_plan(here, plan)
        draft = drafts.request(plan, options.reason, options.revises, attachments, options.trial, standing)
        return sign(here, draft, options)


def _span(text: str) -> Seconds:
    try:
        return parse_duration(text)
    except UsageError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _standing(here: Session, options: argparse.Namespace) -> StandingTerms | None:
    """The standing approval that is asked for, if one is."""
    if not options.standing:
        if options.until or options.max_runs is not None:
            raise UsageError(N_("--until and --max-runs belong to --standing"))
        return None
    if not options.until or options.max_runs is None:
        raise UsageError(N_("--standing needs --until and --max-runs"))
    if options.opens or options.closes:
        raise UsageError(N_("--standing has an end, --until, instead of a window"))
    now = here.clock.now().replace(microsecond=0)
    return StandingTerms(instant(options.until, now, here.site.timezone), options.max_runs)


def _attachment(text: str) -> tuple[str, str]:
    """Kind and reference of `KIND=FILE`: the file's name, and the digest of its bytes."""
    kind, separator, name = text.partition("=")
    if not separator or not kind or not name:
        raise UsageError(N_("--attach {text}: expected KIND=FILE"), text=text)
    return kind, f"{Path(name).name} {digest(read_file(Path(name)))}"
