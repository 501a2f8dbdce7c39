"""People, content, requests and runs.

Revision ID: 0001
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0001"
down_revision: Final = None
branch_labels: Final = None
depends_on: Final = None

_NUMBER: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INSTANT: Final = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")


def upgrade() -> None:
    """Create the tables of people, content, requests and runs."""
    _counters()
    _installation()
    _leases()
    _people()
    _plans()
    _publications()
    _statements()
    _published_files()
    _requests()
    _approvals()
    _request_revisions()
    _runs()
    _acts()
    _host_locks()
    _run_outputs()
    _shims()
    _act_signatures()
    _attempts()


def _counters() -> None:
    op.create_table(
        "counters",
        sa.Column("series", sa.String(length=32), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("series", "year", name="pk_counters"),
    )


def _installation() -> None:
    op.create_table(
        "installation",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_installation"),
    )


def _leases() -> None:
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("holder", sa.String(length=128), nullable=False),
        sa.Column("until", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )


def _people() -> None:
    op.create_table(
        "people",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_people"),
        sa.UniqueConstraint("fingerprint", name="uq_people_fingerprint"),
    )


def _plans() -> None:
    op.create_table(
        "plans",
        sa.Column("digest", sa.String(length=80), nullable=False),
        sa.Column("content", sa.String(length=80), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_plans"),
    )


def _publications() -> None:
    op.create_table(
        "publications",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("digest", sa.String(length=80), nullable=False),
        sa.Column("runbook", sa.String(length=128), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("author", sa.String(length=128), nullable=False),
        sa.Column("countersigner", sa.String(length=128), nullable=True),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_publications"),
        sa.UniqueConstraint("digest", name="uq_publications_digest"),
    )
    op.create_index(
        "ix_publications_runbook_state_version_id", "publications", ["runbook", "state", "version", "id"], unique=False
    )
    op.create_index("ix_publications_state_id", "publications", ["state", "id"], unique=False)


def _statements() -> None:
    op.create_table(
        "statements",
        sa.Column("place", _NUMBER, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("person", sa.String(length=128), nullable=False),
        sa.Column("subject", sa.String(length=128), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("recorded", _INSTANT, nullable=False),
        sa.Column("bytes", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("place", name="pk_statements"),
        sa.UniqueConstraint("id", name="uq_statements_id"),
        sa.UniqueConstraint("nonce", name="uq_statements_nonce"),
    )
    op.create_index("ix_statements_subject_place", "statements", ["subject", "place"], unique=False)


def _published_files() -> None:
    op.create_table(
        "published_files",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("publication", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["publication"], ["publications.id"], name="fk_published_files_publication"),
        sa.PrimaryKeyConstraint("sha256", "publication", name="pk_published_files"),
    )


def _requests() -> None:
    op.create_table(
        "requests",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("plan", sa.String(length=80), nullable=False),
        sa.Column("content", sa.String(length=80), nullable=False),
        sa.Column("runbook", sa.String(length=128), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("requester", sa.String(length=128), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("risk", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("window_opens", _INSTANT, nullable=True),
        sa.Column("window_closes", _INSTANT, nullable=True),
        sa.Column("at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["plan"], ["plans.digest"], name="fk_requests_plan"),
        sa.PrimaryKeyConstraint("id", name="pk_requests"),
        sa.UniqueConstraint("number", name="uq_requests_number"),
    )
    op.create_index("ix_requests_state_id", "requests", ["state", "id"], unique=False)
    op.create_index("ix_requests_state_window_closes", "requests", ["state", "window_closes"], unique=False)


def _approvals() -> None:
    op.create_table(
        "approvals",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("request", sa.String(length=32), nullable=False),
        sa.Column("plan", sa.String(length=80), nullable=False),
        sa.Column("approver", sa.String(length=128), nullable=False),
        sa.Column("statement", sa.String(length=64), nullable=False),
        sa.Column("not_before", _INSTANT, nullable=False),
        sa.Column("not_after", _INSTANT, nullable=False),
        sa.Column("max_runs", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["request"], ["requests.number"], name="fk_approvals_request"),
        sa.ForeignKeyConstraint(["statement"], ["statements.id"], name="fk_approvals_statement"),
        sa.PrimaryKeyConstraint("id", name="pk_approvals"),
        sa.UniqueConstraint("request", "plan", "approver", name="uq_approvals_request_plan_approver"),
    )


def _request_revisions() -> None:
    op.create_table(
        "request_revisions",
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("plan", sa.String(length=80), nullable=False),
        sa.Column("requester", sa.String(length=128), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["number"], ["requests.number"], name="fk_request_revisions_number"),
        sa.ForeignKeyConstraint(["plan"], ["plans.digest"], name="fk_request_revisions_plan"),
        sa.PrimaryKeyConstraint("number", "revision", name="pk_request_revisions"),
    )


def _runs() -> None:
    op.create_table(
        "runs",
        sa.Column("place", _NUMBER, nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("request", sa.String(length=32), nullable=True),
        sa.Column("plan", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("executor", sa.String(length=128), nullable=False),
        sa.Column("confirmer", sa.String(length=128), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("started_at", _INSTANT, nullable=True),
        sa.Column("ended_at", _INSTANT, nullable=True),
        sa.Column("window_opens", _INSTANT, nullable=True),
        sa.Column("window_closes", _INSTANT, nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("waiting_since", _INSTANT, nullable=True),
        sa.Column("question", sa.String(32), nullable=True),
        sa.ForeignKeyConstraint(["plan"], ["plans.digest"], name="fk_runs_plan"),
        sa.ForeignKeyConstraint(["request"], ["requests.number"], name="fk_runs_request"),
        sa.PrimaryKeyConstraint("place", name="pk_runs"),
        sa.UniqueConstraint("id", name="uq_runs_id"),
    )
    op.create_index("ix_runs_request_place", "runs", ["request", "place"], unique=False)
    op.create_index("ix_runs_state_place", "runs", ["state", "place"], unique=False)


def _acts() -> None:
    op.create_table(
        "acts",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("run", sa.String(length=40), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("opened_at", _INSTANT, nullable=False),
        sa.Column("until", _INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name="fk_acts_run"),
        sa.PrimaryKeyConstraint("id", name="pk_acts"),
    )
    op.create_index("ix_acts_run_state_id", "acts", ["run", "state", "id"], unique=False)
    op.create_index("ix_acts_state_id", "acts", ["state", "id"], unique=False)


def _host_locks() -> None:
    op.create_table(
        "host_locks",
        sa.Column("identity", sa.String(length=256), nullable=False),
        sa.Column("run", sa.String(length=40), nullable=False),
        sa.Column("exclusive", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("since", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name="fk_host_locks_run"),
        sa.PrimaryKeyConstraint("identity", "run", name="pk_host_locks"),
    )
    op.create_index("ix_host_locks_run", "host_locks", ["run"], unique=False)


def _run_outputs() -> None:
    op.create_table(
        "run_outputs",
        sa.Column("run", sa.String(length=40), nullable=False),
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=128), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name="fk_run_outputs_run"),
        sa.PrimaryKeyConstraint("run", "batch", "step", name="pk_run_outputs"),
    )


def _shims() -> None:
    op.create_table(
        "shims",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("run", sa.String(length=40), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("pid", sa.BigInteger(), nullable=False),
        sa.Column("start_time", sa.BigInteger(), nullable=False),
        sa.Column("boot_id", sa.String(length=64), nullable=False),
        sa.Column("started_at", _INSTANT, nullable=False),
        sa.Column("ended_at", _INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name="fk_shims_run"),
        sa.PrimaryKeyConstraint("id", name="pk_shims"),
    )
    op.create_index("ix_shims_ended_at", "shims", ["ended_at"], unique=False)
    op.create_index("ix_shims_run", "shims", ["run"], unique=False)


def _act_signatures() -> None:
    op.create_table(
        "act_signatures",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("act", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.String(length=128), nullable=False),
        sa.Column("statement", sa.String(length=64), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["act"], ["acts.id"], name="fk_act_signatures_act"),
        sa.ForeignKeyConstraint(["statement"], ["statements.id"], name="fk_act_signatures_statement"),
        sa.PrimaryKeyConstraint("id", name="pk_act_signatures"),
        sa.UniqueConstraint("act", "person", name="uq_act_signatures_act_person"),
    )


def _attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("run", sa.String(length=40), nullable=False),
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=128), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("mutating", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("hosts", sa.Text(), nullable=False),
        sa.Column("intended_at", _INSTANT, nullable=False),
        sa.Column("deadline", _INSTANT, nullable=False),
        sa.Column("began_at", _INSTANT, nullable=True),
        sa.Column("ended_at", _INSTANT, nullable=True),
        sa.Column("outcomes", sa.Text(), nullable=False),
        sa.Column("settled", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("imported", sa.Integer(), nullable=False),
        sa.Column("shim", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name="fk_attempts_run"),
        sa.ForeignKeyConstraint(["shim"], ["shims.id"], name="fk_attempts_shim"),
        sa.PrimaryKeyConstraint("id", name="pk_attempts"),
        sa.UniqueConstraint("run", "batch", "step", "role", "number", name="uq_attempts_run_batch_step_role_number"),
    )
    op.create_index("ix_attempts_run_id", "attempts", ["run", "id"], unique=False)
    op.create_index("ix_attempts_shim", "attempts", ["shim"], unique=False)
    op.create_index("ix_attempts_state_id", "attempts", ["state", "id"], unique=False)
