"""Lists that are read page by page."""

from __future__ import annotations

import argparse
from collections.abc import Sized

from runner.cli.output import tell
from runner.wire.api import DEFAULT_PAGE, MAX_PAGE
from runner.words import _


def add_paging(parser: argparse.ArgumentParser, place: str) -> None:
    """The options that choose a page; `place` names what stands where a page ended."""
    parser.add_argument("--before", default=None, metavar=place, help=_("go on where a page ended"))
    parser.add_argument(
        "--limit",
        type=_count,
        default=DEFAULT_PAGE,
        metavar=_("COUNT"),
        help=_("at most so many, {most} in one page (default: {usual})").format(most=MAX_PAGE, usual=DEFAULT_PAGE),
    )


def tell_rest(rows: Sized, following: str | None) -> None:
    """Say that nothing was found, or how to see what is older."""
    if following:
        tell(_("there are older ones: --before {position}").format(position=following))
    elif not len(rows):
        tell(_("there is none"))


def _count(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= len(str(MAX_PAGE)) and 1 <= int(text) <= MAX_PAGE:
        return int(text)
    raise argparse.ArgumentTypeError(_("got {text}, expected 1 to {most}").format(text=text, most=MAX_PAGE))
