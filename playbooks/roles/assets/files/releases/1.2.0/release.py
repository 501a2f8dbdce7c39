"""Asset register 1.2.0: items have a place. This release has a fault: its self check reads a column under the name it
had before review, so the service starts and answers, and is not healthy."""

VERSION = "1.2.0"
MIGRATIONS = (
    "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT NOT NULL, bytes INTEGER NOT NULL)",
    "ALTER TABLE items ADD COLUMN owner TEXT NOT NULL DEFAULT 'operations'",
    "ALTER TABLE items ADD COLUMN place TEXT NOT NULL DEFAULT 'room 1'",
)
SELF_CHECK = "SELECT coalesce(sum(bytes), 0) FROM items WHERE location <> ''"
