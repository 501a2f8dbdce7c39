"""The HTTP interface, version 1: its paths, its limits, and what it says about the service itself.

Bodies are JSON made by `runner.wire.documents` from the frozen values of the `api…` modules and of `runner.model`; they
are read strictly (no duplicate or unknown keys, no floating point). An error is a `runner.wire.errors.ErrorDocument`.

    GET  /v1/status                     ServiceStatus
    GET  /v1/version                    Versions
    GET  /v1/openapi.json               this interface as an OpenAPI document
    POST /v1/sign-in/challenge          api_access.ChallengeAsked → api_access.Challenge
    POST /v1/sign-in                    api_access.KeySignIn → api_access.SignedIn
    POST /v1/sign-in/password           api_access.PasswordSignIn → api_access.SignedIn
    POST /v1/sign-in/authenticator      api_access.FirstPassword → api_access.Authenticator
    POST /v1/sign-out                   api_access.SignOutAsked → api_access.SignedOut
    GET  /v1/sessions                   api_access.SessionList            (one's own)
    DELETE /v1/sessions/ID              api_access.SignedOut              (one's own)
    GET  /v1/config                     Config
    GET  /v1/people                     People
    GET  /v1/register                   api_people.RegisterShown          ?at=
    GET  /v1/register/leaving           api_people.LeavingShown           ?person=
    GET  /v1/grants                     api_people.GrantPage              ?state= ?person= ?before= ?limit=
    GET  /v1/grants/NUMBER              api_people.GrantShown
    GET  /v1/policy                     api_people.PolicyShown
    GET  /v1/policy/explain             api_people.Explained              ?person= ?action= ?object=
    GET  /v1/policy/staffing            api_people.Staffing
    GET  /v1/inventory                  api_content.InventoryShown
    GET  /v1/runbooks                   api_content.RunbookList
    GET  /v1/publications               api_content.PublicationPage       ?state= ?before= ?limit=
    POST /v1/publications               api_content.Proposal → api_request.Outcome
    GET  /v1/publications/DIGEST        api_content.PublicationShown
    GET  /v1/blobs/SHA256               the bytes (published or proposed content only)
    POST /v1/plans                      api_request.PlanAsked → runner.model.plan.PlanDocument
    GET  /v1/plans/DIGEST               runner.model.plan.PlanDocument
    GET  /v1/requests                   api_request.RequestPage           ?state= ?before= ?limit=
    GET  /v1/requests/NUMBER            api_request.RequestShown
    GET  /v1/standing                   api_request.StandingList          ?all=
    POST /v1/statements                 api_request.Signed → api_request.Outcome
    POST /v1/statements/confirmed       api_request.Confirmed → api_request.Outcome     (one's own)
    GET  /v1/statements/ID              api_request.StatementShown
    GET  /v1/waiting                    api_request.Waiting               ?person=
    GET  /v1/runs                       api_run.RunPage                   ?state= ?request= ?vendor= ?before= ?limit=
    GET  /v1/runs/RUN                   api_run.RunShown                  (RUN is BG-2026-0153/1, the slash as it is)
    GET  /v1/events                     server-sent events                ?run= ?request= ?after=
    GET  /v1/audit/checkpoint           api_audit.CheckpointShown
    GET  /v1/audit/consistency          api_audit.ConsistencyProof        ?from= ?to=
    GET  /v1/audit/inclusion            api_audit.InclusionProof          ?index= ?size=
    GET  /v1/audit/entries              api_audit.EntryPage               ?before= ?limit= ?run= ?request= ?tag= ?actor=
    GET  /v1/audit/entries/INDEX        api_audit.EntryShown              (the entry at that place of the tree)
    POST /v1/audit/bundles              api_audit.BundleAsked → the archive (application/octet-stream)

Who has signed in says so with `Authorization: Bearer TOKEN`; `runner.service.permissions` says which path needs it.
Several states are asked for by repeating `state`. A digest in a path has no `sha256:` prefix (`digest_in_path`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import quote

from runner.model.people import KeyHolder

VERSION: Final = "v1"

STATUS: Final = "/v1/status"
VERSIONS: Final = "/v1/version"
OPENAPI: Final = "/v1/openapi.json"
SIGN_IN: Final = "/v1/sign-in"
SIGN_IN_CHALLENGE: Final = "/v1/sign-in/challenge"
SIGN_IN_PASSWORD: Final = "/v1/sign-in/password"  # noqa: S105 - a path, no password
SIGN_IN_AUTHENTICATOR: Final = "/v1/sign-in/authenticator"
SIGN_OUT: Final = "/v1/sign-out"
SESSIONS: Final = "/v1/sessions"
CONFIG: Final = "/v1/config"
PEOPLE: Final = "/v1/people"
REGISTER: Final = "/v1/register"
LEAVING: Final = "/v1/register/leaving"
HERE: Final = "/v1/here"
GRANTS: Final = "/v1/grants"
POLICY: Final = "/v1/policy"
EXPLAIN: Final = "/v1/policy/explain"
STAFFING: Final = "/v1/policy/staffing"
INVENTORY: Final = "/v1/inventory"
SECRETS: Final = "/v1/inventory/secrets"
RUNBOOKS: Final = "/v1/runbooks"
PUBLICATIONS: Final = "/v1/publications"
BLOBS: Final = "/v1/blobs"
PLANS: Final = "/v1/plans"
STANDING: Final = "/v1/standing"
REQUESTS: Final = "/v1/requests"
STATEMENTS: Final = "/v1/statements"
CONFIRMED: Final = "/v1/statements/confirmed"
WAITING: Final = "/v1/waiting"
RUNS: Final = "/v1/runs"
EVENTS: Final = "/v1/events"
CHECKPOINT: Final = "/v1/audit/checkpoint"
CONSISTENCY: Final = "/v1/audit/consistency"
INCLUSION: Final = "/v1/audit/inclusion"
ENTRIES: Final = "/v1/audit/entries"
BUNDLES: Final = "/v1/audit/bundles"

MAX_BODY: Final = 256 * 1024
"""Bytes of a request body, except an upload."""
MAX_UPLOAD: Final = 48 * 1024 * 1024
"""Bytes of a body that uploads content."""
MAX_FILE: Final = 8 * 1024 * 1024
"""Bytes of one uploaded file."""
MAX_FILES: Final = 4000
"""Files of one publication."""
MAX_PAGE: Final = 200
"""Rows of one page."""
DEFAULT_PAGE: Final = 50


def digest_in_path(digest: str) -> str:
    """A digest as the last part of a path: the hex alone."""
    return quote(digest.removeprefix("sha256:"), safe="")


def publication_path(digest: str) -> str:
    return f"{PUBLICATIONS}/{digest_in_path(digest)}"


def blob_path(sha256: str) -> str:
    return f"{BLOBS}/{digest_in_path(sha256)}"


def plan_path(digest: str) -> str:
    return f"{PLANS}/{digest_in_path(digest)}"


def request_path(number: str) -> str:
    return f"{REQUESTS}/{quote(number, safe='')}"


def grant_path(number: str) -> str:
    return f"{GRANTS}/{quote(number, safe='')}"


def statement_path(statement: str) -> str:
    return f"{STATEMENTS}/{quote(statement, safe='')}"


def run_path(run: str) -> str:
    """Path of a run; the slash between request number and count stays."""
    return f"{RUNS}/{quote(run, safe='/')}"


def session_path(session: str) -> str:
    return f"{SESSIONS}/{quote(session, safe='')}"


def entry_path(index: int) -> str:
    """Path of the entry at a place of the Merkle tree."""
    return f"{ENTRIES}/{index}"


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """What the service says of itself."""

    site: str
    """Name of the site."""
    root: str
    """Folder of the site."""
    state: str
    """State directory."""
    environment: str
    production: bool
    embedded: bool
    """Started by a person's client, ends by itself; its records say so."""
    origin: str
    """Name of the log; every statement names it."""
    timezone: str
    version: str
    pid: int
    epoch: str
    """Changes with every start of the service; first half of an event id."""
    started_at: datetime
    now: datetime
    """The service's clock."""
    log_size: int
    """Entries in the signed log."""
    log_waiting: int
    """Entries written but not yet in the tree."""
    log_key: str
    """Verifier key of the log (C2SP vkey)."""
    runs_in_progress: int
    people: tuple[str, ...]
    """Names of everyone who may sign; none where policy shows them only to who has signed in (`GET /v1/people`)."""
    needs_sign_in: bool = False
    """Whether more than this is shown only to people who have signed in."""
    holding: str = ""
    """Why the service cannot write at present, else empty."""


@dataclass(frozen=True, slots=True)
class Versions:
    """What executes."""

    twokey: str
    ansible_core: str
    ansible_runner: str
    python: str
    sqlite: str
    collections: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting in force, as text, and where its value comes from."""

    name: str
    value: str
    origin: str
    """`default`, or the path of a file."""


@dataclass(frozen=True, slots=True)
class Config:
    """Every setting of the service, its site and its policy."""

    settings: tuple[Setting, ...]


@dataclass(frozen=True, slots=True)
class People:
    """Everyone who may sign, with each of their good keys."""

    people: tuple[KeyHolder, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """A sentence for a person: an English message id with its facts, translated where it is shown (`errors.fill`)."""

    message: str
    facts: dict[str, str | int | None] = field(default_factory=dict)
