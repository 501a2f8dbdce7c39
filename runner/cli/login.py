"""`twokey login`: sign in, by key or by password and code; the session is kept for the commands that follow."""

from __future__ import annotations

import argparse
import getpass
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from runner.cli.output import put, put_json, tell
from runner.cli.session import Session, asked, first_line
from runner.cli.signed import add_key
from runner.client.wording.present import clock
from runner.errors import SignInError, UsageError
from runner.wire.api_access import PASSWORD_DUE, FirstPassword, PasswordSignIn, SignedIn
from runner.words import N_, _

if TYPE_CHECKING:
    from runner.client.signer import Signer


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed after the verb."""
    parser.add_argument(
        "person", nargs="?", default="", metavar=_("PERSON"), help=_("sign in by password, under this name")
    )
    parser.add_argument(
        "--password-file", type=Path, metavar=_("FILE"), help=_("file with the password in its first line")
    )
    parser.add_argument("--code", metavar=_("CODE"), help=_("the present code of your authenticator"))
    parser.add_argument(
        "--new-password-file", type=Path, metavar=_("FILE"), help=_("file with a new password in its first line")
    )
    parser.add_argument("--code-file", type=Path, metavar=_("FILE"), help=_("file with that code in its first line"))
    parser.add_argument(
        "--authenticator",
        action="store_true",
        help=_("print what your authenticator must read, for a first password; sign in afterwards"),
    )
    add_key(parser)
    parser.add_argument("--json", action="store_true", help=_("print the session as JSON"))


def run(options: argparse.Namespace) -> int:
    """Sign in and keep the session."""
    if options.person and options.key:
        raise UsageError(N_("a key tells the person; leave the name away, or --key"))
    by_password = (options.password_file, options.code, options.code_file, options.new_password_file)
    if not options.person and (options.authenticator or any(by_password)):
        raise UsageError(N_("a password needs the name of a person"), hint=N_("type: twokey login PERSON"))
    with Session(options, may_visit=False) as here:
        if options.authenticator:
            return _authenticator(here, options)
        begun = _by_password(here, options) if options.person else _by_key(here)
        _say(here, begun, as_json=options.json)
    return 0


def _by_key(here: Session) -> SignedIn:
    signer = here.typed_key
    door = here.service.door
    challenge = door.challenge([signer.fingerprint] if signer else _agents())
    return door.sign_in_by_key(challenge, here.site.origin, signer or _agents_key(challenge.key), here.clock)


def _agents() -> tuple[str, ...]:
    from runner.client.signer import agents_fingerprints
    from runner.wire.api_access import MOST_KEYS

    found = agents_fingerprints()[:MOST_KEYS]
    if not found:
        raise UsageError(
            N_("ssh-agent: it holds no key"),
            hint=N_("name your key with --key FILE, or sign in by password: twokey login PERSON"),
        )
    return found


def _agents_key(fingerprint: str) -> Signer:
    from runner.client.signer import signer_from_agent

    return signer_from_agent([fingerprint])


def _authenticator(here: Session, options: argparse.Namespace) -> int:
    """Print the address of the authenticator that goes with a first password."""
    first = _secret(options.password_file, _("first password, both halves with a hyphen between: "), "--password-file")
    shown = here.service.door.authenticator(FirstPassword(options.person, first))
    if options.json:
        put_json({"address": shown.address})
    else:
        put(shown.address)
        tell(
            _("give it to your authenticator, then sign in with a new password: twokey login {person}").format(
                person=options.person
            )
        )
    return 0


def _by_password(here: Session, options: argparse.Namespace) -> SignedIn:
    new = first_line(options.new_password_file) if options.new_password_file else ""
    sign_in = PasswordSignIn(
        person=options.person,
        password=_secret(options.password_file, _("password: "), "--password-file"),
        code=options.code or _secret(options.code_file, _("code: "), "--code-file"),
        new_password=new,
    )
    door = here.service.door
    try:
        return door.sign_in_by_password(sign_in)
    except SignInError as error:
        if error.rule != PASSWORD_DUE or not sys.stdin.isatty():
            raise
    return door.sign_in_by_password(replace(sign_in, new_password=_chosen()))


def _chosen() -> str:
    """A new password, typed twice alike."""
    first = getpass.getpass(_("the password must be changed; new password: "))
    if getpass.getpass(_("once more: ")) != first:
        raise UsageError(N_("the two are not the same; nothing was changed"))
    return first


def _secret(path: Path | None, prompt: str, flag: str) -> str:
    return first_line(path) if path else asked(prompt, flag)


def _say(here: Session, begun: SignedIn, *, as_json: bool) -> None:
    if as_json:
        put_json({"person": begun.person, "session": begun.session, "strength": begun.strength, "until": begun.until})
        return
    put(
        _("signed in as {person}, until {until} at the latest, or {minutes} min after the last command").format(
            person=begun.person, until=clock(begun.until, here.present), minutes=begun.idle // 60
        )
    )
