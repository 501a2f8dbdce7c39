"""Our signatures before the real `ssh-keygen`, and its signatures before us."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from runner.errors import SignatureError
from runner.proof.public_key import PublicKey, PublicKeyError, allowed_signers_line, parse_public_key
from runner.proof.sshsig import armor, parse, signed_blob, verify_signature
from tests.needs import needs_program
from tests.ssh_keys import FIDO_KINDS, KINDS, SoftwareKey, software_key

NAMESPACE = "twokey.v1.approve"
MESSAGE = '{"plan":"sha256:00","title":"小版本升级"}'.encode()
PERSON = "zhang.min"

pytestmark = needs_program("ssh-keygen", "openssh-client")


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A private key that `ssh-keygen` made, beside its public half."""

    path: Path

    @property
    def public(self) -> PublicKey:
        return parse_public_key(self.path.with_suffix(".pub").read_text("utf-8"))

    def sign(self, message: bytes, *options: str) -> str:
        return keygen("-Y", "sign", "-f", self.path, "-n", NAMESPACE, *options, message=message).stdout.decode()


def keygen(*arguments: str | Path, message: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["ssh-keygen", *arguments], input=message, capture_output=True, timeout=60, check=False)


def is_accepted(folder: Path, key: PublicKey, armored: str, namespace: str = NAMESPACE, person: str = PERSON) -> bool:
    """Whether `ssh-keygen -Y verify` finds that this person signed `MESSAGE`."""
    signers, signature = folder / "allowed_signers", folder / "message.sig"
    signers.write_text(allowed_signers_line(person, key, [NAMESPACE, "twokey.v1.gate"]) + "\n", "utf-8")
    signature.write_text(armored, "utf-8")
    names = ("-I", person, "-n", namespace)
    return keygen("-Y", "verify", "-f", signers, *names, "-s", signature, message=MESSAGE).returncode == 0


def armored(key: SoftwareKey, hash_algorithm: str = "sha512", rsa_algorithm: str = "rsa-sha2-512") -> str:
    blob = key.sign(signed_blob(NAMESPACE, MESSAGE, hash_algorithm), rsa_algorithm)
    return armor(key.public.blob, NAMESPACE, hash_algorithm, blob)


@pytest.fixture(scope="module", params=["ed25519", "ecdsa 256", "ecdsa 384", "ecdsa 521", "rsa 3072"])
def key_file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> KeyFile:
    kind, _, bits = str(request.param).partition(" ")
    path = tmp_path_factory.mktemp("keys") / "two keys 双人"
    size = ("-b", bits) if bits else ()
    made = keygen("-q", "-t", kind, *size, "-N", "", "-C", "张敏 at work", "-f", path)
    assert made.returncode == 0, made.stderr
    return KeyFile(path)


@pytest.mark.parametrize("kind", KINDS)
def test_what_we_armor_it_verifies(kind: str, tmp_path: Path) -> None:
    key = software_key(kind)
    assert is_accepted(tmp_path, key.public, armored(key))
    assert is_accepted(tmp_path, key.public, armored(key, "sha256", "rsa-sha2-256"))
    assert not is_accepted(tmp_path, key.public, armored(key), "twokey.v1.reject")
    assert not is_accepted(tmp_path, key.public, armored(key), "twokey.v1.gate")
    assert not is_accepted(tmp_path, software_key(kind, 1).public, armored(key))


def test_a_chinese_name_is_a_principal(tmp_path: Path) -> None:
    key = software_key("ssh-ed25519")
    assert is_accepted(tmp_path, key.public, armored(key), person="张敏@运行部")


@pytest.mark.parametrize("options", [(), ("-O", "hashalg=sha256"), ("-O", "hashalg=sha512")])
def test_what_it_signs_we_verify(key_file: KeyFile, options: tuple[str, ...], tmp_path: Path) -> None:
    text = key_file.sign(MESSAGE, *options)
    signature = parse(text)
    verify_signature(signature, key_file.public, NAMESPACE, MESSAGE)
    assert armor(signature.key.blob, NAMESPACE, signature.hash_algorithm, signature.blob) == text
    assert is_accepted(tmp_path, key_file.public, text)
    with pytest.raises(SignatureError):
        verify_signature(signature, key_file.public, NAMESPACE, MESSAGE + b" ")


def test_its_public_keys_are_read_with_their_fingerprints(key_file: KeyFile) -> None:
    listed = keygen("-l", "-E", "sha256", "-f", key_file.path.with_suffix(".pub")).stdout.decode().split()
    assert key_file.public.fingerprint == listed[1]
    assert key_file.public.comment == "张敏 at work"


@pytest.mark.parametrize("kind", KINDS)
def test_our_public_keys_have_the_fingerprints_it_shows(kind: str, tmp_path: Path) -> None:
    key = software_key(kind).public
    (tmp_path / "key.pub").write_text(key.to_line() + "\n", "utf-8")
    assert keygen("-l", "-f", tmp_path / "key.pub").stdout.decode().split()[1] == key.fingerprint


@pytest.mark.parametrize("kind", FIDO_KINDS)
def test_it_accepts_a_security_key_that_nobody_touched_and_we_do_not(kind: str, tmp_path: Path) -> None:
    key = software_key(kind).untouched()
    assert is_accepted(tmp_path, key.public, armored(key))
    with pytest.raises(SignatureError, match="touched"):
        verify_signature(parse(armored(key)), key.public, NAMESPACE, MESSAGE)


def test_certificates_it_makes_are_refused(key_file: KeyFile) -> None:
    public = key_file.path.with_suffix(".pub")
    made = keygen("-q", "-s", key_file.path, "-I", "id", "-n", PERSON, public)
    assert made.returncode == 0, made.stderr
    certificate = public.with_name(f"{key_file.path.name}-cert.pub")
    with pytest.raises(PublicKeyError, match="certificate"):
        parse_public_key(certificate.read_text("utf-8"))
