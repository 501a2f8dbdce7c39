from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from runner.errors import NotFoundError, StorageError, UsageError
from runner.store.content import ContentStore


@pytest.fixture
def blobs(tmp_path: Path) -> ContentStore:
    return ContentStore(tmp_path / "content")


@pytest.mark.parametrize("data", [b"", b"one", "双人".encode() * 9999])
def test_bytes_are_read_back_by_their_digest(blobs: ContentStore, data: bytes) -> None:
    sha256 = blobs.put(data)
    assert sha256 == hashlib.sha256(data).hexdigest()
    assert blobs.read(sha256) == data
    assert blobs.has(sha256)
    assert blobs.path(sha256).stat().st_mode & 0o777 == 0o444


def test_bytes_are_kept_once(blobs: ContentStore) -> None:
    sha256 = blobs.put(b"one")
    kept = blobs.path(sha256).stat()
    assert blobs.put(b"one") == sha256
    assert blobs.path(sha256).stat() == kept


def test_bytes_that_were_changed_are_not_given_out(blobs: ContentStore) -> None:
    path = blobs.path(blobs.put(b"approved"))
    path.chmod(0o644)
    path.write_bytes(b"tampered")
    with pytest.raises(StorageError):
        blobs.read(hashlib.sha256(b"approved").hexdigest())
    assert blobs.read(blobs.put(b"approved")) == b"approved"


def test_bytes_never_kept_are_not_found(blobs: ContentStore) -> None:
    assert not blobs.has("0" * 64)
    with pytest.raises(NotFoundError):
        blobs.read("0" * 64)


@pytest.mark.parametrize("name", ["", "ab", "A" * 64, "../" * 22, "0" * 64 + "\n", "0" * 63 + "/"])
def test_a_name_that_is_no_digest_is_refused(blobs: ContentStore, name: str) -> None:
    with pytest.raises(UsageError):
        blobs.read(name)
