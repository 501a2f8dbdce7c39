"""What the screens need of the world: one Protocol, fulfilled over `runner.client` and by a demonstration.

Methods block; screens call them from workers. They raise the `RunnerError` the service raised. Times, states and plans
are values of the model; nothing here is text for people except what the service or a person wrote.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from runner.model.document import JsonObject
from runner.model.log import LogFilter
from runner.model.plan import Plan
from runner.model.policy import Policy
from runner.model.request import Request
from runner.model.run import RunState
from runner.model.statement import StatementKind
from runner.wire.api import ServiceStatus, Words
from runner.wire.api_audit import EntryPage, EntryShown, Gap, Hello
from runner.wire.api_people import GrantPage, GrantShown, LeavingShown, PolicyShown, RegisterShown, Staffing
from runner.wire.api_request import Act, Outcome, RequestShown, Waiting
from runner.wire.api_run import RunShown
from tui.intents import Intent

StreamEvent = Hello | EntryShown | Gap

AGENT: Final = "ssh-agent"
PASSWORD: Final = "password"  # noqa: S105 - a place, no password
"""Where the credential of somebody is who signs with password and code: in their head and in their hand."""
"""Place of a key that an agent holds."""


@dataclass(frozen=True, slots=True)
class RunAtHand:
    """The newest run of a change."""

    id: str
    state: RunState


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A change in the list."""

    request: Request
    run: RunAtHand | None
    act: Act | None
    """The signature it waits for."""
    until: datetime | None = None
    """Until when it stands, where it is a standing approval."""
    left: int = 0
    """For how many runs more."""


@dataclass(frozen=True, slots=True)
class ChangePage:
    """Changes, newest first."""

    rows: tuple[ChangeRow, ...]
    next: str | None
    """Value of `before` for the following page; None at the end."""
    others: tuple[Act, ...] = ()
    """Awaited signatures that are about no change."""


@dataclass(frozen=True, slots=True)
class PlanShown:
    """A plan whose digests were recomputed and whose runbook was expanded again by this client."""

    plan: Plan
    rollback_decision_by: datetime | None
    """Latest rollback decision time; None without a window."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key of somebody who may sign; its private half stays where it is."""

    person: str
    fingerprint: str
    place: str
    """Path of its file, `ssh-agent`, or `password`: there is no key, password and code are asked for."""

    @property
    def is_password(self) -> bool:
        """Whether it stands for a password with a code, which the service attests."""
        return self.place == PASSWORD


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody has typed to sign one statement."""

    password: str = field(repr=False)
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement ready to be read and signed."""

    intent: Intent
    key: Key
    kind: StatementKind
    subject: str
    content: JsonObject
    """Exactly what is agreed."""
    sentence: Words
    """The same in one sentence."""
    hosts: tuple[str, ...]
    """Hosts it is about."""
    leaving: LeavingShown | None = None
    """Of an application by which somebody leaves: what ends with that, and what stays open."""
    terminal: str = ""
    """Registered terminal it is signed at; empty: at none."""


@dataclass(frozen=True, slots=True)
class ProvenEntry:
    """A log entry that was proven to stand in the log, against a head that continues what this client remembers."""

    entry: EntryShown
    size: int
    """Entries of the head."""
    root: str
    """Hex."""
    leaf_hash: str
    """Hex."""
    payload_proven: bool
    """Whether the payload is the one the leaf commits to; False only when there is none to be seen."""


class BackendRegister(Protocol):
    """People, grants and policy as the screens see them."""

    def people(self) -> RegisterShown:
        """Everyone now, and what is to be reported."""
        ...

    def grants(self, person: str, before: str | None, limit: int) -> GrantPage:
        """A page of grants, newest first; with `person`, only those about them."""
        ...

    def grant(self, number: str) -> GrantShown:
        """One grant with what may be signed about it.

        Raises:
            NotFoundError: there is none of that number.
        """
        ...

    def leaving(self, person: str) -> LeavingShown:
        """What would end and stay open if somebody left.

        Raises:
            UsageError: there is nobody of that name.
        """
        ...

    def policy(self) -> PolicyShown:
        """The policy in force, as a file."""
        ...

    def terms(self) -> Policy:
        """The policy in force, read."""
        ...

    def staffing(self) -> Staffing:
        """For every risk class and unit whether enough people are there."""
        ...


class Backend(Protocol):
    """The service as the screens see it."""

    @property
    def register(self) -> BackendRegister:
        """Its people, grants and policy; reaches nothing by itself."""
        ...

    def open(self) -> ServiceStatus:
        """Reach the service, starting one where that is allowed, and say what it is."""
        ...

    def close(self) -> None:
        """Give up every connection; a reader of events comes to its end."""
        ...

    def now(self) -> datetime:
        """The service's clock, as well as it is known here; does not block."""
        ...

    def changes(self, before: str | None, limit: int) -> ChangePage:
        """A page of changes, newest first."""
        ...

    def waiting(self) -> Waiting:
        """Every signature that is awaited, whatever it is about; the most urgent first."""
        ...

    def change(self, number: str) -> RequestShown:
        """One change with all an approver or executor needs."""
        ...

    def plan(self, digest: str) -> PlanShown:
        """A plan, verified.

        Raises:
            VerificationError: it is not what its digests say.
        """
        ...

    def run(self, run: str) -> RunShown:
        """A run with everything a live view shows besides output."""
        ...

    def entries(self, wanted: LogFilter, before: str | None, limit: int) -> EntryPage:
        """A page of log entries, newest first."""
        ...

    def prove(self, entry: EntryShown) -> ProvenEntry:
        """Verify that an entry stands in the log as shown.

        Raises:
            VerificationError: it does not.
        """
        ...

    def events(self, after: int | None) -> Iterator[StreamEvent]:
        """Log entries above that number as they are committed (None: from now on), beginning with a hello.

        Raises:
            UnreachableError: the connection is lost.
        """
        ...

    def keys(self) -> tuple[Key, ...]:
        """Keys at hand of people who may sign: the one named at the start, and those of the ssh-agent."""
        ...

    def open_key(self, path: Path, passphrase: str | None) -> Key:
        """Make a person's key file ready to sign.

        Raises:
            UsageError: unreadable, no key, or the wrong passphrase.
            SignatureError: it belongs to nobody who may sign here.
        """
        ...

    def forget_key(self, key: Key) -> None:
        """Let go of a key that was opened."""
        ...

    def prepare(self, intent: Intent, key: Key) -> Prepared:
        """Make the text of a statement from what the service shows, recomputed, with the log looked at first.

        Raises:
            VerificationError: plan or log is not what it should be.
            RefusedError: nothing of the kind is waited for.
        """
        ...

    def sign(self, prepared: Prepared, typed: Typed | None = None) -> Outcome:
        """Sign what was read and hand it in.

        Args:
            prepared: what was read.
            typed: password and code, where the key is none.

        Raises:
            RefusedError: law, policy or state forbids it.
        """
        ...
