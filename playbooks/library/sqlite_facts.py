"""Ansible module: look into a SQLite database without changing it."""

from __future__ import annotations

import hashlib
import os
import sqlite3

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: sqlite_facts
short_description: Checks a SQLite database and counts and digests its rows, read only
description:
  - Runs SQLite's integrity check, counts the rows of every table, and digests every row in key order, so that two
    databases with the same rows have the same digest whatever their files look like.
options:
  path: {description: Database file., type: path, required: true}
author: Twokey
"""

EXAMPLES = """
- sqlite_facts: {path: /srv/assets/backups/assets-1.db}
  register: backup
"""

RETURN = """
integrity: {description: "C(ok), or what SQLite found.", type: str, returned: always}
rows: {description: Rows of each table., type: dict, returned: always}
total: {description: Rows of all tables., type: int, returned: always}
rows_sha256: {description: Digest over all rows in key order., type: str, returned: always}
file_sha256: {description: Digest of the file., type: str, returned: always}
schema: {description: The database's user version., type: int, returned: always}
"""


def look(path: str) -> dict[str, object]:
    """Integrity, counts and digest of a database opened read only."""
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
    try:
        database.execute("BEGIN")
        integrity = database.execute("PRAGMA integrity_check").fetchone()[0]
        names = [
            row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        ]
        counts: dict[str, int] = {}
        digest = hashlib.sha256()
        for name in names:
            counts[name] = 0
            for row in database.execute(f'SELECT * FROM "{name}" ORDER BY rowid'):  # noqa: S608 - name from the schema
                counts[name] += 1
                digest.update(repr((name, row)).encode())
        schema = database.execute("PRAGMA user_version").fetchone()[0]
    finally:
        database.close()
    with open(path, "rb") as file:
        file_digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "integrity": integrity,
        "rows": counts,
        "total": sum(counts.values()),
        "rows_sha256": digest.hexdigest(),
        "file_sha256": file_digest,
        "schema": schema,
    }


def main() -> None:
    module = AnsibleModule(argument_spec={"path": {"type": "path", "required": True}}, supports_check_mode=True)
    path = module.params["path"]
    if not os.path.exists(path):
        module.fail_json(msg=f"{path}: no such database")
    try:
        module.exit_json(changed=False, **look(path))
    except sqlite3.Error as error:
        module.fail_json(msg=f"{path}: {error}")


if __name__ == "__main__":
    main()
