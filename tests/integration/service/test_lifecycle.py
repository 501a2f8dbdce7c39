"""The service as a process: how it starts, ends, is killed, refuses to start, and rests."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from runner.client.service import Service
from runner.engine.desk.state import StateDirectory, hold
from runner.errors import RefusedError, RunnerError, UsageError
from runner.model.log import LogFilter
from runner.runbook.settings import load_site
from runner.service.serve import Terms, serve, stop_service
from runner.wire.api_audit import EntryShown, Hello
from tests.desk_site import write_site
from tests.desk_world import ALICE, BOB, FixedClock, found
from tests.integration.service.place import Place
from tests.needs import needs_root
from tests.waiting import is_running, wait_until

_NOBODY = 65534
_MEBIBYTE = 2**20


@pytest.fixture(scope="session")
def founded_place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("place")
    found(write_site(folder / "site"), folder / "state", (ALICE, BOB), FixedClock())
    return folder


@pytest.fixture
def place(founded_place: Path, short_folder: Path) -> Place:
    """A founded site of the test's own, in a place with a space and Chinese characters in its name."""
    folder = short_folder / "双 人"
    shutil.copytree(founded_place, folder)
    return Place(folder / "site", folder / "state", short_folder / "run" / "s")


def test_it_starts_answers_and_ends_in_order(place: Place) -> None:
    with place.running() as running:
        with Service(place.socket) as client:
            status = client.status()
            assert (status.pid, status.embedded) == (running.process.pid, True)
        said = json.loads((place.state / "service.json").read_text())
        assert (said["pid"], said["socket"], said["epoch"]) == (running.process.pid, str(place.socket), status.epoch)
        assert place.socket.stat().st_mode & 0o777 == 0o600
        assert place.socket.parent.stat().st_mode & 0o777 == 0o700
        assert running.end() == 0
    assert not place.socket.exists()
    assert not (place.state / "service.json").exists()
    with place.running(), Service(place.socket) as client:
        tags = [entry.tag for entry in client.log.entries(limit=3).rows]
        assert tags == ["service:service:started", "service:service:stopped", "service:service:started"]
        assert client.status().epoch != status.epoch


def test_stopping_waits_for_the_end(place: Place) -> None:
    site = load_site(place.site)
    assert not stop_service(place.state, site)
    with place.running() as running:
        assert stop_service(place.state, site)
        with hold(StateDirectory(place.state)):
            assert running.process.wait(20) == 0


def test_one_service_for_one_state(place: Place) -> None:
    with place.running() as running:
        with pytest.raises(RefusedError) as caught:
            serve(place.terms())
        assert (caught.value.rule, caught.value.facts["pid"]) == ("state:one-service", str(running.process.pid))
        with Service(place.socket) as client:
            assert client.status().pid == running.process.pid


def test_a_killed_service_is_told_by_the_next(place: Place) -> None:
    with place.running() as running:
        with Service(place.socket) as client:
            epoch = client.status().epoch
            last = client.log.entries(limit=1).rows[0].id
        running.kill()
    assert place.socket.exists()
    with place.running(), Service(place.socket) as client:
        entries = client.log.entries(LogFilter(tag="service:service:recovered")).rows
        assert len(entries) == 1
        payload = entries[0].payload
        assert payload is not None
        assert isinstance(payload["before"], dict)
        assert (payload["before"]["pid"], payload["before"]["epoch"]) == (running.process.pid, epoch)
        with client.log.events(after=f"{epoch}-{last}") as events:
            assert isinstance(next(events), Hello)
            following = next(events)
            assert isinstance(following, EntryShown)
            assert following.id == last + 1


def test_an_embedded_service_ends_when_nobody_uses_it(place: Place) -> None:
    with place.running(idle=0.3) as running:
        assert running.process.wait(20) == 0
    assert "nobody has asked anything" in (place.state / "service.log").read_text()


def test_it_stays_while_somebody_listens(place: Place) -> None:
    with place.running(idle=2) as running:
        with Service(place.socket) as client, client.log.events() as events:
            assert isinstance(next(events), Hello)
            with pytest.raises(subprocess.TimeoutExpired):
                running.process.wait(4)
        assert running.process.wait(20) == 0


def test_it_rests(place: Place) -> None:
    with place.running() as running:
        with Service(place.socket) as client:
            client.status()
            client.runbooks()
        pid = running.process.pid
        before = spent(pid)
        with pytest.raises(subprocess.TimeoutExpired):
            running.process.wait(2)
        assert spent(pid) - before <= 0.02
        assert resident(pid) < 100 * _MEBIBYTE
        loaded = (Path("/proc") / str(pid) / "maps").read_text()
        assert "ansible" not in loaded


