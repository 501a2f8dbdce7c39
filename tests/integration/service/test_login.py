"""`twokey login` and what follows, typed at a terminal that is none, against a served world."""

from __future__ import annotations

import io
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from runner.cli.main import main
from runner.cli.session import WallClock
from runner.client.autostart import connect
from runner.client.tokens import Tokens
from runner.errors import SignInError
from runner.model.access import SessionEnd
from runner.model.time import Window
from runner.runbook.places import sessions_folder, socket_of_state
from runner.service.parts import Service as Parts
from runner.words import use_language
from tests.desk_site import ORIGIN
from tests.desk_world import ALICE, BOB, STRANGER, Signer, World
from tests.integration.service.conftest import serving
from tests.integration.service.signing_in import signed_in_only
from tests.waiting import wait_until

NEW = "correct horse battery"


@dataclass(frozen=True)
class Answer:
    """What a command came to."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Terminal:
    """Somebody who types commands, with files beside them."""

    world: World
    parts: Parts
    folder: Path
    type: Callable[..., Answer]

    @property
    def socket(self) -> Path:
        return socket_of_state(self.world.state.root)

    def key(self, signer: Signer) -> str:
        """A private key file."""
        path = self.folder / f"{signer.name}-{signer.key.public.fingerprint[7:11].replace('/', '-')}"
        if not path.exists():
            path.touch(0o600)
            path.write_bytes(signer.key.private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
        return str(path)

    def file(self, name: str, text: str) -> str:
        path = self.folder / name
        path.write_text(text + "\n")
        return str(path)

    def kept(self) -> object:
        return Tokens(sessions_folder()).find(ORIGIN, self.socket)


@pytest.fixture
def terminal(
    world: World,
    tmp_path: Path,
    short_folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Terminal]:
    """A service that shows nothing without a session, and somebody at a terminal; its clock is the machine's."""
    use_language("en")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short_folder))
    monkeypatch.setattr("sys.stdin", io.StringIO())
    world.clock.present = WallClock().now()
    signed_in_only(world)

    def typed(*words: str) -> Answer:
        code = main(["--site", str(world.site.root), "--state", str(world.state.root), *words])
        captured = capsys.readouterr()
        return Answer(code, captured.out, captured.err)

    socket = socket_of_state(world.state.root)
    socket.parent.mkdir(mode=0o700, exist_ok=True)
    with serving(world, socket) as parts:
        yield Terminal(world, parts, tmp_path, typed)


class TestByKey:
    def test_what_was_refused_is_shown_after_login(self, terminal: Terminal) -> None:
        refused = terminal.type("change", "list")
        assert refused.code == 4
        assert refused.err.endswith("next: sign in: twokey login\n")
        begun = terminal.type("login", "--key", terminal.key(ALICE))
        assert (begun.code, begun.err) == (0, "")
        assert begun.out.startswith("signed in as alice, until ")
        assert terminal.type("change", "list").code == 0

    def test_the_token_lies_in_a_file_of_ones_own_and_nowhere_else(self, terminal: Terminal) -> None:
        begun = terminal.type("login", "--key", terminal.key(ALICE), "--json")
        shown = json.loads(begun.out)
        assert sorted(shown) == ["person", "session", "strength", "until"]
        (file,) = sessions_folder().iterdir()
        assert file.stat().st_mode & 0o777 == 0o600
        token = json.loads(file.read_text())["token"]
        assert token not in begun.out + begun.err

    def test_signing_out(self, terminal: Terminal) -> None:
        terminal.type("login", "--key", terminal.key(ALICE))
        out = terminal.type("logout")
        assert (out.code, out.out) == (0, "signed out; sessions ended: 1\n")
        assert terminal.kept() is None
        assert terminal.type("change", "list").code == 4
        again = terminal.type("logout")
        assert (again.code, again.out) == (0, "nobody had signed in\n")

    def test_signing_out_everywhere(self, terminal: Terminal) -> None:
        for _ in range(3):
            terminal.type("login", "--key", terminal.key(ALICE))
        assert len(json.loads(terminal.type("logout", "--all", "--json").out)["ended"]) == 3

    def test_sessions_are_listed_and_ended(self, terminal: Terminal) -> None:
        first = json.loads(terminal.type("login", "--key", terminal.key(ALICE), "--json").out)["session"]
        terminal.world.clock.pass_by(seconds=1)
        second = json.loads(terminal.type("login", "--key", terminal.key(ALICE), "--json").out)["session"]
        shown = json.loads(terminal.type("session", "list", "--json").out)["sessions"]
        assert [(one["id"], one["this"]) for one in shown] == [(first, False), (second, True)]
        assert f"{second} *" in terminal.type("session", "list").out
        assert terminal.type("session", "end", first).out == f"ended: {first}\n"
        assert terminal.type("session", "end", first).code == 2

    def test_a_key_that_is_nobodys(self, terminal: Terminal) -> None:
        refused = terminal.type("login", "--key", terminal.key(STRANGER))
        assert refused.code == 4
        assert "rule: access:unknown-key" in refused.err
        assert terminal.kept() is None

    def test_the_agents_key(self, terminal: Terminal, short_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        socket = short_folder / "agent"
        process = subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.DEVNULL)
        try:
            wait_until(socket.exists, 10, "the agent to listen")
            monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
            assert "it holds no key" in terminal.type("login").err
            for signer in (STRANGER, BOB):
                subprocess.run(["ssh-add", "-q", terminal.key(signer)], check=True, env=dict(os.environ))
            assert terminal.type("login").out.startswith("signed in as bob, until ")
        finally:
            process.terminate()
            process.wait(20)

    def test_a_session_that_is_over_is_forgotten(self, terminal: Terminal) -> None:
        terminal.type("login", "--key", terminal.key(ALICE))
        terminal.parts.access.sessions.end_all("alice", SessionEnd.LEFT)
        assert terminal.kept() is not None
        assert terminal.type("change", "list").code == 4
        assert terminal.kept() is None

    def test_status_is_shown_without_a_session(self, terminal: Terminal) -> None:
        shown = terminal.type("status")
        assert shown.code == 0
        assert "who waits for whom is not shown" in shown.err
        assert "twokey login" in shown.err
        terminal.type("login", "--key", terminal.key(ALICE))
        assert terminal.type("status").err == ""

    def test_who_types_a_key_reads_and_signs_as_its_owner(self, terminal: Terminal) -> None:
        world = terminal.world
        window = Window(world.clock.now() - timedelta(hours=1), world.clock.now() + timedelta(hours=1))
        number = world.request(ALICE, world.plan(world.publish(), window)).request
        assert terminal.type("change", "show", number).code == 4
        terminal.type("login", "--key", terminal.key(BOB))
        done = terminal.type("withdraw", number, "--reason", "no", "--yes", "--key", terminal.key(ALICE))
        assert done.code == 0, done.err
        assert terminal.world.found_request(number).state == "withdrawn"
        with terminal.world.store.reading() as transaction:
            assert transaction.sessions.open_of("alice") == (), "what was opened for one command ends with it"
        assert terminal.type("change", "show", number).code == 0, "bob is still signed in"


