"""A person at a terminal, a small site, and a service that says what the test told it to say."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from runner.cli.main import main
from runner.model.site import Site
from runner.proof.canonical import digest
from runner.runbook.places import socket_of_state
from runner.wire.api_people import PolicyShown
from runner.words import use_language
from tests.desk_site import POLICY, write_site
from tests.stub_service import StubService, stub_service
from tests.wire_samples import STATUS


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command came to."""

    code: int
    out: str
    err: str


Twokey = Callable[..., Answer]


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("en")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return write_site(tmp_path / "site")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def stub(state: Path) -> Iterator[StubService]:
    socket = socket_of_state(state)
    socket.parent.mkdir(mode=0o700, exist_ok=True)
    with stub_service(socket) as stub:
        stub.says("GET /v1/status", STATUS)
        stub.says("GET /v1/policy", PolicyShown("two people", POLICY, digest(POLICY.encode()), "", differs=False))
        yield stub


@pytest.fixture
def twokey(site: Site, state: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Twokey:
    """Run a command on the site, with nobody at the terminal."""
    monkeypatch.setattr("sys.stdin", io.StringIO())

    def run(*words: str) -> Answer:
        code = main(["--site", str(site.root), "--state", str(state), *words])
        captured = capsys.readouterr()
        return Answer(code, captured.out, captured.err)

    return run
