"""After-reviews of emergencies.

Revision ID: 0005
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0005"
down_revision: Final = "0004"
branch_labels: Final = None
depends_on: Final = None

_NUMBER: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INSTANT: Final = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")


def upgrade() -> None:
    """Create the table of after-reviews; runs begun before this owe none."""
    op.create_table(
        "reviews",
        sa.Column("place", _NUMBER, nullable=False),
        sa.Column("run", sa.String(length=40), nullable=False),
        sa.Column("request", sa.String(length=32), nullable=False),
        sa.Column("unit", sa.String(length=128), nullable=False),
        sa.Column("requester", sa.String(length=128), nullable=False),
        sa.Column("executor", sa.String(length=128), nullable=False),
        sa.Column("confirmer", sa.String(length=128), nullable=False),
        sa.Column("since", _INSTANT, nullable=False),
        sa.Column("due", _INSTANT, nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("escalated_at", _INSTANT, nullable=True),
        sa.Column("done_at", _INSTANT, nullable=True),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("signatures", sa.Text(), nullable=False),
        sa.Column("deviation", sa.Boolean(create_constraint=False), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name="fk_reviews_run"),
        sa.PrimaryKeyConstraint("place", name="pk_reviews"),
        sa.UniqueConstraint("run", name="uq_reviews_run"),
    )
    op.create_index("ix_reviews_state_due", "reviews", ["state", "due"])
    op.create_index("ix_reviews_unit_state_due", "reviews", ["unit", "state", "due"])
    op.create_index("ix_reviews_request", "reviews", ["request"])
