"""`twokey init`: make a site, found its log, sign its first entries.

Nothing works until everybody named with --admin has signed; each signs with a key of their own. No service runs
meanwhile: the command holds the state directory itself.
"""

from __future__ import annotations

import argparse
import re
import secrets
import shlex
import socket
from dataclasses import dataclass
from pathlib import Path

from runner.audit.ssh_keygen import SshKeygen
from runner.cli.offline import open_log
from runner.cli.output import put, put_json, put_table, tell
from runner.cli.session import WallClock, key_from_file, person_with_key, present_in
from runner.cli.signed import add_key, require_yes, sentence
from runner.client.drafts import Draft
from runner.client.memory import Memory
from runner.client.signing import make_statement, sign_statement
from runner.client.witness import witness
from runner.engine.desk.genesis import Founding, found_site, people_of, read_founding, sign_genesis
from runner.errors import UsageError, VerificationError
from runner.model.document import JsonObject
from runner.model.site import Site
from runner.model.statement import StatementKind
from runner.proof.public_key import PublicKeyError, parse_public_key
from runner.runbook.places import checkpoints_folder, state_of_site
from runner.runbook.settings import load_site
from runner.runbook.site import write_site
from runner.runbook.site_folder import is_site
from runner.wire.documents import to_value
from runner.words import N_, _


@dataclass(frozen=True, slots=True)
class _Place:
    """A site and its state directory."""

    site: Site
    state: Path


def arguments(parser: argparse.ArgumentParser) -> None:
    """What can be typed after the verb."""
    parser.add_argument("folder", type=Path, metavar=_("DIR"), help=_("folder of the site; made if it is none yet"))
    parser.add_argument(
        "--admin",
        dest="admins",
        action="append",
        default=[],
        metavar=_("NAME=FILE.pub"),
        help=_("somebody who may sign, and their public key; given once for each person"),
    )
    parser.add_argument("--name", metavar=_("NAME"), help=_("what a new site is called (default: as its folder)"))
    parser.add_argument("--origin", metavar=_("NAME"), help=_("name of a new site's log (default: made up, unique)"))
    parser.add_argument(
        "--timezone", metavar=_("ZONE"), help=_("zone people of a new site read times in (default: Asia/Shanghai)")
    )
    parser.add_argument("--sign", action="store_true", help=_("sign the log's first entries with your key"))
    parser.add_argument("--yes", action="store_true", help=_("sign without asking"))
    parser.add_argument("--json", action="store_true", help=_("print JSON"))
    add_key(parser)


def run(options: argparse.Namespace) -> int:
    """Found, or sign."""
    if options.sign:
        if options.admins:
            raise UsageError(N_("--admin and --sign do not go together: first found the site, then everybody signs"))
        place = _place_of(load_site(options.folder.absolute()), options)
        founding = _sign(place, options)
        if founding.is_active:
            _tune(place)
    else:
        admins = tuple(_admin(text) for text in options.admins)
        people_of(admins)
        place = _place_of(_site_in(options.folder.absolute(), options), options)
        founding = found_site(place.site, place.state, admins)
    _print(place, founding, options)
    return 0


