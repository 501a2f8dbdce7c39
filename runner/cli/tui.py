"""`twokey tui`: the terminal user interface; closing it changes nothing about any run."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from typing import TYPE_CHECKING

from runner.errors import UsageError
from runner.words import N_, _

if TYPE_CHECKING:
    from tui.app import Reach


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed after the verb."""
    parser.add_argument(
        "--bind",
        action="append",
        default=[],
        metavar=_("ACTION=KEY"),
        help=_("give an action another key, such as sign=f3; may be repeated"),
    )
    parser.add_argument("--demonstration", type=float, default=0.0, help=argparse.SUPPRESS)


def run(options: argparse.Namespace) -> int:
    """Open it; where the service is is found out behind the first frame."""
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise UsageError(N_("tui: this is not a terminal"), hint=N_("other verbs need none: twokey --help"))
    from tui.app import open_demonstration, open_tui

    if options.demonstration:
        from runner.cli.session import WallClock

        return open_demonstration(WallClock(), options.bind, options.demonstration)
    return open_tui(partial(_find, options), options.bind, str(options.key or ""))


def _find(options: argparse.Namespace) -> Reach:
    from runner.cli.session import WallClock, first_line, places_of
    from runner.runbook.places import checkpoints_folder
    from tui.app import Reach

    places = places_of(options)
    passphrase = first_line(options.passphrase_file) if options.passphrase_file else None
    checkpoints = checkpoints_folder(options.state)
    return Reach(places.site, places.state, places.socket, checkpoints, WallClock(), options.key, passphrase)
