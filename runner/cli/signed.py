"""Showing what is about to be signed, asking, signing, and saying what came of it."""

from __future__ import annotations

import argparse
import sys

from runner.cli.output import clock, put, put_json, span, tell
from runner.cli.session import Session
from runner.client.drafts import Draft
from runner.errors import UsageError, fill
from runner.rules.statements import describe
from runner.wire.api import Words
from runner.wire.api_request import Outcome
from runner.words import N_, _


def add_signing(parser: argparse.ArgumentParser) -> None:
    """The options of every verb that signs."""
    parser.add_argument("--yes", action="store_true", help=_("sign without asking"))
    parser.add_argument("--json", action="store_true", help=_("print the outcome as JSON"))


def sign(here: Session, draft: Draft, options: argparse.Namespace) -> int:
    """Show the draft in words, ask, sign, hand it in, print the outcome; the exit code."""
    statement = here.signatory.state(draft)
    message, facts = describe(statement)
    tell(_("you sign: {sentence}").format(sentence=fill(message, facts)))
    require_yes(options.yes)
    outcome = here.service.sign(here.signatory.sign(statement))
    print_outcome(here, outcome, as_json=options.json)
    return 0


def require_yes(given: bool) -> None:  # noqa: FBT001 - the option as it was typed
    """Ask on a terminal; elsewhere the flag must have been given.

    Raises:
        UsageError: not agreed.
    """
    if given:
        return
    if not sys.stdin.isatty():
        raise UsageError(N_("nothing was signed: nobody can be asked here"), hint=N_("add --yes to sign"))
    sys.stderr.write(_("sign? type yes: "))
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("yes", "是"):
        raise UsageError(N_("nothing was signed"))


def print_outcome(here: Session, outcome: Outcome, *, as_json: bool) -> None:
    """What came of a statement, and who signs next."""
    if as_json:
        put_json(outcome)
        return
    put(words(outcome.message))
    turn = outcome.next
    if turn is None:
        return
    put(_("next: {title} ({people})").format(title=words(turn.title), people=", ".join(turn.people) or _("nobody")))
    if turn.until:
        left = span((turn.until - here.clock.now()).total_seconds())
        put(_("until: {until}, {left} left").format(until=clock(turn.until, here.zone), left=left))


def words(sentence: Words) -> str:
    """A sentence of the service in the current language."""
    return fill(sentence.message, dict(sentence.facts))
