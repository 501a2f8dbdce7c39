"""Migrations of the tables, one file each; Alembic runs them by path, `runner.store.schema` starts it."""
