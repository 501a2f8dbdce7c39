from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runner.engine.snapshot import Snapshot, build_snapshot, remove_snapshot, verify_snapshot
from runner.errors import StorageError, VerificationError
from runner.model.plan import Content, ContentFile

_PLAY = b"- hosts: all\n"
_TOOL = b"#!/bin/sh\n"
_GENERATED = {"inventory/hosts.yml": b"all: {}\n", "ssh/known_hosts": b"", "ssh/config": b"Host *\n"}
_PLAN = "sha256:" + "ab" * 32


class _Blobs:
    def __init__(self, *blobs: bytes) -> None:
        self._blobs = {hashlib.sha256(blob).hexdigest(): blob for blob in blobs}

    def read(self, sha256: str) -> bytes:
        if sha256 not in self._blobs:
            raise StorageError("content {sha256}: missing", sha256=sha256)
        return self._blobs[sha256]


def _file(path: str, data: bytes, *, executable: bool = False) -> ContentFile:
    return ContentFile(path, hashlib.sha256(data).hexdigest(), len(data), executable)


_CONTENT = Content(
    "runbooks/upgrade/db.yml",
    (
        _file("playbooks/db/upgrade.yml", _PLAY),
        _file("playbooks/files/tool", _TOOL, executable=True),
        _file("runbooks/upgrade/db.yml", _PLAY),
    ),
)


@pytest.fixture
def snapshots(awkward_folder: Path) -> Iterator[Path]:
    yield awkward_folder
    for folder in awkward_folder.iterdir():
        remove_snapshot(folder)


@pytest.fixture
def built(snapshots: Path) -> Snapshot:
    return build_snapshot(snapshots, _PLAN, _CONTENT, _Blobs(_PLAY, _TOOL), _GENERATED)


def test_holds_what_was_bound_with_git_modes_only(built: Snapshot) -> None:
    assert built.folder.name == "ab" * 32
    assert (built.folder / "playbooks/db/upgrade.yml").read_bytes() == _PLAY
    modes = {str(path.relative_to(built.folder)): oct(path.stat().st_mode & 0o777) for path in built.folder.rglob("*")}
    assert modes == {
        "inventory": "0o555",
        "inventory/hosts.yml": "0o444",
        "manifest.json": "0o444",
        "playbooks": "0o555",
        "playbooks/db": "0o555",
        "playbooks/db/upgrade.yml": "0o444",
        "playbooks/files": "0o555",
        "playbooks/files/tool": "0o555",
        "runbooks": "0o555",
        "runbooks/upgrade": "0o555",
        "runbooks/upgrade/db.yml": "0o444",
        "ssh": "0o555",
        "ssh/config": "0o444",
        "ssh/known_hosts": "0o444",
    }


def test_is_made_once(built: Snapshot, snapshots: Path) -> None:
    again = build_snapshot(snapshots, _PLAN, _CONTENT, _Blobs(), _GENERATED)
    assert again == built
    assert [folder.name for folder in snapshots.iterdir()] == ["ab" * 32]


def test_leaves_nothing_behind_when_bytes_are_missing(snapshots: Path) -> None:
    with pytest.raises(StorageError):
        build_snapshot(snapshots, _PLAN, _CONTENT, _Blobs(_PLAY), _GENERATED)
    assert list(snapshots.iterdir()) == []


def _writable(path: Path) -> Path:
    path.parent.chmod(0o755)
    if path.exists():
        path.chmod(0o644)
    return path


def _change_byte(folder: Path) -> None:
    play = _writable(folder / "playbooks/db/upgrade.yml")
    play.write_bytes(_PLAY.replace(b"all", b"ali"))
    play.chmod(0o444)
    play.parent.chmod(0o555)


def _change_mode(folder: Path) -> None:
    (folder / "playbooks/db/upgrade.yml").chmod(0o555)


def _open_folder(folder: Path) -> None:
    (folder / "playbooks").chmod(0o755)


def _remove(folder: Path) -> None:
    _writable(folder / "ssh/known_hosts").unlink()
    (folder / "ssh").chmod(0o555)


def _add(folder: Path) -> None:
    extra = _writable(folder / "playbooks/db/vars.yml")
    extra.write_bytes(b"x: 1\n")
    extra.chmod(0o444)
    extra.parent.chmod(0o555)


def _link(folder: Path) -> None:
    play = _writable(folder / "playbooks/db/upgrade.yml")
    target = folder.parent / "elsewhere"
    target.write_bytes(_PLAY)
    play.unlink()
    play.symlink_to(target)
    play.parent.chmod(0o555)


def _change_manifest(folder: Path) -> None:
    manifest = _writable(folder / "manifest.json")
    manifest.write_bytes(manifest.read_bytes() + b" ")


@pytest.mark.parametrize(
    "tamper",
    [_change_byte, _change_mode, _open_folder, _remove, _add, _link, _change_manifest],
    ids=lambda f: f.__name__,
)
def test_any_difference_is_refused(built: Snapshot, tamper: Callable[[Path], None]) -> None:
    verify_snapshot(built.folder, built.manifest)
    tamper(built.folder)
    with pytest.raises(VerificationError):
        verify_snapshot(built.folder, built.manifest)


def test_the_difference_is_named(built: Snapshot) -> None:
    _change_byte(built.folder)
    with pytest.raises(VerificationError) as refused:
        verify_snapshot(built.folder, built.manifest)
    assert refused.value.facts["file"] == "playbooks/db/upgrade.yml"


def test_another_plans_snapshot_is_refused(built: Snapshot) -> None:
    with pytest.raises(VerificationError):
        verify_snapshot(built.folder, "sha256:" + "0" * 64)


@pytest.mark.parametrize("path", ["../outside.yml", "/etc/passwd", "playbooks/../../x", "playbooks/./x"])
def test_no_path_leads_out(snapshots: Path, path: str) -> None:
    content = Content("runbooks/a.yml", (_file(path, _PLAY),))
    with pytest.raises(VerificationError):
        build_snapshot(snapshots, _PLAN, content, _Blobs(_PLAY), {})
