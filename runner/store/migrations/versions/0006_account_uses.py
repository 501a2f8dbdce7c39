"""When each account was last used.

Revision ID: 0006
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0006"
down_revision: Final = "0005"
branch_labels: Final = None
depends_on: Final = None

_INSTANT: Final = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")


def upgrade() -> None:
    """Create the table; an account counts as used at its last statement, or when it was granted."""
    op.create_table(
        "account_uses",
        sa.Column("person", sa.String(length=128), nullable=False),
        sa.Column("used_at", _INSTANT, nullable=False),
        sa.Column("stopped_at", _INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("person", name="pk_account_uses"),
    )
    op.create_index("ix_account_uses_used_at", "account_uses", ["used_at"])
    op.execute(
        "INSERT INTO account_uses (person, used_at) SELECT person, max(recorded) FROM statements GROUP BY person"
    )
    op.execute(
        "INSERT INTO account_uses (person, used_at) SELECT person, max(decided_at) FROM grants "
        "WHERE kind = 'enrol' AND entered IS NOT NULL AND person NOT IN (SELECT person FROM account_uses) "
        "GROUP BY person"
    )
