"""`twokey demo`: a whole change on a real application on this machine, told as it goes.

Everything is done with the `twokey` command itself, by two people with keys of their own, on a site that `twokey init`
makes. Nothing leaves the demo's folder except the application's loopback port.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from runner.cli.demo_story import Story
from runner.words import _


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed after the verb."""
    parser.add_argument(
        "--folder", type=Path, default=Path(".demo"), metavar=_("DIR"), help=_("where to play (default: .demo)")
    )


def run(options: argparse.Namespace) -> int:
    """Play every chapter; leave site, state and bundle behind, stop what was started."""
    story = Story(options.folder.absolute())
    story.prepare()
    try:
        for chapter in story.chapters():
            chapter()
    finally:
        story.stop()
    story.farewell()
    return 0
