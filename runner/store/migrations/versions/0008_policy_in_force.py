"""Which policy is in force since when, and under which an approval was given.

Revision ID: 0008
"""

from __future__ import annotations

import hashlib
import json
from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0008"
down_revision: Final = "0007"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Policies granted so far came into force in their order; approvals so far count under the one in force now."""
    op.add_column("grants", sa.Column("in_force", sa.BigInteger(), nullable=True))
    op.add_column("approvals", sa.Column("policy", sa.String(length=80), nullable=True))
    op.execute(sa.text("UPDATE grants SET in_force = entered WHERE kind = 'set_policy' AND entered IS NOT NULL"))
    here = op.get_bind()
    digest = _in_force(here)
    if digest:
        here.execute(sa.text("UPDATE approvals SET policy = :digest"), {"digest": digest})


def _in_force(here: sa.Connection) -> str:
    """Digest of the policy in force: the newest that was granted, else that of the first entries."""
    terms = here.execute(
        sa.text("SELECT terms FROM grants WHERE in_force IS NOT NULL ORDER BY in_force DESC LIMIT 1")
    ).scalar()
    if terms is not None:
        return str(json.loads(str(terms))["digest"])
    source = here.execute(sa.text("SELECT value FROM installation WHERE name = 'policy'")).scalar()
    return "" if source is None else "sha256:" + hashlib.sha256(str(source).encode()).hexdigest()
