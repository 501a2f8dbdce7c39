"""Checkpoints as C2SP writes them, signed by the log they name."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import VerificationError
from runner.model.log import Checkpoint
from runner.proof.checkpoint import checkpoint_text, open_checkpoint, parse_checkpoint, sign_checkpoint
from runner.proof.encoding import from_base64, to_base64
from runner.proof.merkle import EMPTY_ROOT, MAX_SIZE
from runner.proof.note import NoteSigner, sign_note

ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
TEXT = f"example.com/behind-the-sofa\n20852163\n{ROOT}\n"
"""The example of the specification."""
PUBLISHED = Checkpoint("example.com/behind-the-sofa", 20852163, from_base64(ROOT))
log = NoteSigner("example.com/behind-the-sofa", Ed25519PrivateKey.from_private_bytes(b"\x01" * 32))
witness = NoteSigner("example.org/witness", Ed25519PrivateKey.from_private_bytes(b"\x02" * 32))


def test_the_published_text() -> None:
    assert parse_checkpoint(TEXT) == PUBLISHED
    assert checkpoint_text(PUBLISHED) == TEXT


def test_extension_lines_are_left_out() -> None:
    assert parse_checkpoint(TEXT + "anything 1\nanything 2\n") == PUBLISHED


def test_a_signed_checkpoint_opens() -> None:
    signed = sign_checkpoint(PUBLISHED, log)
    assert signed.startswith(TEXT.encode() + "\n— example.com/behind-the-sofa ".encode())
    assert open_checkpoint(signed, log.key) == PUBLISHED


def test_a_cosigned_checkpoint_opens_with_the_key_of_the_log() -> None:
    cosigned = sign_note(TEXT, [witness, log])
    assert open_checkpoint(cosigned, log.key) == PUBLISHED
    with pytest.raises(VerificationError):
        open_checkpoint(cosigned, witness.key)
    with pytest.raises(VerificationError):
        open_checkpoint(sign_note(TEXT, [witness]), log.key)


def test_a_log_signs_for_itself_only() -> None:
    with pytest.raises(VerificationError) as refusal:
        sign_checkpoint(PUBLISHED, witness)
    assert refusal.value.facts == {"got": PUBLISHED.origin, "expected": witness.name}


def test_a_signed_checkpoint_with_any_byte_changed_is_refused() -> None:
    signed = sign_checkpoint(PUBLISHED, log)
    for at in range(len(signed)):
        with pytest.raises(VerificationError):
            open_checkpoint(signed[:at] + bytes([signed[at] ^ 1]) + signed[at + 1 :], log.key)
        with pytest.raises(VerificationError):
            open_checkpoint(signed[:at], log.key)


@given(st.integers(1, MAX_SIZE), st.binary(min_size=32, max_size=32))
def test_any_size_and_root(size: int, root: bytes) -> None:
    checkpoint = Checkpoint("bank/日志", size, root)
    assert parse_checkpoint(checkpoint_text(checkpoint)) == checkpoint


def test_the_empty_log_has_one_root() -> None:
    assert checkpoint_text(Checkpoint("log", 0, EMPTY_ROOT)).splitlines()[1] == "0"
    with pytest.raises(VerificationError):
        checkpoint_text(Checkpoint("log", 0, bytes(32)))


@pytest.mark.parametrize(
    "checkpoint",
    [
        Checkpoint("", 1, bytes(32)),
        Checkpoint("a\nb", 1, bytes(32)),
        Checkpoint(f"a\n1\n{ROOT}", 1, bytes(32)),
        Checkpoint("a", -1, bytes(32)),
        Checkpoint("a", MAX_SIZE + 1, bytes(32)),
        Checkpoint("a", 1, bytes(31)),
        Checkpoint("a", 1, b""),
    ],
)
def test_what_cannot_be_written_is_refused(checkpoint: Checkpoint) -> None:
    with pytest.raises(VerificationError):
        checkpoint_text(checkpoint)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n\n",
        TEXT[:-1],
        TEXT + "\n",
        TEXT + "extension",
        "\n" + TEXT,
        TEXT.replace("20852163", "020852163"),
        TEXT.replace("20852163", "+20852163"),
        TEXT.replace("20852163", "-1"),
        TEXT.replace("20852163", " 20852163"),
        TEXT.replace("20852163", "20_852_163"),
        TEXT.replace("20852163", "٢٠"),
        TEXT.replace("20852163", ""),
        TEXT.replace("20852163", str(MAX_SIZE + 1)),
        TEXT.replace("20852163", "9" * 5000),
        TEXT.replace("20852163", "0"),
        TEXT.replace("q2I=", "q2J="),
        TEXT.replace("q2I=", "q2I"),
        TEXT.replace(ROOT, ""),
        TEXT.replace(ROOT, to_base64(bytes(33))),
        TEXT.replace("\n", "\r\n"),
    ],
)
def test_what_is_not_a_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(VerificationError):
        parse_checkpoint(text)