class TestByPassword:
    @pytest.fixture
    def code(self, terminal: Terminal) -> Callable[[], str]:
        """Alice's authenticator, and her first password in a file."""
        passwords = terminal.parts.access.passwords
        prepared = passwords.prepare("alice")
        with terminal.world.store.writing() as transaction:
            first = passwords.reset(transaction, prepared, "bob")
        terminal.file("first", first.password)
        secret = parse_qs(urlsplit(first.address).query)["secret"][0]
        return lambda: pyotp.TOTP(secret).at(terminal.world.clock.now())

    def test_by_files(self, terminal: Terminal, code: Callable[[], str]) -> None:
        words = ("login", "alice", "--password-file", str(terminal.folder / "first"), "--code", code())
        due = terminal.type(*words)
        assert due.code == 4
        assert "the password must be changed" in due.err
        begun = terminal.type(*words, "--new-password-file", terminal.file("new", NEW))
        assert (begun.code, begun.err) == (0, "")
        terminal.world.clock.pass_by(seconds=30)
        again = terminal.type("login", "alice", "--password-file", terminal.file("new", NEW), "--code", code())
        assert (again.code, again.err) == (0, "")

    def test_a_wrong_one_leaves_the_session_that_is(self, terminal: Terminal, code: Callable[[], str]) -> None:
        terminal.type("login", "--key", terminal.key(ALICE))
        kept = terminal.kept()
        wrong = terminal.type("login", "alice", "--password-file", terminal.file("w", "wrong"), "--code", code())
        assert (wrong.code, "person, password or code is wrong" in wrong.err) == (4, True)
        assert terminal.kept() == kept

    def test_nobody_is_asked_where_nobody_is(self, terminal: Terminal) -> None:
        assert "--password-file is missing" in terminal.type("login", "alice").err
        assert (
            "--code-file is missing" in terminal.type("login", "alice", "--password-file", terminal.file("p", "x")).err
        )

    def test_what_does_not_go_together(self, terminal: Terminal) -> None:
        assert terminal.type("login", "alice", "--key", terminal.key(ALICE)).code == 2
        assert terminal.type("login", "--code", "123456").code == 2


def test_a_client_that_reads_on_is_told_when_its_session_is_over(terminal: Terminal) -> None:
    terminal.type("login", "--key", terminal.key(ALICE))
    with connect(terminal.world.site.root, terminal.world.state.root, terminal.socket, start=False) as client:
        assert client.people().people
        terminal.parts.access.sessions.end_all("alice", SessionEnd.LEFT)
        with pytest.raises(SignInError), client.log.events():
            pass
        with pytest.raises(SignInError):
            client.people()
