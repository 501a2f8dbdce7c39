"""Results of runs with what follows from them, and the trial a request states.

Revision ID: 0007
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0007"
down_revision: Final = "0006"
branch_labels: Final = None
depends_on: Final = None

_NUMBER: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INSTANT: Final = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")


def upgrade() -> None:
    """Create the table of results; requests made before this state no trial, runs closed before this owe nothing."""
    op.create_table(
        "results",
        sa.Column("place", _NUMBER, nullable=False),
        sa.Column("run", sa.String(length=40), nullable=False),
        sa.Column("request", sa.String(length=32), nullable=False),
        sa.Column("trial_ends", _INSTANT, nullable=True),
        sa.Column("told_at", _INSTANT, nullable=True),
        sa.Column("done_at", _INSTANT, nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name="fk_results_run"),
        sa.PrimaryKeyConstraint("place", name="pk_results"),
        sa.UniqueConstraint("run", name="uq_results_run"),
    )
    op.create_index("ix_results_done_at_trial_ends", "results", ["done_at", "trial_ends"])
    op.add_column("requests", sa.Column("trial", sa.Integer(), nullable=True))
