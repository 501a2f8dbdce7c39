"""Founders under their own name, and grants.

Revision ID: 0003
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0003"
down_revision: Final = "0002"
branch_labels: Final = None
depends_on: Final = None

_NUMBER: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INSTANT: Final = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")


def upgrade() -> None:
    """Rename the table of the people of the first entries, and create that of grants."""
    _founders()
    op.create_table(
        "grants",
        sa.Column("place", _NUMBER, nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=128), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("applicant", sa.String(length=128), nullable=False),
        sa.Column("application", sa.String(length=64), nullable=False),
        sa.Column("applied_at", _INSTANT, nullable=False),
        sa.Column("approver", sa.String(length=128), nullable=False),
        sa.Column("approval", sa.String(length=64), nullable=True),
        sa.Column("decided_at", _INSTANT, nullable=True),
        sa.Column("inspector", sa.String(length=128), nullable=False),
        sa.Column("inspection", sa.String(length=64), nullable=True),
        sa.Column("inspected_at", _INSTANT, nullable=True),
        sa.Column("entered", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["application"], ["statements.id"], name="fk_grants_application"),
        sa.PrimaryKeyConstraint("place", name="pk_grants"),
        sa.UniqueConstraint("number", name="uq_grants_number"),
        sa.UniqueConstraint("entered", name="uq_grants_entered"),
    )
    op.create_index("ix_grants_state_place", "grants", ["state", "place"])
    op.create_index("ix_grants_person_place", "grants", ["person", "place"])


def _founders() -> None:
    """A new table with its own names of constraints; renaming would leave the old ones."""
    op.create_table(
        "founders",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_founders"),
        sa.UniqueConstraint("fingerprint", name="uq_founders_fingerprint"),
    )
    op.execute("INSERT INTO founders (name, key, fingerprint) SELECT name, key, fingerprint FROM people")
    op.drop_table("people")
