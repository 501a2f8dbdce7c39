"""Jobs for the Ansible driver in tests: a snapshot, private folders, and what the spool tells."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from runner.engine.ansible import Prepared, prepare
from runner.engine.ansible_job import AnsibleEnd, AnsibleJob
from tests.waiting import wait_until

PLAYS = Path(__file__).parent / "integration" / "plays"
SECONDS = 30.0
"""How long anything may take here."""

Event = dict[str, Any]  # Any: events are JSON


@dataclass(frozen=True)
class Site:
    """A snapshot with the plays of the tests, and room for attempts."""

    folder: Path

    @property
    def snapshot(self) -> Path:
        return self.folder / "snapshot"

    def job(self, name: str, play: str, **changes: Any) -> AnsibleJob:
        """A job that runs a play on `h1`."""
        work = self.folder / "attempts" / name
        work.mkdir(mode=0o700, parents=True)
        job = AnsibleJob(
            private_data_dir=work,
            snapshot=self.snapshot,
            playbook=self.snapshot / "playbooks" / play,
            inventory=self.snapshot / "inventory" / "hosts.yml",
            spool=self.folder / f"{name}.jsonl",
            limit=("h1",),
            environment={name: value for name, value in os.environ.items() if name.startswith("LC_TWOKEY_")},
        )
        return replace(job, **changes)


def _python_without_spaces(link: Path) -> Path:
    """This Python by a path that Ansible's `async` can start: it does not quote the interpreter."""
    if " " not in sys.executable:
        return Path(sys.executable)
    if not link.is_symlink():
        link.symlink_to(sys.executable)
    return link


def make_site(folder: Path, hosts: Mapping[str, Mapping[str, object]] | None = None) -> Site:
    """Make a site whose hosts are this machine, or the given ones."""
    site = Site(folder)
    local = {
        "ansible_connection": "local",
        "ansible_python_interpreter": str(_python_without_spaces(folder.parent / "python")),
        "ansible_remote_tmp": str(folder.parent / "remote_tmp"),  # NOTE: Ansible cannot work in one with a space
        "ansible_async_dir": str(folder.parent / "async"),
    }
    shutil.copytree(PLAYS, site.snapshot / "playbooks", ignore=shutil.ignore_patterns("__pycache__"))
    (site.snapshot / "inventory").mkdir()
    inventory = {"all": {"hosts": hosts or {"h1": local, "h2": local}}}
    (site.snapshot / "inventory" / "hosts.yml").write_text(json.dumps(inventory), "utf-8")
    return site


def events(job: AnsibleJob) -> list[Event]:
    """Every whole line of a job's spool."""
    if not job.spool.exists():
        return []
    return [json.loads(line) for line in job.spool.read_text("utf-8").split("\n")[:-1]]


def of(told: list[Event], **wanted: object) -> list[Event]:
    """Events whose fields have these values."""
    return [event for event in told if all(event.get(name) == value for name, value in wanted.items())]


def one(told: list[Event], **wanted: object) -> Event:
    """The only event whose fields have these values."""
    found = of(told, **wanted)
    assert len(found) == 1, found
    return found[0]


def wait_for_event(job: AnsibleJob, **wanted: object) -> Event:
    """Wait until an event is told."""
    return wait_until(lambda: of(events(job), **wanted), SECONDS, f"{wanted}")[0]


def run(job: AnsibleJob, variables: Mapping[str, Any] | None = None) -> AnsibleEnd:
    """Run a job from beginning to end."""
    prepared = prepare(job)
    prepared.begin(variables or {})
    return ended(prepared)


def ended(prepared: Prepared) -> AnsibleEnd:
    """How a process ended, once ansible-runner has ended too."""
    end = prepared.wait(SECONDS)
    assert end is not None
    prepared.close()
    return end


def make_gates(folder: Path) -> None:
    """Make the named pipes that the tasks of `borders.yml` last on."""
    for gate in ("gate1", "gate2"):
        os.mkfifo(folder / gate)


def open_gate(folder: Path, gate: str) -> None:
    """Let a task end; it must have begun to read."""

    def opened() -> bool:
        with suppress(OSError):
            os.close(os.open(folder / gate, os.O_WRONLY | os.O_NONBLOCK))
            return True
        return False

    wait_until(opened, SECONDS, f"a reader of {gate}")


def processes_with(text: str) -> Iterator[int]:
    """Processes whose command line holds a text."""
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and text.encode() in (entry / "cmdline").read_bytes():
                yield int(entry.name)
