"""A site of its own for the benchmarks: two people, an embedded service, runbooks made for measuring."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from runner.client import drafts
from runner.client.drafts import Draft
from runner.client.memory import Memory
from runner.client.service import Service
from runner.client.signer import signer_from_file
from runner.client.signing import Signatory, person_of
from runner.errors import RunFailedError
from runner.model.result import Achievement
from runner.model.run import RunState
from runner.rules.tags import Tag
from runner.runbook.places import socket_of_state
from runner.wire.api_audit import EntryShown
from runner.wire.api_request import PlanAsked

READING: Final = 3.0
"""Seconds the confirmer takes between seeing the executor's signature and signing."""
_PEOPLE: Final = ("one", "two")
_ENDED: Final = (RunState.SUCCEEDED, RunState.FAILED, RunState.ROLLED_BACK, RunState.ABANDONED)


class BenchClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC).replace(microsecond=0)  # noqa: TID251 - the clock that is injected


@dataclass(frozen=True, slots=True)
class Measured:
    """One run on the clock."""

    run: str
    signed_at: float
    """Wall time (Unix seconds) just before the confirmer signs."""
    seconds: float
    """From then until the run awaits its signed result."""


class BenchSite:
    """A founded site whose service runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.site = folder / "site"
        self.state = folder / "state"
        for name in _PEOPLE:
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(folder / name)], check=True
            )
        self.twokey("init", str(self.site), *(f"--admin={name}={folder / name}.pub" for name in _PEOPLE))
        for name in _PEOPLE:
            self.twokey("init", str(self.site), "--sign", "--yes", key=name)

    def twokey(self, *words: str, key: str = "") -> str:
        """Run the command; its output."""
        options = ["--state", str(self.state), *(["--key", str(self.folder / key)] if key else [])]
        command = [sys.executable, "-m", "runner.cli.main", *options, *words]
        done = subprocess.run(command, check=False, text=True, capture_output=True, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise RunFailedError(f"{' '.join(command)} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def add_runbook(self, name: str, steps: int, play: str) -> None:
        """Put a read-only runbook of so many steps, each with a playbook of its own, and have two people publish it."""
        plays = self.site / "playbooks" / name
        plays.mkdir(parents=True)
        lines = [
            "apiVersion: twokey/v1",
            "kind: Runbook",
            f"id: {name}",
            "version: 1",
            "family: inspection",
            f"title: {{en: {name}, zh: {name}}}",
            "owner: operations",
            "risk: standard",
            "targets: {group: machines}",
            "window: optional",
            "steps:",
        ]
        for number in range(1, steps + 1):
            (plays / f"step{number}.yml").write_text(play.format(number=number))
            lines += [f"  - id: step-{number}", f"    playbook: {name}/step{number}.yml", "    read_only: true"]
        (self.site / "runbooks" / "inspection" / f"{name}.yml").write_text("\n".join(lines) + "\n")
        for person in _PEOPLE:
            self.twokey("runbook", "publish", name, "--yes", key=person)

    @contextmanager
    def service(self) -> Iterator[Service]:
        """The running service, started by the command line if need be."""
        self.twokey("runbook", "list")
        with Service(socket_of_state(self.state)) as service:
            yield service

    def signatory(self, service: Service, name: str) -> Signatory:
        """One of the two people."""
        signer = signer_from_file(self.folder / name, lambda _: None)
        person = person_of(signer, service.people().people)
        memory = Memory(self.folder / f"memory-{name}")
        return Signatory(person, signer, service, memory, service.status().origin, BenchClock())

    def measured_run(self, service: Service, runbook: str) -> Measured:
        """Request, approve, start, confirm; the clock runs from the confirmer's signature on."""
        one, two = (self.signatory(service, name) for name in _PEOPLE)
        plan = drafts.open_document(service.make_plan(PlanAsked(runbook=runbook)))
        number = one.hand_in(drafts.request(plan, "benchmark")).request
        two.hand_in(drafts.approve(service.request(number).request, BenchClock().now(), timedelta(hours=1)))
        run = one.hand_in(drafts.start(service.request(number).request)).run
        time.sleep(READING)  # noqa: TID251 - the confirmer reads the plan; nobody signs in the same second
        draft = drafts.confirm(service.run(run), service.request(number).request)
        shown = service.run(run)
        with service.log.events(run=run, after=shown.event) as events:
            signed_at, began = time.time(), time.perf_counter()
            two.hand_in(draft)
            state = _await_end(events)
            seconds = time.perf_counter() - began
        if state != RunState.SUCCEEDED:
            raise RunFailedError(f"{run} ended as {state}")
        self._close(service, run, (one, two))
        return Measured(run, signed_at, seconds)

    def _close(self, service: Service, run: str, people: tuple[Signatory, ...]) -> None:
        for person in people:
            draft: Draft = drafts.close(service.run(run), Achievement("measured"))
            person.hand_in(draft)


def _await_end(events: Iterator[object]) -> str:
    """Read a run's events until it has ended; its state."""
    for event in events:
        if isinstance(event, EntryShown) and event.tag == Tag.RUN_MOVED and event.payload:
            state = str(event.payload["to"])
            if state in _ENDED:
                return state
    return ""


@contextmanager
def bench_site(folder: Path) -> Iterator[BenchSite]:
    """A site that is stopped at the end."""
    site = BenchSite(folder)
    try:
        yield site
    finally:
        site.twokey("serve", "--stop")
