"""`twokey version`: versions of everything that executes."""

from __future__ import annotations

import argparse
import platform
from importlib.metadata import PackageNotFoundError, version

from runner import __version__
from runner.cli.output import put, put_json, put_table
from runner.words import _

_PARTS = ("ansible-core", "ansible-runner", "fabric", "paramiko", "pyyaml", "sqlalchemy", "textual")


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed after the verb."""
    parser.add_argument("--json", action="store_true", help=_("print JSON"))


def run(options: argparse.Namespace) -> int:
    """Look at what is installed; no service is needed."""
    found = {"twokey": __version__, "python": platform.python_version()}
    for name in _PARTS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = ""
    if options.json:
        put_json(found)
        return 0
    put_table((_("part"), _("version")), [(name, text or _("missing")) for name, text in found.items()])
    if not all(found.values()):
        put(_("something is missing: make setup"), "bad")
        return 2
    return 0
