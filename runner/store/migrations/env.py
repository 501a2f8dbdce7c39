"""Alembic's entry: runs the migrations that are due on the connection `runner.store.schema` hands over."""

from __future__ import annotations

from alembic import context

from runner.store.people_tables import metadata

connection = context.config.attributes["connection"]
# NOTE: the caller has begun a transaction and commits it, so that a migration that fails leaves nothing behind.
context.configure(
    connection=connection, target_metadata=metadata, render_as_batch=True, transaction_per_migration=False
)
with context.begin_transaction():
    context.run_migrations()
