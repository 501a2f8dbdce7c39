"""Where a command works: its site, state, service, and the person whose key was given."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from runner.client import typed_time
from runner.client.autostart import connect
from runner.client.memory import Memory
from runner.client.service import Service
from runner.client.wording.present import Present
from runner.errors import NotFoundError, RunnerError, UsageError
from runner.model.people import KeyHolder
from runner.model.policy import Policy
from runner.model.site import Site
from runner.runbook.places import checkpoints_folder, socket_of_state, state_of_site
from runner.runbook.site_folder import find_site
from runner.wire.api import ServiceStatus
from runner.words import N_, _

if TYPE_CHECKING:
    from runner.client.signer import Signer
    from runner.client.signing import Confirmer, Secrets, Signatory


class WallClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present instant in UTC, to the millisecond."""
        present = datetime.now(UTC)  # noqa: TID251 - this is the clock that gets injected
        return present.replace(microsecond=present.microsecond // 1000 * 1000)


@dataclass(frozen=True, slots=True)
class Places:
    """Folder of the site and of its state."""

    site: Path
    state: Path

    @property
    def socket(self) -> Path:
        return socket_of_state(self.state)


def places_of(options: argparse.Namespace) -> Places:
    """Site and state from what was typed, else from where the command was typed.

    A state directory knows its site, so `--state` alone is enough.

    Raises:
        NotFoundError: neither names a site and none lies upwards of here.
    """
    state: Path | None = options.state.absolute() if options.state else None
    root: Path | None = options.site.absolute() if options.site else None
    if root is None and state is not None:
        root = _site_of_state(state)
    root = root or find_site(Path.cwd())
    if root is None:
        raise NotFoundError(
            N_("no site here: no folder upwards of {folder} is one"),
            hint=N_("`twokey init DIR` makes a site; --site DIR names one"),
            folder=str(Path.cwd()),
        )
    return Places(root, state or state_of_site(root))


class Session:
    """One command's view of its service; closes the connection at the end."""

    def __init__(self, options: argparse.Namespace, *, may_visit: bool = True) -> None:
        self._options = options
        self._may_visit = may_visit
        self._visits = False
        self.places = places_of(options)
        self.clock = WallClock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if "service" not in self.__dict__:
            return
        if self._visits:
            with suppress(RunnerError):
                self.service.door.leave()
        self.service.close()

    @cached_property
    def service(self) -> Service:
        """The service, started if none answers.

        Where it asks for a session and a key was typed, the command signs in with that key for itself: whoever's key
        it is, it is they who read.
        """
        service = connect(self.places.site, self.places.state, self.places.socket)
        if self._options.site and self._options.state:
            self._require_own_site(service)
        if self._may_visit and self._options.key and service.status().needs_sign_in:
            self._visit(service)
        return service

    @cached_property
    def typed_key(self) -> Signer | None:
        """The key that was typed, its passphrase asked for once; None when none was."""
        return key_from_file(self._options)

    def _visit(self, service: Service) -> None:
        signer = self.typed_key
        if signer is not None:
            challenge = service.door.challenge([signer.fingerprint])
            service.door.visit_by_key(challenge, self.site.origin, signer, self.clock)
            self._visits = True

    def _require_own_site(self, service: Service) -> None:
        """Refuse a service that works for another site than the one that was typed."""
        got = service.status().origin
        if got != self.site.origin:
            service.close()
            raise UsageError(
                N_("state directory {path}: belongs to log {got}, the site names {expected}"),
                path=str(self.places.state),
                got=got,
                expected=self.site.origin,
            )

    @property
    def is_founded(self) -> bool:
        """Whether the site has a state directory, and so a service to ask."""
        return self.places.state.exists()

    def reconnect(self) -> None:
        """Connect anew after the service was lost.

        Raises:
            UnreachableError: none answers, and none could be started.
        """
        service = connect(self.places.site, self.places.state, self.places.socket)
        self.service.close()
        self.service = service

    @cached_property
    def status(self) -> ServiceStatus:
        return self.service.status()

    @cached_property
    def site(self) -> Site:
        from runner.runbook.settings import load_site

        return load_site(self.places.site)

    @cached_property
    def policy(self) -> Policy:
        """The policy in force; that of its files where nobody has founded the site yet."""
        from runner.runbook.settings import POLICY_FILE, load_policy, policy_of

        if not self.is_founded:
            return load_policy(self.site)
        return policy_of(self.service.register.policy().source.encode(), POLICY_FILE)

    @property
    def zone(self) -> str:
        """Time zone people at the site read times in."""
        return self.status.timezone

    @property
    def present(self) -> Present:
        """What times are shown against."""
        return present_in(self.zone)

    @cached_property
    def memory(self) -> Memory:
        """What this client remembers of logs."""
        return Memory(checkpoints_folder(self._options.state))

    @cached_property
    def signatory(self) -> Signatory:
        """The person whose key was given, ready to sign."""
        from runner.client.signing import Signatory

        person, signer = person_with_key(self.typed_key, self.service.people().people)
        return Signatory(person, signer, self.service, self.memory, self.status.origin, self.clock)

    @cached_property
    def who_signs(self) -> Signatory | Confirmer:
        """Who signs the statement of this command: by key, or by password and code where that was typed.

        Raises:
            UsageError: both were typed, or nobody has signed in.
        """
        typed = self._options
        if not (typed.by_password or typed.password_file or typed.code_file):
            return self.signatory
        if typed.key:
            raise UsageError(N_("--key and --by-password do not go together"))
        from runner.client.signing import Confirmer

        kept = self.service.door.resume(self.status.origin)
        if kept is None:
            raise UsageError(
                N_("a password confirms under a session of your own, and there is none here"),
                hint=N_("sign in: twokey login PERSON"),
            )
        return Confirmer(kept.person, self._secrets, self.service, self.memory, self.status.origin, self.clock)

    def _secrets(self) -> Secrets:
        from runner.client.signing import Secrets

        typed = self._options
        password = first_line(typed.password_file) if typed.password_file else asked(_("password: "), "--password-file")
        code = first_line(typed.code_file) if typed.code_file else asked(_("code: "), "--code-file")
        return Secrets(password, code)

    def run_named(self, name: str) -> str:
        """A run's id from what was typed: the id, or a request's number when it has one run in progress.

        Raises:
            NotFoundError: the request has no run, or several in progress.
        """
        if "/" in name:
            return name
        runs = self.service.request(name).runs
        live = [run for run in runs if run.ended_at is None] or sorted(runs, key=lambda run: run.created_at)[-1:]
        if not live:
            raise NotFoundError(
                N_("request {number}: it has no run yet"), hint=N_("start it with: twokey start {number}"), number=name
            )
        if len(live) > 1:
            raise NotFoundError(
                N_("request {number}: several runs are in progress: {runs}"),
                number=name,
                runs=", ".join(run.run for run in live),
            )
        return live[0].run


def present_in(zone: str) -> Present:
    """What times are shown against in a time zone; output is kept, so they are shown with their dates."""
    return Present(WallClock().now(), zone, lasts=True)


def require_founded(places: Places) -> None:
    """Refuse a folder that is no site, and a site that nobody has founded yet.

    Raises:
        NotFoundError: it is.
    """
    from runner.runbook.settings import load_site

    load_site(places.site)
    if not places.state.exists():
        raise NotFoundError(
            N_("state directory {path}: there is none"),
            hint=N_("found the site first: twokey init DIR --admin NAME=KEY.pub --admin NAME=KEY.pub"),
            path=str(places.state),
        )


def person_with_key(typed: Signer | None, people: tuple[KeyHolder, ...]) -> tuple[KeyHolder, Signer]:
    """The person who holds the key that was typed, or else the agent's, and the key ready to sign.

    Raises:
        UsageError: no such key, or it cannot be used.
        SignatureError: it belongs to nobody who may sign here.
    """
    from runner.client.signer import signer_from_agent
    from runner.client.signing import person_of

    signer = typed or signer_from_agent([person.fingerprint for person in people])
    return person_of(signer, people), signer


def key_from_file(options: argparse.Namespace) -> Signer | None:
    """The key that was typed, ready to sign; None when none was.

    Raises:
        UsageError: it cannot be used.
    """
    from runner.client.signer import signer_from_file

    def passphrase(path: str) -> str | None:
        if options.passphrase_file:
            return first_line(options.passphrase_file)
        if sys.stdin.isatty():
            return getpass.getpass(_("passphrase of {path}: ").format(path=path))
        return None

    return signer_from_file(options.key, passphrase) if options.key else None


instant = typed_time.instant
"""A time as people type it."""


def asked(prompt: str, flag: str) -> str:
    """What a person types, unseen; elsewhere than on a terminal the flag must have been given.

    Raises:
        UsageError: nobody can be asked.
    """
    if not sys.stdin.isatty():
        raise UsageError(N_("nobody can be asked here: {flag} is missing"), flag=flag)
    return getpass.getpass(prompt)


def first_line(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            return file.readline().rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UsageError(N_("passphrase file {path}: {reason}"), path=str(path), reason=reason) from error


def _site_of_state(state: Path) -> Path | None:
    try:
        document = json.loads((state / "site.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    root = document.get("root") if isinstance(document, dict) else None
    return Path(root) if isinstance(root, str) else None
