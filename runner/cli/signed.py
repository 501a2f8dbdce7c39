"""Showing what is about to be signed, asking, signing, and saying what came of it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from runner.cli.output import put, put_json, tell
from runner.cli.session import Session
from runner.client.drafts import Draft
from runner.client.wording.line import listed
from runner.client.wording.present import Present, clock, left_until, said, told_facts
from runner.errors import UsageError, fill
from runner.model.statement import Statement
from runner.rules.sentences import describe
from runner.wire.api_request import Outcome
from runner.words import N_, _


def add_signing(parser: argparse.ArgumentParser) -> None:
    """The options of every verb that signs."""
    add_key(parser)
    add_password(parser)
    parser.add_argument("--yes", action="store_true", help=_("sign without asking"))
    parser.add_argument("--json", action="store_true", help=_("print the outcome as JSON"))


def add_password(parser: argparse.ArgumentParser) -> None:
    """The options by which a statement is confirmed with password and code instead."""
    parser.add_argument(
        "--by-password",
        action="store_true",
        help=_("confirm with your password and a code, where policy lets you; sign in first"),
    )
    parser.add_argument(
        "--password-file", type=Path, metavar=_("FILE"), help=_("as --by-password: file with the password")
    )
    parser.add_argument(
        "--code-file", type=Path, metavar=_("FILE"), help=_("file with the present code of your authenticator")
    )


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
    return here.who_signs.submit(statement)


def stated(here: Session, draft: Draft, options: argparse.Namespace) -> Statement:
    """A statement that its signer has read and agreed to sign.

    Raises:
        UsageError: not agreed.
        VerificationError: the log does not continue what this client remembers.
    """
    statement = here.who_signs.state(draft)
    if here.status.production:
        tell(_("PRODUCTION: {name}").format(name=here.status.environment))
    if statement.terminal:
        tell(_("at terminal {terminal}").format(terminal=statement.terminal))
    tell(_("you sign: {sentence}").format(sentence=sentence(statement, here.present)))
    require_yes(options.yes, statement.subject)
    return statement


def sentence(statement: Statement, present: Present) -> str:
    """What a statement says, in the current language, with times as people of the site read them."""
    message, facts = describe(statement)
    return fill(message, told_facts(facts, present))


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
    put(said(outcome.message, here.present))
    if outcome.half:
        put(_("your half of the first password: {half}").format(half=outcome.half))
        put(_("hand it to its owner yourself and to nobody else; it is not shown again"))
    turn = outcome.next
    if turn is None:
        return
    put(
        _("next: {title} ({people})").format(
            title=said(turn.title, here.present), people=listed(turn.people) or _("nobody who may")
        )
    )
    if turn.until:
        present = here.present
        put(_("until: {until}, {left}").format(until=clock(turn.until, present), left=left_until(turn.until, present)))
