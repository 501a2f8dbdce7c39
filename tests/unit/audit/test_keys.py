from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from runner.audit.keys import create_log_key, load_log_key, load_verifier_key
from runner.errors import StorageError, UsageError
from runner.proof.note import open_note, sign_note

ORIGIN = "bank.example/机房"


def test_a_key_is_made_once_and_read_back(tmp_path: Path) -> None:
    made = create_log_key(tmp_path, ORIGIN)
    assert (tmp_path / "log.key").stat().st_mode & 0o777 == 0o600
    read = load_log_key(tmp_path)
    assert read.key == made.key == load_verifier_key(tmp_path)
    assert open_note(sign_note("text\n", [read]), [made.key]).text == "text\n"


def test_an_existing_key_is_never_replaced(tmp_path: Path) -> None:
    before = create_log_key(tmp_path, ORIGIN).key
    with pytest.raises(StorageError):
        create_log_key(tmp_path, ORIGIN)
    assert load_log_key(tmp_path).key == before


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    create_log_key(tmp_path, ORIGIN)
    (tmp_path / "log.key").chmod(mode)
    with pytest.raises(StorageError) as refused:
        load_log_key(tmp_path)
    assert "chmod 600" in refused.value.advice()


def test_a_missing_key_is_told(tmp_path: Path) -> None:
    for load in (load_log_key, load_verifier_key):
        with pytest.raises(StorageError):
            load(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.removeprefix("PRIVATE+KEY+"),
        lambda text: text.replace("+", "-"),
        lambda text: text[:-2],
        lambda text: text.replace(ORIGIN, "other.example/log"),
        lambda text: text + text,
    ],
    ids=["no prefix", "other marks", "cut short", "another name", "twice"],
)
def test_what_is_no_key_is_refused(tmp_path: Path, change: Callable[[str], str]) -> None:
    create_log_key(tmp_path, ORIGIN)
    path = tmp_path / "log.key"
    path.write_text(change(path.read_text("utf-8")), "utf-8")
    with pytest.raises(UsageError):
        load_log_key(tmp_path)


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"garbage\n"])
def test_noise_is_no_key(tmp_path: Path, data: bytes) -> None:
    create_log_key(tmp_path, ORIGIN)
    (tmp_path / "log.key").write_bytes(data)
    with pytest.raises((UsageError, StorageError)):
        load_log_key(tmp_path)


@pytest.mark.parametrize("origin", ["", "two words", "plus+sign"])
def test_a_log_needs_a_name(tmp_path: Path, origin: str) -> None:
    with pytest.raises(UsageError):
        create_log_key(tmp_path, origin)
    assert list(tmp_path.iterdir()) == []
