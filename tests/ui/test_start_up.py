"""The first frame waits for Textual alone: the network, keys and the runbook language come behind it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

from runner.model.time import Clock
from runner.wire.api import ServiceStatus
from tests.demo_change import DemoChange
from tests.waiting import wait_until_async
from tui.app import TwokeyApp
from tui.demo_backend import DemoBackend

_LATE = {"alembic", "ansible", "cryptography", "fastapi", "httpx", "paramiko", "pydantic", "sqlalchemy", "yaml"}


def test_what_is_heavy_is_not_imported_with_the_app() -> None:
    assert _loaded("import tui.app") & _LATE == set()


def test_the_command_does_not_import_textual_before_it_is_opened() -> None:
    assert "textual" not in _loaded("import runner.cli.tui")


def test_loading_is_seen() -> None:
    assert "httpx" in _loaded("import runner.client.service")


class Reporting(DemoBackend):
    """Says whether a screen was up when it was first asked."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.is_up: Callable[[], bool] = lambda: False
        self.found: list[bool] = []

    def open(self) -> ServiceStatus:
        self.found.append(self.is_up())
        return super().open()


async def test_nothing_is_asked_before_the_first_frame() -> None:
    backend = Reporting(DemoChange().clock)
    app = TwokeyApp(backend)
    backend.is_up = lambda: app.screen.is_mounted and app.screen.size.width > 0
    async with app.run_test() as pilot:
        await wait_until_async(lambda: backend.found, 10, "the service to be asked for")
        await pilot.pause()
    assert backend.found[0] is True


def _loaded(source: str) -> set[str]:
    """Top names of the modules a fresh Python has loaded after running `source`."""
    script = f"{source}\nimport sys, json\nprint(json.dumps(sorted(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, encoding="utf-8").stdout
    loaded: list[str] = json.loads(told)
    return {name.partition(".")[0] for name in loaded}
