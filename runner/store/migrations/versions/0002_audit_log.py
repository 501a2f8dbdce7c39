"""The audit log.

Revision ID: 0002
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0002"
down_revision: Final = "0001"
branch_labels: Final = None
depends_on: Final = None

_NUMBER: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INSTANT: Final = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")

_GUARDS: Final = (
    (
        "CREATE TRIGGER guard_statements_update BEFORE UPDATE ON statements "
        "BEGIN SELECT RAISE(ABORT, 'statements: nothing recorded is changed or removed'); END"
    ),
    (
        "CREATE TRIGGER guard_statements_delete BEFORE DELETE ON statements "
        "BEGIN SELECT RAISE(ABORT, 'statements: nothing recorded is changed or removed'); END"
    ),
    (
        "CREATE TRIGGER guard_audit_inbox_update BEFORE UPDATE ON audit_inbox "
        "BEGIN SELECT RAISE(ABORT, 'audit_inbox: nothing recorded is changed or removed'); END"
    ),
    (
        "CREATE TRIGGER guard_audit_inbox_delete BEFORE DELETE ON audit_inbox "
        "BEGIN SELECT RAISE(ABORT, 'audit_inbox: nothing recorded is changed or removed'); END"
    ),
    (
        "CREATE TRIGGER guard_audit_entries_update BEFORE UPDATE ON audit_entries "
        "BEGIN SELECT RAISE(ABORT, 'audit_entries: nothing recorded is changed or removed'); END"
    ),
    (
        "CREATE TRIGGER guard_audit_entries_delete BEFORE DELETE ON audit_entries "
        "BEGIN SELECT RAISE(ABORT, 'audit_entries: nothing recorded is changed or removed'); END"
    ),
    (
        "CREATE TRIGGER guard_audit_checkpoints_update BEFORE UPDATE ON audit_checkpoints "
        "BEGIN SELECT RAISE(ABORT, 'audit_checkpoints: nothing recorded is changed or removed'); END"
    ),
    (
        "CREATE TRIGGER guard_audit_checkpoints_delete BEFORE DELETE ON audit_checkpoints "
        "BEGIN SELECT RAISE(ABORT, 'audit_checkpoints: nothing recorded is changed or removed'); END"
    ),
    (
        "CREATE TRIGGER guard_audit_tiles_delete BEFORE DELETE ON audit_tiles "
        "BEGIN SELECT RAISE(ABORT, 'audit_tiles: nothing recorded is removed'); END"
    ),
    (
        "CREATE TRIGGER guard_audit_tree_delete BEFORE DELETE ON audit_tree "
        "BEGIN SELECT RAISE(ABORT, 'audit_tree: nothing recorded is removed'); END"
    ),
    (
        "CREATE TRIGGER guard_audit_tiles_update BEFORE UPDATE ON audit_tiles "
        "WHEN NEW.level <> OLD.level "
        "OR NEW.position <> OLD.position "
        "OR substr(NEW.hashes, 1, length(OLD.hashes)) <> OLD.hashes "
        "BEGIN SELECT RAISE(ABORT, 'audit_tiles: a tile only grows'); END"
    ),
    (
        "CREATE TRIGGER guard_audit_tree_update BEFORE UPDATE ON audit_tree "
        "WHEN NEW.name <> OLD.name "
        "OR NEW.size < OLD.size "
        "OR NEW.last < OLD.last "
        "BEGIN SELECT RAISE(ABORT, 'audit_tree: the tree only grows'); END"
    ),
)


def upgrade() -> None:
    """Create the tables of the log, and on SQLite the triggers that keep it append-only."""
    _audit_checkpoints()
    _audit_inbox()
    _audit_tiles()
    _audit_tree()
    _audit_entries()
    if op.get_context().dialect.name == "sqlite":
        for guard in _GUARDS:
            op.execute(guard)


def _audit_checkpoints() -> None:
    op.create_table(
        "audit_checkpoints",
        sa.Column("size", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("size", name="pk_audit_checkpoints"),
    )


def _audit_inbox() -> None:
    op.create_table(
        "audit_inbox",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=True),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("source", sa.String(length=255), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_audit_inbox"),
        sa.UniqueConstraint("source", name="uq_audit_inbox_source"),
    )


def _audit_tiles() -> None:
    op.create_table(
        "audit_tiles",
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "position", name="pk_audit_tiles"),
    )


def _audit_tree() -> None:
    op.create_table(
        "audit_tree",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_audit_tree"),
    )


def _audit_entries() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("position", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("inbox", sa.BigInteger(), nullable=False),
        sa.Column("tag", sa.String(length=128), nullable=False),
        sa.Column("run", sa.String(length=40), nullable=True),
        sa.Column("request", sa.String(length=32), nullable=True),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("occurred", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["inbox"], ["audit_inbox.id"], name="fk_audit_entries_inbox"),
        sa.PrimaryKeyConstraint("position", name="pk_audit_entries"),
        sa.UniqueConstraint("inbox", name="uq_audit_entries_inbox"),
    )
    op.create_index("ix_audit_entries_actor_inbox", "audit_entries", ["actor", "inbox"], unique=False)
    op.create_index("ix_audit_entries_occurred_inbox", "audit_entries", ["occurred", "inbox"], unique=False)
    op.create_index("ix_audit_entries_request_inbox", "audit_entries", ["request", "inbox"], unique=False)
    op.create_index("ix_audit_entries_run_inbox", "audit_entries", ["run", "inbox"], unique=False)
    op.create_index("ix_audit_entries_tag_inbox", "audit_entries", ["tag", "inbox"], unique=False)
