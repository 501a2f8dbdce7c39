from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from runner.audit.ssh_keygen import SshKeygen
from runner.errors import SignatureError, StorageError, UsageError
from runner.model.statement import StatementKind
from tests.needs import needs_mount
from tests.signed import ANN, BOB, EVE, Signer
from tests.small_disk import fill, small_disk
from tests.ssh_keys import KINDS, software_key

MESSAGE = '{"说明":"审批"}'.encode()


@pytest.mark.parametrize("kind", KINDS)
def test_a_good_signature_of_any_kind_of_key_passes(kind: str) -> None:
    signer = Signer("ann", software_key(kind))
    SshKeygen().verify(
        StatementKind.APPROVE,
        MESSAGE,
        signer.sign_bytes(StatementKind.APPROVE, MESSAGE),
        "ann",
        signer.person.key,
    )


@pytest.mark.parametrize(
    "message,signature,person,key",
    [
        (MESSAGE + b" ", ANN.sign_bytes(StatementKind.APPROVE, MESSAGE), "ann", ANN.person.key),
        (MESSAGE, ANN.sign_bytes(StatementKind.APPROVE, MESSAGE), "ann", BOB.person.key),
        (MESSAGE, EVE.sign_bytes(StatementKind.APPROVE, MESSAGE), "ann", ANN.person.key),
        (MESSAGE, ANN.sign_bytes(StatementKind.REJECT, MESSAGE), "ann", ANN.person.key),
        (MESSAGE, "", "ann", ANN.person.key),
        (MESSAGE, ANN.sign_bytes(StatementKind.APPROVE, MESSAGE)[:-60], "ann", ANN.person.key),
    ],
    ids=["other message", "other key", "other signer", "other kind", "empty", "cut short"],
)
def test_anything_else_is_refused(message: bytes, signature: str, person: str, key: str) -> None:
    with pytest.raises(SignatureError):
        SshKeygen().verify(StatementKind.APPROVE, message, signature, person, key)


def test_a_security_key_that_nobody_touched_is_refused() -> None:
    signer = Signer("ann", software_key("sk-ssh-ed25519@openssh.com").untouched())
    signature = signer.sign_bytes(StatementKind.APPROVE, MESSAGE)
    with pytest.raises(SignatureError) as refused:
        SshKeygen().verify(StatementKind.APPROVE, MESSAGE, signature, "ann", signer.person.key)
    assert refused.value.rule == "signature:nobody-present"


@pytest.mark.parametrize("person", ["*", "ann,bob", "!ann", "ann bob", ""])
def test_a_name_that_ssh_keygen_would_read_otherwise_is_refused(person: str) -> None:
    signature = ANN.sign_bytes(StatementKind.APPROVE, MESSAGE)
    with pytest.raises(UsageError):
        SshKeygen().verify(StatementKind.APPROVE, MESSAGE, signature, person, ANN.person.key)


def test_without_ssh_keygen_the_apt_line_is_told() -> None:
    signature = ANN.sign_bytes(StatementKind.APPROVE, MESSAGE)
    with pytest.raises(UsageError) as refused:
        SshKeygen("no-such-ssh-keygen").verify(StatementKind.APPROVE, MESSAGE, signature, "ann", ANN.person.key)
    assert "apt-get install" in refused.value.advice()


@pytest.mark.parametrize("answer", ["exit 1", "kill -9 $$", "exec 1>&2; echo no; exit 255"])
def test_only_success_of_ssh_keygen_counts(tmp_path: Path, answer: str) -> None:
    signature = ANN.sign_bytes(StatementKind.APPROVE, MESSAGE)
    with pytest.raises(SignatureError):
        _verify_with(tmp_path, answer, signature)


def test_a_verifier_that_does_not_answer_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(SignatureError) as refused:
        _verify_with(tmp_path, "exec tail -f /dev/null", ANN.sign_bytes(StatementKind.APPROVE, MESSAGE))
    assert refused.value.rule == "signature:not-verified"


def _verify_with(folder: Path, script: str, signature: str) -> None:
    program = folder / "ssh-keygen"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    verifier = SshKeygen(str(program), patience=0.3)
    verifier.verify(StatementKind.APPROVE, MESSAGE, signature, "ann", ANN.person.key)


@needs_mount
def test_without_room_for_its_files_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signature = ANN.sign_bytes(StatementKind.APPROVE, MESSAGE)
    with small_disk(tmp_path / "disk", "64k") as disk:
        monkeypatch.setattr(tempfile, "tempdir", str(disk))
        fill(disk)
        with pytest.raises(StorageError):
            SshKeygen().verify(StatementKind.APPROVE, MESSAGE, signature, "ann", ANN.person.key)
