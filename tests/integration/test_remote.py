from __future__ import annotations

import base64
import hashlib
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runner.engine.probes import command_of, judge
from runner.engine.remote import PinnedSessions
from runner.errors import RefusedError, UnreachableError
from runner.model.runbook import Probe, ProbeKind
from tests.needs import needs_sshd
from tests.ssh_server import SshServer, make_key, running_ssh_server

pytestmark = needs_sshd

_EVERY = (
    Probe(ProbeKind.REACHABLE),
    Probe(ProbeKind.FREE_DISK, path="/", at_least=1),
    Probe(ProbeKind.FREE_MEMORY, at_least=1),
    Probe(ProbeKind.CLOCK_SKEW, at_most=2000),
    Probe(ProbeKind.LOAD, at_most=100_000),
    Probe(ProbeKind.FILE, path=__file__),
)


class _Clock:
    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time(), UTC)


def _fingerprint(key: str) -> str:
    digest = hashlib.sha256(base64.b64decode(key.split()[1])).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    with running_ssh_server(tmp_path_factory.mktemp("sshd")) as running:
        yield running


@pytest.fixture
def sessions(server: SshServer) -> PinnedSessions:
    return PinnedSessions(_Clock(), [str(server.identity)])


def test_every_probe_reads_a_real_host(server: SshServer, sessions: PinnedSessions) -> None:
    session = sessions.open(server.host(), 10)
    try:
        readings = {probe.kind: judge(probe, session.ask(command_of(probe), 10)) for probe in _EVERY}
    finally:
        session.close()
    assert [reading for reading in readings.values() if not reading.within] == []
    assert readings[ProbeKind.FILE].figures["size_bytes"] == Path(__file__).stat().st_size


def test_a_path_is_an_argument_and_never_a_command(server: SshServer, sessions: PinnedSessions, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    probe = Probe(ProbeKind.FILE, path=f"/nowhere; touch {mark} $(touch {mark})")
    session = sessions.open(server.host(), 10)
    try:
        assert not judge(probe, session.ask(command_of(probe), 10)).within
    finally:
        session.close()
    assert not mark.exists()


def test_a_host_with_several_keys_is_known_by_the_pinned_one(server: SshServer, sessions: PinnedSessions) -> None:
    for keys in ((server.other_host_key,), (server.host_key,), (server.host_key, server.other_host_key)):
        sessions.open(server.host(keys=keys), 10).close()


def test_another_host_key_is_refused_with_both_fingerprints(
    server: SshServer, sessions: PinnedSessions, tmp_path: Path
) -> None:
    pinned = make_key(tmp_path / "other")
    with pytest.raises(RefusedError) as refused:
        sessions.open(server.host(keys=(pinned,)), 10)
    assert refused.value.facts["expected"] == _fingerprint(pinned)
    assert refused.value.facts["found"] == _fingerprint(server.host_key)


def test_a_host_without_pinned_key_is_refused(server: SshServer, sessions: PinnedSessions) -> None:
    for keys in ((), ("ssh-ed25519 AAAA",), ("nonsense AAAA",)):
        with pytest.raises(RefusedError):
            sessions.open(server.host(keys=keys), 10)


def test_the_users_known_hosts_count_for_nothing(
    server: SshServer, sessions: PinnedSessions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/known_hosts").write_text(f"[127.0.0.1]:{server.port} {server.host_key}\n", "utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(RefusedError):
        sessions.open(server.host(keys=(make_key(tmp_path / "other"),)), 10)


def test_who_is_not_let_in_is_told_so(server: SshServer, tmp_path: Path) -> None:
    make_key(tmp_path / "stranger")
    stranger = PinnedSessions(_Clock(), [str(tmp_path / "stranger")])
    with pytest.raises(UnreachableError) as refused:
        stranger.open(server.host(), 10)
    assert refused.value.facts["user"] == server.host().user


def test_a_closed_port_is_unreachable(server: SshServer, sessions: PinnedSessions) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(UnreachableError):
        sessions.open(replace(server.host(), port=port), 10)


def test_a_host_that_accepts_and_hangs_is_unreachable_in_time(server: SshServer, sessions: PinnedSessions) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        begun = time.monotonic()
        with pytest.raises(UnreachableError):
            sessions.open(replace(server.host(), port=silent.getsockname()[1]), 1)
        assert time.monotonic() - begun < 10


def test_a_command_that_hangs_is_given_up_in_time(server: SshServer, sessions: PinnedSessions) -> None:
    session = sessions.open(server.host(), 10)
    begun = time.monotonic()
    try:
        with pytest.raises(UnreachableError):
            session.ask(("sleep", "60"), 1)
    finally:
        session.close()
    assert time.monotonic() - begun < 10


def test_the_services_own_key_lets_it_in(server: SshServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".ssh").mkdir(mode=0o700)
    for name in ("identity", "identity.pub"):
        own = tmp_path / ".ssh" / name.replace("identity", "id_ed25519")
        own.write_bytes((server.identity.parent / name).read_bytes())
        own.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    session = PinnedSessions(_Clock()).open(server.host(), 10)
    try:
        assert session.ask(("true",), 10).status == 0
    finally:
        session.close()
