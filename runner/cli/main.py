"""The `twokey` command: options before the verb, then the verb's own file.

Only the verb that was typed is imported, so that `twokey --version` costs little more than Python itself.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

from runner import __version__

if TYPE_CHECKING:
    import argparse
    from types import ModuleType

VERBS: Final = {
    "init": "init",
    "serve": "serve",
    "status": "status",
    "version": "version",
    "config": "config",
    "runbook": "runbook",
    "plan": "plan",
    "request": "request",
    "approve": "approve",
    "reject": "reject",
    "withdraw": "withdraw",
    "revoke": "revoke",
    "start": "start",
    "confirm": "confirm",
    "gate": "gate",
    "sheet": "sheet",
    "decide": "decide",
    "pause": "pause",
    "continue": "continue_",
    "abort": "abort",
    "rollback": "rollback",
    "close": "close",
    "verify": "verify",
    "accept": "accept",
    "review": "review",
    "change": "change",
    "people": "people",
    "key": "key",
    "run": "run",
    "policy": "policy",
    "audit": "audit",
    "inventory": "inventory",
    "login": "login",
    "logout": "logout",
    "session": "session_",
    "demo": "demo",
    "tui": "tui",
}
"""Verb and its module in this package, in the order of the help."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the process's exit code.

    Args:
        arguments: what was typed after `twokey`; None reads the process's own.
    """
    _open_standard_streams()
    typed = sys.argv[1:] if arguments is None else arguments
    if typed in (["--version"], ["-V"]):
        sys.stdout.write(f"twokey {__version__}\n")
        return 0
    return _run(typed)


def _open_standard_streams() -> None:
    """Put nothing in the place of standard streams that were closed, so that no file of ours gets their numbers."""
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            _occupy(descriptor)
            mode = "r" if name == "stdin" else "w"
            stream = open(descriptor, mode, encoding="utf-8", closefd=False)  # noqa: SIM115 - open until the end
            setattr(sys, name, stream)


def _occupy(descriptor: int) -> None:
    opened = os.open(os.devnull, os.O_RDWR)
    if opened != descriptor:
        os.dup2(opened, descriptor)
        os.close(opened)


def build_parser(verb: str | None) -> argparse.ArgumentParser:
    """The parser, with the arguments of `verb` alone filled in (None: of no verb)."""
    from runner.cli import options

    parser = options.Parser(prog="twokey", description=options.description())
    options.add_global(parser)
    verbs = parser.add_subparsers(dest="verb", metavar=options.verb_word(), title=options.verbs_title())
    for name, module_name in VERBS.items():
        help_line = options.help_of(name)
        below = verbs.add_parser(name, help=help_line, description=help_line)
        if name == verb:
            module = _module(module_name)
            module.arguments(below)
            below.set_defaults(do=module.run)
    return parser


def _run(typed: list[str]) -> int:
    from runner.cli import boundary, options

    options.speak(typed)
    verb = options.verb_in(typed)
    if verb is not None and verb not in VERBS:
        return options.complain_of_verb(verb, VERBS)
    parser = build_parser(verb)
    try:
        parsed = parser.parse_args(typed)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 2
    if parsed.verb is None:
        parser.print_help()
        return 0
    return boundary.guarded(parsed)


def _module(name: str) -> ModuleType:
    from importlib import import_module

    return import_module(f"runner.cli.{name}")


if __name__ == "__main__":
    sys.exit(main())
