from __future__ import annotations

import gc
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.dsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from runner.client.signer import Signer, signer_from_agent, signer_from_file
from runner.errors import UsageError
from runner.proof.sshsig import parse, verify_signature
from tests.ssh_keys import PLAIN_KINDS, SoftwareKey, software_key

NAMESPACE = "approve@twokey.v1"


def written(folder: Path, key: SoftwareKey, passphrase: str = "") -> Path:
    """The private key as a file of OpenSSH's format."""
    locked = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    path = folder / "key"
    path.write_bytes(key.private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, locked))
    return path


def nobody(path: str) -> str | None:
    return None


def signs(signer: Signer, key: SoftwareKey) -> None:
    message = b'{"kind":"approve"}'
    signature = parse(signer.sign(NAMESPACE, message))
    verify_signature(signature, key.public, NAMESPACE, message)
    assert signer.fingerprint == key.public.fingerprint


@pytest.mark.parametrize("kind", PLAIN_KINDS)
def test_every_plain_kind_of_key_signs(tmp_path: Path, kind: str) -> None:
    key = software_key(kind)
    signs(signer_from_file(written(tmp_path, key), nobody), key)


def test_the_passphrase_is_asked_for_once(tmp_path: Path) -> None:
    key, asked = software_key("ssh-ed25519"), []
    path = written(tmp_path, key, "open sesame")

    def ask(of: str) -> str:
        asked.append(of)
        return "open sesame"

    signs(signer_from_file(path, ask), key)
    assert asked == [str(path)]


def test_a_wrong_passphrase(tmp_path: Path) -> None:
    path = written(tmp_path, software_key("ssh-ed25519"), "open sesame")
    with pytest.raises(UsageError, match="wrong passphrase"):
        signer_from_file(path, lambda _: "guess")


def test_nobody_to_ask_for_a_passphrase(tmp_path: Path) -> None:
    path = written(tmp_path, software_key("ecdsa-sha2-nistp256"), "open sesame")
    with pytest.raises(UsageError) as raised:
        signer_from_file(path, nobody)
    assert "--passphrase-file" in raised.value.advice()


def test_no_key_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        signer_from_file(tmp_path / "missing", nobody)
    with pytest.raises(UsageError, match="No such file"):
        signer_from_file(tmp_path / "missing.pub", nobody)
    with pytest.raises(UsageError, match="cannot be read"):
        signer_from_file(tmp_path, nobody)


@pytest.mark.parametrize(
    "data", [b"", b"no key", b"\xff\xfe\x00", b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END"]
)
def test_a_file_that_is_no_key(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(data)
    with pytest.raises(UsageError, match="key"):
        signer_from_file(path, nobody)


def test_a_kind_of_key_nobody_accepts(tmp_path: Path) -> None:
    path = tmp_path / "key"
    key = generate_private_key(1024)  # noqa: S505 - only such keys were ever made by OpenSSH
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
    with pytest.raises(UsageError):
        signer_from_file(path, nobody)


def test_a_public_file_needs_the_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    path = tmp_path / "key.pub"
    path.write_text(software_key("ssh-ed25519").public.to_line())
    with pytest.raises(UsageError) as raised:
        signer_from_file(path, nobody)
    assert "ssh-add" in raised.value.advice()


def test_no_agent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    with pytest.raises(UsageError) as raised:
        signer_from_agent(["SHA256:x"])
    assert "--key" in raised.value.advice()


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_an_agent_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "gone"))
    said = _told()
    gc.collect()  # paramiko leaves a socket that did not connect to the garbage collector
    assert "ssh-agent" in said


def _told() -> str:
    try:
        signer_from_agent(["SHA256:x"])
    except UsageError as error:
        return str(error)
    raise AssertionError("an agent answered")