def spent(pid: int) -> float:
    """Seconds of processor time a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> int:
    """Bytes of memory a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_a_site_that_is_not_active_is_not_served(tmp_path: Path, short_folder: Path) -> None:
    from runner.engine.desk.genesis import found_site

    site = write_site(tmp_path / "site")
    found_site(site, tmp_path / "state", [(one.name, one.key.public.to_line()) for one in (ALICE, BOB)])
    with pytest.raises(RefusedError) as caught:
        serve(Terms(site, tmp_path / "state", short_folder / "s"))
    assert caught.value.rule == "L1:genesis-unsigned"
    assert not (short_folder / "s").exists()


def test_an_environment_nobody_signed_is_not_served(place: Place) -> None:
    inventory = place.site / "inventory"
    (inventory / "test").rename(inventory / "lab")
    site = inventory / "site.yml"
    site.write_text(site.read_text().replace("environment: test", "environment: lab"))
    with pytest.raises(RefusedError) as caught:
        serve(place.terms())
    assert caught.value.rule == "L9:site-unsigned"


def test_a_policy_file_that_was_removed_or_edited_has_no_effect(place: Place) -> None:
    file = place.site / "inventory" / "test" / "policy.yml"
    signed = file.read_text()
    file.write_text(signed.replace("max_runs: 2", "max_runs: 9"))
    with place.running(), Service(place.socket) as client:
        assert (client.register.policy().source, client.register.policy().differs) == (signed, True)
        file.unlink()
        assert client.register.policy().differs is True
        file.write_text(signed)
        assert client.register.policy().differs is False


def test_production_is_not_served_by_a_client(tmp_path: Path, short_folder: Path) -> None:
    site = write_site(tmp_path / "site", production=True)
    found(site, tmp_path / "state", (ALICE, BOB), FixedClock())
    with pytest.raises(RefusedError) as caught:
        serve(Terms(site, tmp_path / "state", short_folder / "s", embedded=True))
    assert caught.value.rule == "L1:embedded-production"


@pytest.mark.parametrize("what", ["no state", "a file", "open to others", "another log", "no database"])
def test_a_state_that_will_not_do_is_named(place: Place, what: str) -> None:
    if what == "no state":
        shutil.rmtree(place.state)
    elif what == "a file":
        shutil.rmtree(place.state)
        place.state.touch()
    elif what == "open to others":
        place.state.chmod(0o750)
    elif what == "another log":
        (place.state / "site.json").write_text('{"origin": "other.example/log"}')
    else:
        (place.state / "twokey.db").unlink()
    with pytest.raises(UsageError) as caught:
        serve(place.terms())
    assert str(place.state) in str(caught.value)


@pytest.mark.parametrize("what", ["a file", "a folder that is a file"])
def test_a_socket_that_cannot_be_made_is_named(place: Place, what: str) -> None:
    if what == "a file":
        place.socket.parent.mkdir(mode=0o700)
        place.socket.touch()
    else:
        place.socket.parent.touch()
    with pytest.raises(RunnerError) as caught:
        serve(place.terms())
    assert str(place.socket.parent) in str(caught.value)


@needs_root
def test_a_state_of_another_user_is_refused(place: Place) -> None:
    os.chown(place.state, _NOBODY, _NOBODY)
    with pytest.raises(UsageError) as caught:
        serve(place.terms())
    assert "another user" in str(caught.value)


@needs_root
def test_another_user_is_turned_away_even_by_an_open_socket(place: Place) -> None:
    with place.running() as running:
        for folder in (place.socket.parent, place.socket.parent.parent):
            folder.chmod(0o755)
        place.socket.chmod(0o666)
        with acting_as(_NOBODY), socket.socket(socket.AF_UNIX) as stranger, suppress(ConnectionError):
            stranger.connect(str(place.socket))
            stranger.sendall(b"GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n")
            assert stranger.recv(9) == b""
        log = place.state / "service.log"
        wait_until(lambda: "turned away" in log.read_text(), 5, "the refusal in the service's log")
        assert is_running(running.process.pid)


@contextmanager
def acting_as(user: int) -> Iterator[None]:
    """Be another user for a moment."""
    os.seteuid(user)
    try:
        yield
    finally:
        os.seteuid(0)
