"""Standing approvals.

Revision ID: 0009
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0009"
down_revision: Final = "0008"
branch_labels: Final = None
depends_on: Final = None

_INSTANT: Final = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")


def upgrade() -> None:
    """Add what is asked for with a standing approval; no request made before this asks for one."""
    op.add_column("requests", sa.Column("standing_until", _INSTANT, nullable=True))
    op.add_column("requests", sa.Column("standing_runs", sa.Integer(), nullable=True))
    op.create_index("ix_requests_standing_until", "requests", ["standing_until"])
