"""The tables of the database; each is read and written by the repository named for it.

Values that are only carried (parameters, outcomes, plan parts) are JSON text; what is searched or decided by has a
column. Log tables begin with `audit_`; nothing in them is ever changed or removed, except that tree and tiles grow.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from runner.model.joint import ActState
from runner.model.plan import Role
from runner.model.request import PublicationState, RequestState
from runner.model.review import ReviewState
from runner.model.run import AttemptState, Question, RunKind, RunState
from runner.model.runbook import Risk
from runner.model.statement import StatementKind
from runner.store.columns import BigId, Chosen, Instant

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

installation = Table(
    "installation",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

counters = Table(
    "counters",
    metadata,
    Column("series", String(32), primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("last", Integer, nullable=False),
)

publications = Table(
    "publications",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("digest", String(80), nullable=False, unique=True),
    Column("runbook", String(128), nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", Chosen(PublicationState), nullable=False),
    Column("author", String(128), nullable=False),
    Column("countersigner", String(128)),
    Column("at", Instant, nullable=False),
    Column("content", Text, nullable=False),
    Index(None, "state", "id"),
    Index(None, "runbook", "state", "version", "id"),
)

published_files = Table(
    "published_files",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("publication", BigInteger, ForeignKey("publications.id"), primary_key=True),
)

plans = Table(
    "plans",
    metadata,
    Column("digest", String(80), primary_key=True),
    Column("content", String(80), nullable=False),
    Column("document", Text, nullable=False),
)

requests = Table(
    "requests",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("number", String(32), nullable=False, unique=True),
    Column("revision", Integer, nullable=False),
    Column("plan", String(80), ForeignKey("plans.digest"), nullable=False),
    Column("content", String(80), nullable=False),
    Column("runbook", String(128), nullable=False),
    Column("title_en", Text, nullable=False),
    Column("title_zh", Text, nullable=False),
    Column("requester", String(128), nullable=False),
    Column("reason", Text, nullable=False),
    Column("risk", Chosen(Risk), nullable=False),
    Column("state", Chosen(RequestState), nullable=False),
    Column("window_opens", Instant),
    Column("window_closes", Instant),
    Column("at", Instant, nullable=False),
    Column("trial", Integer),
    Column("standing_until", Instant),
    Column("standing_runs", Integer),
    Index(None, "state", "id"),
    Index(None, "state", "window_closes"),
    Index(None, "standing_until"),
)

request_revisions = Table(
    "request_revisions",
    metadata,
    Column("number", String(32), ForeignKey("requests.number"), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("plan", String(80), ForeignKey("plans.digest"), nullable=False),
    Column("requester", String(128), nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", Chosen(RequestState), nullable=False),
    Column("at", Instant, nullable=False),
)

statements = Table(
    "statements",
    metadata,
    Column("place", BigId, primary_key=True),
    Column("id", String(64), nullable=False, unique=True),
    Column("kind", Chosen(StatementKind), nullable=False),
    Column("person", String(128), nullable=False),
    Column("subject", String(128), nullable=False),
    Column("nonce", String(64), nullable=False, unique=True),
    Column("recorded", Instant, nullable=False),
    Column("bytes", LargeBinary, nullable=False),
    Column("signature", Text, nullable=False),
    Index(None, "subject", "place"),
)

approvals = Table(
    "approvals",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("request", String(32), ForeignKey("requests.number"), nullable=False),
    Column("plan", String(80), nullable=False),
    Column("approver", String(128), nullable=False),
    Column("statement", String(64), ForeignKey("statements.id"), nullable=False),
    Column("not_before", Instant, nullable=False),
    Column("not_after", Instant, nullable=False),
    Column("max_runs", Integer, nullable=False),
    Column("used", Integer, nullable=False),
    Column("policy", String(80)),
    UniqueConstraint("request", "plan", "approver"),
)

runs = Table(
    "runs",
    metadata,
    Column("place", BigId, primary_key=True),
    Column("id", String(40), nullable=False, unique=True),
    Column("kind", Chosen(RunKind), nullable=False),
    Column("request", String(32), ForeignKey("requests.number")),
    Column("plan", String(80), ForeignKey("plans.digest"), nullable=False),
    Column("state", Chosen(RunState), nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("executor", String(128), nullable=False),
    Column("confirmer", String(128), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("ended_at", Instant),
    Column("window_opens", Instant),
    Column("window_closes", Instant),
    Column("details", Text, nullable=False),
    Column("waiting_since", Instant),
    Column("question", Chosen(Question)),
    Index(None, "state", "place"),
    Index(None, "request", "place"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("run", String(40), ForeignKey("runs.id"), nullable=False),
    Column("batch", Integer, nullable=False),
    Column("step", String(128), nullable=False),
    Column("role", Chosen(Role), nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", Chosen(AttemptState), nullable=False),
    Column("mutating", Boolean(create_constraint=False), nullable=False),
    Column("hosts", Text, nullable=False),
    Column("intended_at", Instant, nullable=False),
    Column("deadline", Instant, nullable=False),
    Column("began_at", Instant),
    Column("ended_at", Instant),
    Column("outcomes", Text, nullable=False),
    Column("settled", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("imported", Integer, nullable=False),
    Column("shim", String(64), ForeignKey("shims.id")),
    UniqueConstraint("run", "batch", "step", "role", "number"),
    Index(None, "run", "id"),
    Index(None, "state", "id"),
    Index(None, "shim"),
)

run_outputs = Table(
    "run_outputs",
    metadata,
    Column("run", String(40), ForeignKey("runs.id"), primary_key=True),
    Column("batch", Integer, primary_key=True),
    Column("step", String(128), primary_key=True),
    Column("document", Text, nullable=False),
)

acts = Table(
    "acts",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("kind", Chosen(StatementKind), nullable=False),
    Column("run", String(40), ForeignKey("runs.id"), nullable=False),
    Column("content", Text, nullable=False),
    Column("digest", String(80), nullable=False),
    Column("state", Chosen(ActState), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("until", Instant),
    Index(None, "run", "state", "id"),
    Index(None, "state", "id"),
)

act_signatures = Table(
    "act_signatures",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("act", BigInteger, ForeignKey("acts.id"), nullable=False),
    Column("person", String(128), nullable=False),
    Column("statement", String(64), ForeignKey("statements.id"), nullable=False),
    Column("at", Instant, nullable=False),
    UniqueConstraint("act", "person"),
)

reviews = Table(
    "reviews",
    metadata,
    Column("place", BigId, primary_key=True),
    Column("run", String(40), ForeignKey("runs.id"), nullable=False, unique=True),
    Column("request", String(32), nullable=False),
    Column("unit", String(128), nullable=False),
    Column("requester", String(128), nullable=False),
    Column("executor", String(128), nullable=False),
    Column("confirmer", String(128), nullable=False),
    Column("since", Instant, nullable=False),
    Column("due", Instant, nullable=False),
    Column("state", Chosen(ReviewState), nullable=False),
    Column("escalated_at", Instant),
    Column("done_at", Instant),
    Column("verdict", Text, nullable=False),
    Column("signatures", Text, nullable=False),
    Column("deviation", Boolean(create_constraint=False), nullable=False),
    Index(None, "state", "due"),
    Index(None, "unit", "state", "due"),
    Index(None, "request"),
)

results = Table(
    "results",
    metadata,
    Column("place", BigId, primary_key=True),
    Column("run", String(40), ForeignKey("runs.id"), nullable=False, unique=True),
    Column("request", String(32), nullable=False),
    Column("trial_ends", Instant),
    Column("told_at", Instant),
    Column("done_at", Instant),
    Column("document", Text, nullable=False),
    Index(None, "done_at", "trial_ends"),
)

shims = Table(
    "shims",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("run", String(40), ForeignKey("runs.id"), nullable=False),
    Column("folder", Text, nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("start_time", BigInteger, nullable=False),
    Column("boot_id", String(64), nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Index(None, "run"),
    Index(None, "ended_at"),
)

host_locks = Table(
    "host_locks",
    metadata,
    Column("identity", String(256), primary_key=True),
    Column("run", String(40), ForeignKey("runs.id"), primary_key=True),
    Column("exclusive", Boolean(create_constraint=False), nullable=False),
    Column("since", Instant, nullable=False),
    Index(None, "run"),
)

leases = Table(
    "leases",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("holder", String(128), nullable=False),
    Column("until", Instant, nullable=False),
)

audit_inbox = Table(
    "audit_inbox",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("leaf", LargeBinary, nullable=False),
    Column("payload", LargeBinary),
    Column("salt", LargeBinary),
    Column("source", String(255), unique=True),
)

audit_entries = Table(
    "audit_entries",
    metadata,
    Column("position", BigId, primary_key=True, autoincrement=False),
    Column("inbox", BigInteger, ForeignKey("audit_inbox.id"), nullable=False, unique=True),
    Column("tag", String(128), nullable=False),
    Column("run", String(40)),
    Column("request", String(32)),
    Column("actor", String(128), nullable=False),
    Column("occurred", Instant, nullable=False),
    Index(None, "tag", "inbox"),
    Index(None, "run", "inbox"),
    Index(None, "request", "inbox"),
    Index(None, "actor", "inbox"),
    Index(None, "occurred", "inbox"),
)

audit_tiles = Table(
    "audit_tiles",
    metadata,
    Column("level", Integer, primary_key=True),
    Column("position", BigInteger, primary_key=True),
    Column("hashes", LargeBinary, nullable=False),
)

audit_checkpoints = Table(
    "audit_checkpoints",
    metadata,
    Column("size", BigId, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    Column("note", LargeBinary, nullable=False),
)

audit_tree = Table(
    "audit_tree",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
)
