"""Asset register 1.0.0: names and sizes."""

VERSION = "1.0.0"
MIGRATIONS = ("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT NOT NULL, bytes INTEGER NOT NULL)",)
SELF_CHECK = "SELECT coalesce(sum(bytes), 0) FROM items"
