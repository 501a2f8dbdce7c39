"""Backends of the terminal UI for contract tests, each with the key files of two people who may sign."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from runner.cli.session import WallClock
from runner.runbook.places import socket_of_state
from runner.wire.api_request import Outcome
from tests.acceptance.installed import LI, WANG, Installed
from tests.demo_change import NIGHT
from tui.backend import Backend, Key
from tui.demo.stage import PEOPLE, READY, SUBMITTED
from tui.demo.story import Ending
from tui.demo_backend import DemoBackend, HeldClock
from tui.intents import Intent
from tui.live_backend import LiveBackend
from tui.reach import Reach


@dataclass(frozen=True)
class Changes:
    """Numbers of changes that tests may use."""

    approved: str
    submitted: str
    rejected: str
    """One more submitted change; a test rejects it."""


@dataclass(frozen=True)
class Bench:
    """A backend with a key file for each of two people, and for somebody else."""

    backend: Backend
    changes: Changes
    executor: Path
    confirmer: Path
    stranger: Path
    go_on: Callable[[], None]
    """Lets the run go on, where it does not by itself."""

    def key(self, path: Path) -> Key:
        return self.backend.open_key(path, None)

    def sign(self, intent: Intent, path: Path) -> Outcome:
        return self.backend.sign(self.backend.prepare(intent, self.key(path)))


def demo_bench() -> Bench:
    backend = DemoBackend(HeldClock(NIGHT), Ending.SUCCEEDS)
    folder = Path("/keys")
    keys = (folder / PEOPLE[0], folder / PEOPLE[1], folder / "mallory")
    return Bench(backend, Changes(READY, SUBMITTED, SUBMITTED), *keys, backend.advance)


def live_bench(installed: Installed, changes: Changes, folder: Path) -> Bench:
    reach = Reach(
        site=installed.site,
        state=installed.state,
        socket=socket_of_state(installed.state),
        checkpoints=folder / "checkpoints",
        clock=WallClock(),
        key=installed.key(WANG),
    )
    stranger = folder / "mallory.key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(stranger)], check=True)
    keys = (installed.key(WANG), installed.key(LI), stranger)
    return Bench(LiveBackend(lambda: reach), changes, *keys, lambda: None)
