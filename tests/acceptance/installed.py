"""The installed command on a site of its own, with people who have keys; everything in subprocesses."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from runner.model.document import JsonObject

TWOKEY = Path(sys.executable).with_name("twokey")
WANG, LI = "王", "li"

_LONGEST = 240.0
"""Seconds after which a command that a test waits for in vain is ended."""
SITE = """\
apiVersion: twokey/v1
kind: Site
name: acceptance
environment: test
production: false
origin: acceptance.example/{name}
timezone: Asia/Shanghai
"""
HOSTS = """\
all:
  vars: {{note_place: '{place}'}}
  children:
    notes:
      hosts:
        here: {{ansible_connection: local}}
"""
RUNBOOK = """\
apiVersion: twokey/v1
kind: Runbook
id: note-write
version: 1
family: maintenance
title: {en: Write a note, zh: 写一张便条}
owner: operations
risk: ordinary
parameters:
  text: {type: string, pattern: '[a-z ]+', ask: {en: Text of the note, zh: 便条内容}}
  healthy: {type: string, pattern: '[a-z ]+', default: hello}
targets: {group: notes}
steps:
  - id: look
    remote: {reachable: true}
  - id: write
    gate: {}
    playbook: note/write.yml
    verify: note/verify.yml
    rollback: {playbook: note/remove.yml, verify: note/removed.yml, estimate: 1m}
  - id: wait
    playbook: note/wait.yml
    read_only: true
vars: {text: '{{ parameters.text }}', healthy: '{{ parameters.healthy }}'}
"""
PLAYS = {
    "write": """\
    - name: Write the note
      ansible.builtin.copy: {dest: '{{ note_place }}/note', content: "{{ text }}\\n", mode: '0600'}
""",
    "verify": """\
    - name: The note says what is healthy
      ansible.builtin.command: {cmd: "grep -q -x '{{ healthy }}' '{{ note_place }}/note'"}
      changed_when: false
""",
    "remove": """\
    - name: Remove the note
      ansible.builtin.file: {path: '{{ note_place }}/note', state: absent}
""",
    "removed": """\
    - name: There is no note
      ansible.builtin.command: {cmd: "test ! -e '{{ note_place }}/note'"}
      changed_when: false
""",
    "wait": """\
    - name: Wait for leave to go on
      ansible.builtin.wait_for: {path: '{{ note_place }}/go', timeout: 300, sleep: 1}
    - name: Leave was given
      ansible.builtin.debug: {msg: going on}
""",
}


@dataclass
class Installed:
    """A folder with a site, its state, and a key for each of its people."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    people: tuple[str, ...] = (WANG, LI)

    @property
    def site(self) -> Path:
        return self.folder / "site"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def place(self) -> Path:
        """Where notes are written."""
        return self.folder / "notes"

    def key(self, person: str) -> Path:
        return self.folder / f"{person}.key"

    def make_keys(self) -> None:
        for person in self.people:
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", person, "-f", str(self.key(person))], check=True
            )

    def write_site(self) -> None:
        """A site with one runbook: look, write a note behind a gate, wait until the test lets it go on."""
        self.place.mkdir()
        files = {
            "inventory/site.yml": SITE.format(name=os.urandom(4).hex()),
            "inventory/test/hosts.yml": HOSTS.format(place=self.place),
            "runbooks/maintenance/note-write.yml": RUNBOOK,
        }
        files |= {f"playbooks/note/{name}.yml": _play(tasks) for name, tasks in PLAYS.items()}
        for name, text in files.items():
            path = self.site / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def found(self) -> None:
        """Found the site; all sign."""
        admins = [word for person in self.people for word in ("--admin", f"{person}={self.key(person)}.pub")]
        self.do("init", str(self.site), *admins)
        for person in self.people:
            self.do("init", str(self.site), "--sign", "--yes", by=person)

    def run(
        self, *words: str, by: str = "", environment: Mapping[str, str] | None = None, folder: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run the command and wait for it; nobody is at the terminal."""
        return subprocess.run(
            self._words(words, by),
            check=False,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            stdin=subprocess.DEVNULL,
            timeout=120,
            cwd=folder,
            env={**os.environ, **self.environment, **(environment or {})},
        )

    def do(self, *words: str, by: str = "", code: int = 0) -> str:
        """Run a command that must end with this exit code; what it printed."""
        done = self.run(*words, by=by)
        assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in done.stdout + done.stderr
        return done.stdout

    def ask(self, *words: str, by: str = "", code: int = 0) -> JsonObject:
        """Run a command with `--json`; what it answered."""
        document = json.loads(self.do(*words, "--json", by=by, code=code))
        assert isinstance(document, dict)
        return document

    def sign(self, *words: str, by: str) -> JsonObject:
        """Sign something without being asked; the outcome."""
        return self.ask(*words, "--yes", by=by)

    def refused(self, *words: str, by: str = "", code: int, environment: Mapping[str, str] | None = None) -> str:
        """Run a command that must fail with this exit code, in plain words; what it said."""
        done = self.run(*words, by=by, environment=environment)
        assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in done.stdout + done.stderr
        assert done.stderr.strip(), words
        return done.stderr

    def let_go_on(self) -> None:
        (self.place / "go").touch()

    @contextmanager
    def started(self, *words: str) -> Iterator[subprocess.Popen[str]]:
        """A command that goes on while the block lasts, but not for ever; its output can be read line by line."""
        process = subprocess.Popen(
            self._words(words, ""),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env={**os.environ, **self.environment, "PYTHONUNBUFFERED": "1"},
        )
        patience = threading.Timer(_LONGEST, process.kill)
        patience.start()
        try:
            yield process
        finally:
            patience.cancel()
            process.kill()
            process.communicate(timeout=30)

    def service_pid(self) -> int:
        return int(json.loads((self.state / "service.json").read_text("utf-8"))["pid"])

    def kill_service(self) -> int:
        pid = self.service_pid()
        os.kill(pid, signal.SIGKILL)
        return pid

    def stop(self) -> None:
        """End the service, if one runs, and see that it had nothing to complain of."""
        if (self.state / "twokey.db").exists():
            self.run("serve", "--stop")

    def _words(self, words: tuple[str, ...], by: str) -> list[str]:
        key = ["--key", str(self.key(by))] if by else []
        return [str(TWOKEY), "--site", str(self.site), "--state", str(self.state), *key, *words]


def rows_of(document: JsonObject, name: str = "rows") -> list[JsonObject]:
    """The objects of a list in an answer."""
    rows = document[name]
    assert isinstance(rows, list)
    return [row for row in rows if isinstance(row, dict)]


def lines_until(stream: IO[str] | None, text: str) -> list[str]:
    """Lines up to the first that holds some text."""
    assert stream is not None
    found = []
    for line in stream:
        found.append(line.rstrip("\n"))
        if text in line:
            return found
    raise AssertionError(f"{text!r} was never said: {found}")


@contextmanager
def founded(
    folder: Path, environment: Mapping[str, str] | None = None, people: tuple[str, ...] = (WANG, LI)
) -> Iterator[Installed]:
    """A founded site whose service is ended with the block."""
    installed = Installed(folder, environment or {}, people)
    installed.make_keys()
    installed.write_site()
    installed.found()
    try:
        yield installed
    finally:
        installed.let_go_on()
        installed.stop()


def _play(tasks: str) -> str:
    return f"- hosts: all\n  gather_facts: false\n  tasks:\n{tasks}"
