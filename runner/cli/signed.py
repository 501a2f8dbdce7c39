"""Showing what is about to be signed, asking, signing, and saying what came of it."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from runner.cli.output import clock, put, put_json, span, tell
from runner.cli.session import Session
from runner.client.drafts import Draft
from runner.errors import Fact, UsageError, fill
from runner.model.statement import Statement
from runner.rules.statements import describe
from runner.wire.api import Words
from runner.wire.api_request import Outcome
from runner.wire.spoken import spoken
from runner.words import N_, _

_SPOKEN: Final = frozenset({"choice", "kind", "part", "question", "risk", "state"})
"""Facts that are words of ours, not of the site."""
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def add_signing(parser: argparse.ArgumentParser) -> None:
    """The options of every verb that signs."""
    add_key(parser)
    parser.add_argument("--yes", action="store_true", help=_("sign without asking"))
    parser.add_argument("--json", action="store_true", help=_("print the outcome as JSON"))


def add_key(parser: argparse.ArgumentParser) -> None:
    """The options that name a key; what is typed after the verb wins over what is typed before it."""
    parser.add_argument(
        "--key",
        type=Path,
        metavar=_("FILE"),
        default=argparse.SUPPRESS,
        help=_("your private key (default: ssh-agent)"),
    )
    parser.add_argument(
        "--passphrase-file",
        type=Path,
        metavar=_("FILE"),
        default=argparse.SUPPRESS,
        help=_("file with the key's passphrase in its first line"),
    )


def sign(here: Session, draft: Draft, options: argparse.Namespace) -> int:
    """Show the draft in words, ask, sign, hand it in, print the outcome; the exit code."""
    print_outcome(here, hand_in(here, draft, options), as_json=options.json)
    return 0


def hand_in(here: Session, draft: Draft, options: argparse.Namespace) -> Outcome:
    """Show the draft in words, ask, sign, hand it in; raises what the service answers."""
    statement = stated(here, draft, options)
    return here.service.sign(here.signatory.sign(statement))


def stated(here: Session, draft: Draft, options: argparse.Namespace) -> Statement:
    """A statement that its signer has read and agreed to sign.

    Raises:
        UsageError: not agreed.
        VerificationError: the log does not continue what this client remembers.
    """
    statement = here.signatory.state(draft)
    if here.status.production:
        tell(_("PRODUCTION: {name}").format(name=here.status.environment))
    tell(_("you sign: {sentence}").format(sentence=sentence(statement, here.zone)))
    require_yes(options.yes, statement.subject)
    return statement


def sentence(statement: Statement, zone: str) -> str:
    """What a statement says, in the current language, with times as people of the site read them."""
    message, facts = describe(statement)
    return fill(message, {name: _local(fact, zone) for name, fact in _in_words(facts).items()})


def require_yes(given: bool, subject: str) -> None:  # noqa: FBT001 - the option as it was typed
    """Ask on a terminal; elsewhere the flag must have been given.

    Raises:
        UsageError: not agreed.
    """
    if given:
        return
    if not sys.stdin.isatty():
        raise UsageError(N_("nothing was signed: nobody can be asked here"), hint=N_("add --yes to sign"))
    ask_to_sign(subject)


def ask_to_sign(subject: str) -> None:
    """Ask the person at the terminal to type what it is about; a digest would be copied, not read, so then: yes.

    Raises:
        UsageError: something else was typed.
    """
    expected = ("yes", "是") if subject.startswith("sha256:") else (subject,)
    sys.stderr.write(_("sign? type {word}: ").format(word=expected[0]))
    sys.stderr.flush()
    if sys.stdin.readline().strip() not in expected:
        raise UsageError(N_("nothing was signed"))


def print_outcome(here: Session, outcome: Outcome, *, as_json: bool) -> None:
    """What came of a statement, and who signs next."""
    if as_json:
        put_json(outcome)
        return
    put(words(outcome.message, here.zone))
    turn = outcome.next
    if turn is None:
        return
    put(
        _("next: {title} ({people})").format(
            title=words(turn.title, here.zone), people=_(", ").join(turn.people) or _("nobody")
        )
    )
    if turn.until:
        left = span((turn.until - here.clock.now()).total_seconds())
        put(_("until: {until}, {left} left").format(until=clock(turn.until, here.zone), left=left))


def words(told: Words, zone: str) -> str:
    """A sentence of the service in the current language, with times as people of the site read them."""
    return fill(told.message, {name: _local(fact, zone) for name, fact in _in_words(told.facts).items()})


def _in_words(facts: Mapping[str, Fact]) -> dict[str, Fact]:
    """Facts with those that are words of ours in the current language."""
    return {
        name: spoken(value) if name in _SPOKEN and isinstance(value, str) else value for name, value in facts.items()
    }


def _local(fact: Fact, zone: str) -> Fact:
    if isinstance(fact, str) and _INSTANT.fullmatch(fact):
        return clock(datetime.fromisoformat(fact), zone)
    return fact
