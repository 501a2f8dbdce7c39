"""Asset register 1.1.0: items have an owner."""

VERSION = "1.1.0"
MIGRATIONS = (
    "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT NOT NULL, bytes INTEGER NOT NULL)",
    "ALTER TABLE items ADD COLUMN owner TEXT NOT NULL DEFAULT 'operations'",
)
SELF_CHECK = "SELECT coalesce(sum(bytes), 0) FROM items WHERE owner <> ''"
