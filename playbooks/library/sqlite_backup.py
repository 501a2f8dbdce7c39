"""Ansible module: copy a live SQLite database through its online backup."""

from __future__ import annotations

import hashlib
import os
import sqlite3

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: sqlite_backup
short_description: Copies a SQLite database consistently while it is in use
description:
  - Uses SQLite's online backup, so writers need not stop. The copy is written beside its name, synced and renamed.
options:
  src: {description: Database to copy., type: path, required: true}
  dest: {description: File to write., type: path, required: true}
author: Twokey
"""

EXAMPLES = """
- sqlite_backup: {src: /srv/assets/data/assets.db, dest: /srv/assets/backups/assets-1.db}
"""

RETURN = """
sha256: {description: Hex digest of the copy., type: str, returned: changed}
size: {description: Bytes of the copy., type: int, returned: changed}
"""


def copy(src: str, dest: str) -> None:
    """Write a consistent copy of `src` to `dest`, whole or not at all."""
    beside = dest + ".part"
    source = sqlite3.connect(f"file:{src}?mode=ro", uri=True, timeout=10)
    target = sqlite3.connect(beside)
    try:
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")
    finally:
        target.close()
        source.close()
    with open(beside, "rb") as file:
        os.fsync(file.fileno())
    os.rename(beside, dest)


def main() -> None:
    module = AnsibleModule(
        argument_spec={"src": {"type": "path", "required": True}, "dest": {"type": "path", "required": True}},
        supports_check_mode=True,
    )
    src, dest = module.params["src"], module.params["dest"]
    if not os.path.exists(src):
        module.fail_json(msg=f"{src}: no such database")
    if module.check_mode:
        module.exit_json(changed=True)
    try:
        copy(src, dest)
    except (sqlite3.Error, OSError) as error:
        module.fail_json(msg=f"{src} to {dest}: {error}")
    with open(dest, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    module.exit_json(changed=True, sha256=digest, size=os.path.getsize(dest))


if __name__ == "__main__":
    main()
