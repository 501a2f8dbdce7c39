"""Secrets planted in a site, a play that lets them slip in many ways, and a search for them in all that is left."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from tests.acceptance.installed import Installed, founded

VALUES: Mapping[str, str] = {
    "from_command": "Planted0Command7value",
    "from_environment": "plänted 'env\"$HOME\\value&",
    "from_vault": "planted-vault-line-one\nplanted-vault-line-two",
}
"""By the name of the secret: plain, full of signs that mean something somewhere, of several lines."""

_SECRETS = """\
apiVersion: twokey/v1
kind: Secrets
secrets:
  from_command: {{version: '1', command: ['{program}', --now], for: [notes]}}
  from_environment: {{version: '2026-11', environment: PLANTED_VALUE}}
  from_vault: {{version: '3', vault: {{file: passwords.vault.yml, key: planted}}}}
"""
RUNBOOK = """\
apiVersion: twokey/v1
kind: Runbook
id: let-slip
version: 1
family: maintenance
title: {en: Let slip, zh: 泄露}
owner: operations
risk: ordinary
targets: {group: notes}
secrets: [from_environment]
steps:
  - id: slip
    playbook: note/slip.yml
    secrets: [from_command, from_vault]
    verify: note/slipped.yml
    rollback: none
    because: {en: it only lets slip, zh: 只是泄露}
"""
_WAYS = """\
    - name: "a name with {{ from_command }}"
      ansible.builtin.debug: {msg: "{{ from_environment }} and {{ from_vault }}"}
    - ansible.builtin.debug: {var: from_environment}
    - ansible.builtin.command: {argv: [echo, "{{ from_environment }}", "{{ from_command }}"]}
    - ansible.builtin.shell: {cmd: "cat >&2; exit 3", stdin: "{{ from_vault }}"}
      ignore_errors: true
    - ansible.builtin.command: {cmd: base64, stdin: "user:{{ from_command }} and more {{ from_environment * 9 }}"}
    - ansible.builtin.command: {argv: ["/nowhere/{{ from_command }}"]}
      ignore_errors: true
    - ansible.builtin.command: env
      environment: {GIVEN: "{{ from_environment }}"}
    - ansible.builtin.assert: {that: from_command == 'x', fail_msg: "not {{ from_environment }}"}
      ignore_errors: true
    - ansible.builtin.fail: {msg: "{{ from_environment | b64encode }} {{ from_command | urlencode }}"}
      ignore_errors: true
    - ansible.builtin.debug: {msg: "{{ item }} {{ {'a': from_environment} | to_json | to_json }}"}
      loop: ["{{ from_command }}", "{{ from_environment | quote }}", "{{ from_vault | to_yaml }}"]
    - ansible.builtin.copy: {content: "{{ from_environment }}", dest: "{{ note_place }}/copied", mode: '0600'}
      diff: true
    - ansible.builtin.template: {src: slip.j2, dest: "{{ note_place }}/filled", mode: '0600'}
      diff: true
    - ansible.builtin.copy: {content: "{{ from_vault }}", dest: "{{ note_place }}/vault", mode: '0600'}
    - ansible.builtin.file: {path: "{{ note_place }}/x", state: "{{ from_command }}"}
      ignore_errors: true
    - ansible.builtin.wait_for: {port: "{{ from_command }}"}
      ignore_errors: true
    - ansible.builtin.debug: {msg: "{{ (from_environment | from_json).nothing }}"}
      ignore_errors: true
    - ansible.builtin.set_fact: {kept: "{{ from_environment }}"}
    - ansible.builtin.set_stats: {data: {leaked: "{{ from_command }}", many: ["{{ from_environment }}"]}}
    - ansible.builtin.set_stats: {data: {leaked: "{{ from_vault }}"}, per_host: true}
    - ansible.builtin.file: {path: "{{ note_place }}/slipped", state: touch, mode: '0600'}
    - ansible.builtin.wait_for: {path: '{{ note_place }}/go', timeout: 300, sleep: 1}
"""


@contextmanager
def planted(folder: Path) -> Iterator[Installed]:
    """A founded site with three secrets, one from each kind of source."""
    program, password = folder / "give", folder / "vault.password"
    program.write_text(f"#!/bin/sh\necho '{VALUES['from_command']}'\n", "utf-8")
    program.chmod(0o755)
    password.write_text("correct horse\n", "utf-8")
    environment = {"PLANTED_VALUE": VALUES["from_environment"], "TWOKEY_VAULT_PASSWORD_FILE": str(password)}
    with founded(folder, environment) as installed:
        inventory = installed.site / "inventory" / "test"
        (inventory / "secrets.yml").write_text(_SECRETS.format(program=program), "utf-8")
        vault = inventory / "passwords.vault.yml"
        vault.write_text(json.dumps({"planted": VALUES["from_vault"]}), "utf-8")
        encrypt(vault, password)
        (installed.site / "runbooks/maintenance/let-slip.yml").write_text(RUNBOOK, "utf-8")
        plays = installed.site / "playbooks" / "note"
        (plays / "slip.yml").write_text(f"- hosts: all\n  gather_facts: false\n  tasks:\n{_WAYS}", "utf-8")
        (plays / "templates").mkdir()
        (plays / "templates" / "slip.j2").write_text("one {{ from_environment }}\ntwo {{ from_command }}\n", "utf-8")
        (plays / "slipped.yml").write_text(
            "- hosts: all\n  gather_facts: false\n  tasks:\n    - debug: {msg: '{{ from_environment }}'}\n", "utf-8"
        )
        yield installed


def encrypt(path: Path, password: Path) -> None:
    """Encrypt a file with the real `ansible-vault`."""
    program = Path(sys.executable).with_name("ansible-vault")
    subprocess.run(
        [str(program), "encrypt", "--vault-password-file", str(password), str(path)], check=True, capture_output=True
    )


def spellings() -> tuple[bytes, ...]:
    """The values as they may be spelt, found out independently of the product."""
    found: set[str] = set()
    for value in VALUES.values():
        for part in (value, *value.splitlines()):
            dumped = json.dumps(part)[1:-1]
            found |= {part, dumped, json.dumps(part, ensure_ascii=False)[1:-1], json.dumps(dumped)[1:-1]}
            found |= {quote(part), quote(part, safe=""), part.replace("'", "'\"'\"'"), part.encode().hex()}
            found |= {
                base64.b64encode(part.encode()).decode(),
                base64.b64encode(b"user:" + part.encode()).decode()[8:-4],
            }
    return tuple(spelling.encode() for spelling in found)


def leaks_in(data: bytes) -> list[bytes]:
    """Spellings of a planted value in some bytes."""
    return [spelling for spelling in spellings() if spelling in data]


def leaks_below(folder: Path) -> list[tuple[str, bytes]]:
    """Files, or names of files, below a folder that hold a planted value."""
    found: list[tuple[str, bytes]] = []
    for path in sorted(folder.rglob("*")):
        found += [(str(path), leak) for leak in leaks_in(os.fsencode(path.relative_to(folder)))]
        if path.is_file() and not path.is_symlink():
            found += [(str(path), leak) for leak in leaks_in(path.read_bytes())]
    return found
