"""Ansible module: register the files of a folder as items of an empty asset register."""

from __future__ import annotations

import os
import sqlite3

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: sqlite_fill
short_description: Registers the files of a folder as first items of an asset register
description:
  - Walks a folder and inserts one row for each file, its path below the folder and its size, into the table C(items).
  - Changes nothing when the table already has rows.
options:
  database: {description: SQLite database file., type: path, required: true}
  folder: {description: Folder to walk., type: path, required: true}
  suffix: {description: Only files ending so., type: str, default: ''}
  most: {description: Stop after so many files., type: int, default: 5000}
author: Twokey
"""

EXAMPLES = """
- sqlite_fill: {database: /srv/assets/data/assets.db, folder: /usr/lib/python3, suffix: .py}
"""

RETURN = """
items: {description: Rows in the table afterwards., type: int, returned: always}
"""


def walk(folder: str, suffix: str, most: int) -> list[tuple[str, int]]:
    """Paths and sizes below a folder, in a stable order."""
    found: list[tuple[str, int]] = []
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(parent, name)
            if name.endswith(suffix) and os.path.isfile(path):
                found.append((os.path.relpath(path, folder), os.path.getsize(path)))
                if len(found) >= most:
                    return found
    return found


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "database": {"type": "path", "required": True},
            "folder": {"type": "path", "required": True},
            "suffix": {"type": "str", "default": ""},
            "most": {"type": "int", "default": 5000},
        },
        supports_check_mode=True,
    )
    if module.check_mode and not os.path.exists(module.params["database"]):
        module.exit_json(changed=True, items=0)
    try:
        with sqlite3.connect(module.params["database"], timeout=10) as database:
            count = database.execute("SELECT count(*) FROM items").fetchone()[0]
            if count or module.check_mode:
                module.exit_json(changed=not count, items=count)
            rows = walk(module.params["folder"], module.params["suffix"], module.params["most"])
            database.executemany("INSERT INTO items (name, bytes) VALUES (?, ?)", rows)
    except sqlite3.Error as error:
        module.fail_json(msg=f"{module.params['database']}: {error}")
    module.exit_json(changed=True, items=len(rows))


if __name__ == "__main__":
    main()
