"""Options before the verb, and the words of the help."""

from __future__ import annotations

import argparse
import io
import os
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NoReturn

from runner import __version__
from runner.cli.output import tell
from runner.errors import UsageError
from runner.model.nearest import nearest
from runner.words import LANGUAGES, N_, _, language_of_locale, use_language

_WITH_VALUE: Final = ("--site", "--state", "--key", "--passphrase-file", "--lang")
_HEADING: Final = re.compile(r"^(\S+(?: \S+)*):$", re.MULTILINE)
_HELP: Final = {
    "init": N_("make a site, found its log, sign its first entries"),
    "serve": N_("run the service, or stop it"),
    "status": N_("the service, runs in progress, and who waits for whom"),
    "version": N_("versions of everything that executes"),
    "config": N_("every setting with its value and where it comes from"),
    "runbook": N_("list, show, check and publish runbooks"),
    "plan": N_("expand a runbook into the exact plan"),
    "request": N_("ask for a change"),
    "approve": N_("approve another person's request or grant"),
    "reject": N_("reject another person's request or grant"),
    "withdraw": N_("take your own request or grant back"),
    "revoke": N_("end a standing approval at once"),
    "start": N_("start an approved change, as executor"),
    "confirm": N_("confirm a start, as the second person"),
    "gate": N_("pass a gate; both people sign"),
    "sheet": N_("sign the sheet of a manual step; both people sign"),
    "decide": N_("decide what becomes of a run that waits; both people sign"),
    "pause": N_("pause a run before its next step; one person suffices"),
    "continue": N_("go on with a paused run; both people sign"),
    "abort": N_("stop a run at the next task border; one person suffices"),
    "rollback": N_("roll a waiting run back; both people sign"),
    "close": N_("sign the result of a run; both people sign"),
    "verify": N_("verify the result of a run for the business"),
    "accept": N_("end the trial of a change; two departments sign"),
    "review": N_("review an emergency afterwards; two others sign"),
    "people": N_("the register of people, and grants of accounts and posts"),
    "key": N_("list, add and revoke people's keys"),
    "change": N_("list and show changes, and who is waited for"),
    "run": N_("list, show, watch and report runs"),
    "policy": N_("check and show policies: posts, and who may do what"),
    "audit": N_("list, show, verify and export the log"),
    "inventory": N_("check and list the inventory"),
    "login": N_("sign in, by key or by password and code"),
    "logout": N_("sign out"),
    "session": N_("list and end your own sessions"),
    "demo": N_("a whole change on a real application, told as it goes"),
    "tui": N_("the terminal user interface"),
}


_WORDS_OF_ARGPARSE: Final = (
    N_("usage: "),
    N_("options"),
    N_("positional arguments"),
    N_("show this help message and exit"),
    N_("the following arguments are required: %s"),
    N_("one of the arguments %s is required"),
    N_("not allowed with argument %s"),
    N_("unrecognized arguments: %s"),
    N_("expected one argument"),
    N_("expected at least one argument"),
    N_("ignored explicit argument %r"),
    N_("invalid %(type)s value: %(value)r"),
    N_("invalid choice: %(value)r (choose from %(choices)s)"),
    N_("argument %(argument_name)s: %(message)s"),
)
"""What Python's own parser says."""


class Parser(argparse.ArgumentParser):
    """A parser whose complaint is one line and the next step, like every other error; options are typed in full."""

    def __init__(self, prog: str | None = None, description: str | None = None) -> None:
        super().__init__(prog=prog, description=description, formatter_class=HelpText, allow_abbrev=False)

    def format_help(self) -> str:
        """The whole text, its headings punctuated as the language does it."""
        return _HEADING.sub(lambda line: _("{heading}:").format(heading=line[1]), super().format_help())

    def error(self, message: str) -> NoReturn:
        tell(_("twokey: {message}").format(message=message))
        tell(_("  next: {advice}").format(advice=_("see {command} --help").format(command=self.prog)))
        sys.exit(UsageError.exit_code)


class HelpText(argparse.RawDescriptionHelpFormatter):
    """Help of the same width everywhere, so that it can be compared."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=26, width=100)


def description() -> str:
    return _("Runbook automation under two-person control.")


def verbs_title() -> str:
    return _("verbs")


def verb_word() -> str:
    return _("VERB")


def help_of(verb: str) -> str:
    """One line about a verb."""
    return _(_HELP[verb])


def add_global(parser: argparse.ArgumentParser) -> None:
    """The options before the verb."""
    parser.add_argument(
        "-V", "--version", action="version", version=f"twokey {__version__}", help=_("print the version")
    )
    parser.add_argument(
        "--site", type=Path, metavar=_("DIR"), help=_("folder of the site (default: the nearest one upwards)")
    )
    parser.add_argument(
        "--state",
        type=Path,
        metavar=_("DIR"),
        help=_("state directory (default: under $XDG_STATE_HOME/twokey, one for each site)"),
    )
    parser.add_argument(
        "--key", type=Path, metavar=_("FILE"), help=_("your private key (default: ssh-agent); the key tells the person")
    )
    parser.add_argument(
        "--passphrase-file", type=Path, metavar=_("FILE"), help=_("file with the key's passphrase in its first line")
    )
    parser.add_argument("--lang", choices=LANGUAGES, help=_("language (default: as the locale)"))


def speak(typed: Sequence[str]) -> None:
    """Choose the language before the parser is built, since its help is translated too."""
    wanted = ""
    for position, word in enumerate(typed):
        if word == "--lang" and position + 1 < len(typed):
            wanted = typed[position + 1]
        elif word.startswith("--lang="):
            wanted = word.partition("=")[2]
    use_language(wanted or os.environ.get("TWOKEY_LANG", "") or language_of_locale())
    argparse._ = _  # type: ignore[attr-defined]  # argparse looks its own words up under this name
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def verb_in(typed: Sequence[str]) -> str | None:
    """The verb that was typed: the first word that is no option and no option's value."""
    skip = False
    for word in typed:
        if skip:
            skip = False
        elif word in _WITH_VALUE:
            skip = True
        elif not word.startswith("-"):
            return word
    return None


def complain_of_verb(verb: str, known: Iterable[str]) -> int:
    """Say that there is no such verb, and which one may be meant; the exit code."""
    near = nearest(verb, known)
    tell(_("twokey: there is no verb {verb}").format(verb=verb))
    advice = _("did you mean {near}?").format(near=near) if near else _("see {command} --help").format(command="twokey")
    tell(_("  next: {advice}").format(advice=advice))
    return UsageError.exit_code
