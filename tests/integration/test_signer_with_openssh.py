"""Our signers against OpenSSH's own tools: keys it made, signatures it verifies, a real ssh-agent."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.audit.ssh_keygen import SshKeygen
from runner.client.signer import signer_from_agent, signer_from_file
from runner.errors import UsageError
from runner.model.statement import StatementKind
from runner.proof.public_key import parse_public_key
from runner.proof.statement import namespace
from tests.waiting import wait_until

MESSAGE = b'{"kind":"approve"}'
KINDS = [("ed25519", "256"), ("ecdsa", "256"), ("ecdsa", "521"), ("rsa", "3072")]


def made(folder: Path, kind: str = "ed25519", bits: str = "256", passphrase: str = "") -> Path:
    path = folder / f"{kind}{bits}"
    subprocess.run(
        ["ssh-keygen", "-q", "-t", kind, "-b", bits, "-N", passphrase, "-f", str(path)],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    return path


def verified(signature: str, public: Path) -> None:
    key = parse_public_key(public.read_text("utf-8"))
    SshKeygen().verify(StatementKind.APPROVE, MESSAGE, signature, "ann", key.to_line())


@pytest.mark.parametrize("kind, bits", KINDS)
def test_signatures_of_key_files(tmp_path: Path, kind: str, bits: str) -> None:
    path = made(tmp_path, kind, bits)
    signer = signer_from_file(path, lambda _: None)
    verified(signer.sign(namespace(StatementKind.APPROVE), MESSAGE), path.with_suffix(".pub"))


def test_a_key_file_with_a_passphrase(tmp_path: Path) -> None:
    path = made(tmp_path, passphrase="open sesame")
    signer = signer_from_file(path, lambda _: "open sesame")
    verified(signer.sign(namespace(StatementKind.APPROVE), MESSAGE), path.with_suffix(".pub"))


@pytest.fixture
def agent(short_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A real ssh-agent; the folder it lives in."""
    socket = short_folder / "agent"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.DEVNULL)
    monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
    try:
        wait_until(socket.exists, 10, "the agent to listen")
        yield short_folder
    finally:
        process.terminate()
        process.wait(10)


def added(key: Path) -> Path:
    subprocess.run(["ssh-add", "-q", str(key)], check=True, env=os.environ)
    return key


@pytest.mark.parametrize("kind, bits", KINDS)
def test_signatures_of_the_agent(agent: Path, kind: str, bits: str) -> None:
    path = added(made(agent, kind, bits))
    public = path.with_suffix(".pub")
    path.unlink()
    fingerprint = parse_public_key(public.read_text("utf-8")).fingerprint
    verified(signer_from_agent([fingerprint]).sign(namespace(StatementKind.APPROVE), MESSAGE), public)


def test_a_public_file_chooses_the_agents_key(agent: Path) -> None:
    added(made(agent, "rsa", "3072"))
    public = added(made(agent)).with_suffix(".pub")
    signer = signer_from_file(public, lambda _: None)
    verified(signer.sign(namespace(StatementKind.APPROVE), MESSAGE), public)


def test_an_agent_with_two_keys_of_people(agent: Path) -> None:
    keys = [added(made(agent, kind, bits)).with_suffix(".pub") for kind, bits in KINDS[:2]]
    fingerprints = [parse_public_key(key.read_text("utf-8")).fingerprint for key in keys]
    with pytest.raises(UsageError) as raised:
        signer_from_agent(fingerprints)
    assert "FILE.pub" in raised.value.advice()


def test_an_agent_without_the_key(agent: Path) -> None:
    added(made(agent))
    with pytest.raises(UsageError, match="no key of anybody"):
        signer_from_agent(["SHA256:other"])


def test_a_locked_agent_does_not_sign(agent: Path) -> None:
    path = added(made(agent))
    fingerprint = parse_public_key(path.with_suffix(".pub").read_text("utf-8")).fingerprint
    signer = signer_from_agent([fingerprint])
    subprocess.run(["ssh-add", "-q", "-D"], check=True)
    with pytest.raises(UsageError, match="does not sign"):
        signer.sign(namespace(StatementKind.APPROVE), MESSAGE)