def _admin(text: str) -> tuple[str, str]:
    """Name and public key line of `NAME=FILE`."""
    name, separator, path = text.partition("=")
    if not separator or not name or not path:
        raise UsageError(N_("--admin {text}: expected NAME=FILE.pub"), text=text)
    try:
        line = Path(path).read_text(encoding="utf-8").strip()
        parse_public_key(line)
    except PublicKeyError as error:
        raise UsageError(
            N_("key {path}: {reason}"), hint=N_("give the file that ends in .pub"), path=path, reason=str(error)
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UsageError(N_("key {path}: cannot be read: {reason}"), path=path, reason=reason) from error
    return name, line


def _site_in(folder: Path, options: argparse.Namespace) -> Site:
    """The site in a folder; written from what the product ships when there is none."""
    if is_site(folder):
        for name in ("name", "origin", "timezone"):
            if getattr(options, name) is not None:
                raise UsageError(
                    N_("{folder}: it is a site already; its {name} stands in inventory/site.yml"),
                    folder=str(folder),
                    name=name,
                )
        return load_site(folder)
    name = options.name or folder.name or "site"
    origin = options.origin or _new_origin(name)
    return write_site(folder, name=name, origin=origin, timezone=options.timezone or "Asia/Shanghai")


def _new_origin(name: str) -> str:
    """A name for a log that no other has: clients remember every log by its name."""
    readable = re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.") or "site"
    host = re.sub(r"[^A-Za-z0-9_.-]+", "-", socket.gethostname()).strip("-.") or "host"
    return f"{host}/{readable}-{secrets.token_hex(3)}"


def _place_of(site: Site, options: argparse.Namespace) -> _Place:
    state: Path = options.state.absolute() if options.state else state_of_site(site.root)
    if state.resolve().is_relative_to(site.root.resolve()):
        raise UsageError(
            N_("state directory {path}: it lies inside the site, among files that are shared"),
            hint=N_("name one outside with --state DIR"),
            path=str(state),
        )
    return _Place(site, state)


def _sign(place: _Place, options: argparse.Namespace) -> Founding:
    """Look at the log as it is so far, show what is signed, sign it, and remember the log from now on."""
    founding = read_founding(place.site, place.state)
    person, signer = person_with_key(key_from_file(options), founding.people)
    memory = Memory(checkpoints_folder(options.state))
    _require_known_log(place, founding, memory)
    draft = Draft(StatementKind.GENESIS, place.site.origin, founding.content)
    statement = make_statement(draft, person, place.site.origin, WallClock(), founding.seen)
    for named in founding.people:
        tell(f"  {named.name}  {named.fingerprint}")
    tell(_("you sign: {sentence}").format(sentence=sentence(statement, present_in(place.site.timezone))))
    require_yes(options.yes, place.site.origin)
    signed = sign_genesis(place.site, place.state, sign_statement(statement, signer), WallClock(), SshKeygen())
    with open_log(place.state) as log:
        witness(log, memory, place.site.origin)
    return signed


def _tune(place: _Place) -> None:
    """Find out, once everybody has signed, how expensive this machine can make a password."""
    from runner.service.access.tuning import tune_passwords

    tell(_("measuring how expensive a password can be here…"))
    tune_passwords(place.site, place.state, WallClock())


def _require_known_log(place: _Place, founding: Founding, memory: Memory) -> None:
    """Refuse to sign for a log that does not continue what this client remembers of it."""
    if founding.seen.size:
        with open_log(place.state) as log:
            witness(log, memory, place.site.origin)
    elif memory.find(place.site.origin) is not None:
        raise VerificationError(
            N_("log {origin}: it is empty, but this client remembers entries of it"),
            hint=N_("do not sign: find out who emptied it, or found the site anew under another origin"),
            origin=place.site.origin,
        )


def _print(place: _Place, founding: Founding, options: argparse.Namespace) -> None:
    if options.json:
        document: JsonObject = {
            "site": str(place.site.root),
            "state": str(place.state),
            "origin": place.site.origin,
            "people": to_value(founding.people),
            "signed": list(founding.signed),
            "missing": list(founding.missing),
            "active": founding.is_active,
        }
        put_json(document)
        return
    put(_("site {name} in {folder}").format(name=place.site.name, folder=place.site.root))
    put(_("state in {folder}").format(folder=place.state))
    put(_("log {origin}").format(origin=place.site.origin))
    marks = {True: _("signed"), False: _("has yet to sign")}
    rows = [(person.name, person.fingerprint, marks[person.name in founding.signed]) for person in founding.people]
    put_table((_("person"), _("key"), _("first entries")), rows)
    if founding.is_active:
        put(_("the site is active: everybody has signed"), "good")
    else:
        put(
            _("nothing works until everybody has signed. Next, {people}:").format(people=_(", ").join(founding.missing))
        )
        state = f"--state {shlex.quote(str(options.state))} " if options.state else ""
        put(f"  twokey {state}init {shlex.quote(str(options.folder))} --sign --key KEY")
