"""What the interface says about plans, requests, statements and whose turn it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from runner.model.document import JsonObject, JsonValue
from runner.model.plan import Digests
from runner.model.request import Approval, Request, RequestState
from runner.model.review import ReviewState, Verdict
from runner.model.run import RunState
from runner.model.runbook import Risk
from runner.model.statement import StatementKind
from runner.model.time import Seconds, Window
from runner.wire.api import Words


@dataclass(frozen=True, slots=True)
class PlanAsked:
    """A plan to be made from published content; answered with a `PlanDocument` that the service has stored."""

    runbook: str = ""
    """Id of a runbook: its newest published version; or give `content`."""
    content: str = ""
    """Content digest."""
    parameters: Mapping[str, JsonValue] = field(default_factory=dict)
    hosts: tuple[str, ...] = ()
    """Fewer hosts than the runbook targets; empty means all of them."""
    window: Window | None = None
    risk: Risk | None = None
    """Risk class it is raised to; None: the one it has by itself."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A statement of any kind and its signature."""

    statement: str
    """The statement's exact canonical text."""
    signature: str
    """Armored SSHSIG."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A statement that its person confirms with password and code, for the service to vouch for."""

    statement: str
    """The statement's exact canonical text."""
    password: str = field(repr=False)
    code: str = field(repr=False)
    """The authenticator's present code; used up by this statement, whatever becomes of it."""


@dataclass(frozen=True, slots=True)
class Act:
    """A signature that is waited for: what, about what, and whose.

    `runner.rules.statements` makes the content to sign from the values the act names. Where somebody has signed before
    and both must sign the same, `content` is what the first one signed.
    """

    kind: StatementKind
    subject: str
    """What the statement is about: content digest, request number or run."""
    title: Words
    """What is asked, in one sentence."""
    people: tuple[str, ...]
    """Who may sign it now."""
    signed: tuple[str, ...] = ()
    """Who has signed already."""
    until: datetime | None = None
    """When the chance, or the first signature, lapses."""
    since: datetime | None = None
    content: JsonObject | None = None
    """Exact content the first signer put a key to; the second signs the same."""
    request: str = ""
    run: str = ""
    batch: int | None = None
    step: str = ""
    role: str = ""
    """Of a sheet: whether it is about the step (`do`) or its undoing (`rollback`), as in the content to sign."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a statement brought about."""

    statement: str
    """Id of the recorded statement."""
    kind: StatementKind
    subject: str
    state: str
    """State of the subject now (a publication's, request's or run's)."""
    complete: bool
    """Whether the act took effect; False: another signature is still needed."""
    message: Words
    """What happened, in one sentence."""
    next: Act | None = None
    """Who still has to sign, and until when."""
    request: str = ""
    """Number given to the request, or the request concerned."""
    run: str = ""
    """Run created or concerned."""
    half: str = field(default="", repr=False)
    """Half of somebody's first password, shown to this signer alone and only now."""


@dataclass(frozen=True, slots=True)
class StatementShown:
    """A recorded statement."""

    id: str
    kind: StatementKind
    person: str
    key: str
    subject: str
    at: datetime
    """Time the signer's client claimed."""
    recorded: datetime
    statement: str
    """Exact text that was signed."""
    signature: str


@dataclass(frozen=True, slots=True)
class RequestPage:
    """Requests, newest first."""

    rows: tuple[Request, ...]
    next: str | None
    """Value of `before` for the following page; None at the end."""


@dataclass(frozen=True, slots=True)
class RunOfRequest:
    """A run in the list of its request."""

    run: str
    state: RunState
    executor: str
    confirmer: str
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Revision:
    """An earlier revision of a request."""

    revision: int
    plan: str
    state: RequestState
    at: datetime


@dataclass(frozen=True, slots=True)
class ReviewShown:
    """The after-review of an emergency run."""

    run: str
    unit: str
    since: datetime
    """When the run began."""
    due: datetime
    state: ReviewState
    reviewers: tuple[str, ...] = ()
    """Who has signed it; empty until it is done."""
    verdict: Verdict | None = None
    deviation: bool = False
    """Whether people who took part reviewed it themselves."""
    done_at: datetime | None = None
    escalated_at: datetime | None = None
    act: Act | None = None
    """Who may sign it, until when, and what was signed first; None once it is done."""


@dataclass(frozen=True, slots=True)
class RequestShown:
    """A request with all an approver or executor needs; the plan itself is at `/v1/plans`."""

    request: Request
    digests: Digests
    statements: tuple[StatementShown, ...]
    approvals: tuple[Approval, ...]
    runs: tuple[RunOfRequest, ...]
    acts: tuple[Act, ...]
    """What may be signed now, by whom."""
    hindrances: tuple[Words, ...]
    """Why it cannot be started now; empty when it can."""
    otherwise: Words
    """What happens if nobody signs anything."""
    approval_valid_for: Seconds
    """How long an approval given now may be used when the plan has no window to bound it."""
    attachments: dict[str, str] = field(default_factory=dict)
    """Documents the request names, by kind: each its name and the digest of its bytes."""
    revisions: tuple[Revision, ...] = ()
    """Earlier revisions, newest first."""
    marks: tuple[Words, ...] = ()
    """What is said loudly and stops nothing: of an emergency that it passes its window, and the unit's debts; of others
    which approvals have lapsed with a policy, or will."""
    reviews: tuple[ReviewShown, ...] = ()
    """After-reviews of its runs."""
    risk_rules: tuple[Words, ...] = ()
    """By which rules it has its risk class."""


@dataclass(frozen=True, slots=True)
class StandingRow:
    """A standing approval with its use."""

    request: Request
    """Says what, by whom, and with which state."""
    approvals: tuple[Approval, ...]
    """Of the present plan."""
    until: datetime
    """When it ends; as asked for while nobody has approved it."""
    left: int
    """Runs that are left."""
    runs: tuple[RunOfRequest, ...]
    """The last runs under it, newest first."""
    soon: bool = False
    """Whether it ends soon, by time or because one run is left."""


@dataclass(frozen=True, slots=True)
class StandingList:
    """Standing approvals, what ends first coming first."""

    rows: tuple[StandingRow, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Everything that waits for a signature, most urgent first."""

    acts: tuple[Act, ...]
