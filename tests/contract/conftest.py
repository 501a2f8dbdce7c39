"""The terminal UI's backends: the demonstration, and the live one over a real service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.changes import approved, publish
from tests.acceptance.installed import WANG, Installed, founded
from tests.benches import Bench, Changes, demo_bench, live_bench


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Installed, Changes]]:
    with founded(tmp_path_factory.mktemp("tui")) as installed:
        publish(installed)
        ask = ("request", "note-write", "-p", "text=hi", "--from", "now", "--to", "+2h", "--reason", "to be seen")
        submitted = [str(installed.sign(*ask, by=WANG)["request"]) for _ in range(2)]
        yield installed, Changes(approved(installed, "text=hello"), *submitted)


@pytest.fixture(params=["demonstration", "live"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    if request.param == "demonstration":
        made = demo_bench()
    else:
        installed, changes = request.getfixturevalue("site")
        made = live_bench(installed, changes, tmp_path)
    made.backend.open()
    yield made
    made.backend.close()
