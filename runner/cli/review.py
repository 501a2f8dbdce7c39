"""`twokey review`: sign the after-review of an emergency; two others sign the same words."""

from __future__ import annotations

import argparse

from runner.cli.joint import require_words_of
from runner.cli.output import put_lines
from runner.cli.session import Session
from runner.cli.signed import add_signing, sign
from runner.client import drafts
from runner.client.wording.run import report_lines
from runner.errors import UsageError
from runner.model.review import Verdict
from runner.wire.api_request import Act
from runner.words import N_, _


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed after the verb."""
    parser.add_argument("run_name", metavar=_("RUN"), help=_("the run, or its request's number"))
    parser.add_argument(
        "--finding",
        dest="findings",
        action="append",
        default=[],
        metavar=_("TEXT"),
        help=_("what was found; may be repeated; the second person leaves all away, and signs the first's"),
    )
    parser.add_argument(
        "--conclusion",
        default="",
        metavar=_("TEXT"),
        help=_("whether it was rightly done; the second person may leave it away"),
    )
    parser.add_argument(
        "--permanent-fix", default="", metavar=_("NUMBER"), help=_("the request that mends it for good, if any")
    )
    parser.add_argument("--quiet", action="store_true", help=_("do not print what was done"))
    add_signing(parser)


def run(options: argparse.Namespace) -> int:
    """Show what was done, sign what is found of it."""
    with Session(options) as here:
        shown = here.service.run(here.run_named(options.run_name))
        person = here.who_signs.name
        act = drafts.review_to_sign(shown, person)
        require_words_of(act, "conclusion", options.conclusion)
        require_words_of(act, "permanent_fix", options.permanent_fix, needed=False)
        _require_same_findings(act, options.findings)
        verdict = Verdict(tuple(options.findings), options.conclusion, options.permanent_fix)
        if not (options.quiet or options.json):
            put_lines(report_lines(shown, here.service.request(shown.row.request), here.present))
        return sign(here, drafts.review(shown, verdict, person), options)


def _require_same_findings(act: Act | None, typed: list[str]) -> None:
    first = (act.content or {}).get("findings") if act is not None else None
    if isinstance(first, list) and typed and typed != first:
        raise UsageError(
            N_('--{name}: the first person wrote "{first}", and both sign the same'),
            hint=N_("leave --{name} away to sign that, or agree on other words and let the first write them anew"),
            name="finding",
            first="; ".join(str(each) for each in first),
        )
