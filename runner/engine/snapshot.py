"""The read-only tree a run sees (law L3): what was approved, byte for byte, and nothing else.

    <snapshots>/<hex of the plan digest>/
        manifest.json        every other file with its SHA-256 and executable bit; its own digest goes into each order
        runbooks/ playbooks/ the bound content
        inventory/hosts.yml  generated from the binding
        ssh/known_hosts      the pinned host keys
        ssh/config           what OpenSSH is told

The service builds it once; the shim verifies it before every attempt against the manifest digest of its order.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from runner.engine.durable import sync_folder, write_all
from runner.errors import NotFoundError, StorageError, VerificationError
from runner.model.document import JsonObject
from runner.model.plan import Content
from runner.proof.canonical import CanonicalError, canonical_bytes, digest, parse_strict
from runner.words import N_

INVENTORY = "inventory/hosts.yml"
KNOWN_HOSTS = "ssh/known_hosts"
SSH_CONFIG = "ssh/config"
PLAYBOOKS = "playbooks"

_MANIFEST = "manifest.json"
_FILE, _EXECUTABLE, _FOLDER = 0o444, 0o555, 0o555


class Blobs(Protocol):
    """Where the bytes of bound files come from."""

    def read(self, sha256: str) -> bytes:
        """The bytes with that hex digest.

        Raises:
            StorageError: they are missing or not what they should be.
        """
        ...


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot on disk."""

    folder: Path
    manifest: str
    """Digest of its manifest."""


@dataclass(frozen=True, slots=True)
class _File:
    sha256: str
    executable: bool


def build_snapshot(
    snapshots: Path, plan: str, content: Content, blobs: Blobs, generated: Mapping[str, bytes]
) -> Snapshot:
    """Make the snapshot of a plan, or find the one made before.

    Args:
        snapshots: folder that holds all snapshots.
        plan: the plan's digest.
        content: the bound files.
        blobs: their bytes.
        generated: bytes of the generated files by path.

    Raises:
        StorageError: bytes are missing, or the disk does not take them.
        VerificationError: the snapshot made before is not what it should be.
    """
    manifest = _manifest_of(content, generated)
    made = Snapshot(snapshots / plan.removeprefix("sha256:"), digest(manifest))
    if made.folder.exists():
        verify_snapshot(made.folder, made.manifest)
        return made
    beside = snapshots / f".{made.folder.name}.{secrets.token_hex(4)}"
    try:
        _write_tree(beside, _all_files(content, blobs, generated, manifest))
        _rename(beside, made.folder)
        sync_folder(snapshots)
    except OSError as error:
        raise StorageError(
            N_("{path}: cannot be written: {reason}"),
            hint=N_("free some room or mend the file system that holds {path}"),
            path=str(made.folder),
            reason=error.strerror or str(error),
        ) from error
    finally:
        remove_snapshot(beside)
    verify_snapshot(made.folder, made.manifest)
    return made


def verify_snapshot(folder: Path, manifest: str) -> None:
    """Prove that a snapshot is exactly what its manifest says, and the manifest the one meant.

    Raises:
        VerificationError: a file differs, is missing, is too many, may be written to, or is no plain file.
    """
    expected = _read_manifest(folder, manifest)
    found = {str(path.relative_to(folder)): path for path in _walk(folder, folder)}
    del found[_MANIFEST]
    for name in sorted(expected.keys() ^ found.keys()):
        if name in expected:
            raise _differs(N_("snapshot: {file}: is missing"), name)
        raise _differs(N_("snapshot: {file}: is not part of the plan"), name)
    for name, file in sorted(expected.items()):
        _verify_file(name, found[name], file)


def remove_snapshot(folder: Path) -> None:
    """Remove a snapshot or what was begun of one."""
    if not folder.exists():
        return
    for place, _, _ in os.walk(folder):
        with suppress(OSError):
            Path(place).chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def _manifest_of(content: Content, generated: Mapping[str, bytes]) -> bytes:
    files: JsonObject = {file.path: {"sha256": file.sha256, "executable": file.executable} for file in content.files}
    for name, data in generated.items():
        files[name] = {"sha256": hashlib.sha256(data).hexdigest(), "executable": False}
    return canonical_bytes({"v": 1, "files": files})


def _all_files(
    content: Content, blobs: Blobs, generated: Mapping[str, bytes], manifest: bytes
) -> Iterator[tuple[str, bytes, int]]:
    for file in content.files:
        yield file.path, blobs.read(file.sha256), _EXECUTABLE if file.executable else _FILE
    for name, data in generated.items():
        yield name, data, _FILE
    yield _MANIFEST, manifest, _FILE


def _write_tree(folder: Path, files: Iterator[tuple[str, bytes, int]]) -> None:
    folder.mkdir(mode=0o700, parents=True)
    for name, data, mode in files:
        path = _inside(folder, name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            write_all(descriptor, data)
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    for place, _, _ in os.walk(folder, topdown=False):
        Path(place).chmod(_FOLDER)
        sync_folder(Path(place))


def _rename(beside: Path, target: Path) -> None:
    """Put a finished tree in its place; another that made the same one first is as good."""
    try:
        beside.rename(target)
    except OSError:
        if not target.exists():
            raise


def _inside(folder: Path, name: str) -> Path:
    path = PurePosixPath(name)
    if path.is_absolute() or not path.parts or any(part in {"..", "."} for part in name.split("/")):
        raise _differs(N_("snapshot: {file}: its path leads out of the snapshot"), name)
    return folder.joinpath(*path.parts)


def _read_manifest(folder: Path, manifest: str) -> dict[str, _File]:
    try:
        data = (folder / _MANIFEST).read_bytes()
        if digest(data) != manifest:
            raise _differs(N_("snapshot: {file}: is not the one of this plan"), _MANIFEST)
        document = parse_strict(data)
        if not isinstance(document, dict) or not isinstance(files := document["files"], dict):
            raise _differs(N_("snapshot: {file}: is not the one of this plan"), _MANIFEST)
        return {name: _file_of(value) for name, value in files.items()}
    except FileNotFoundError as error:
        raise NotFoundError(N_("snapshot {folder}: does not exist"), folder=str(folder)) from error
    except (OSError, KeyError, CanonicalError) as error:
        raise _differs(N_("snapshot: {file}: cannot be read"), _MANIFEST) from error


def _file_of(value: object) -> _File:
    if not isinstance(value, dict) or not isinstance(sha256 := value["sha256"], str):
        raise _differs(N_("snapshot: {file}: is not the one of this plan"), _MANIFEST)
    return _File(sha256, bool(value["executable"]))


def _walk(folder: Path, top: Path) -> Iterator[Path]:
    _require_mode(folder, top, folder.lstat(), _FOLDER)
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda each: each.name):
            path = Path(entry.path)
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(path, top)
            elif entry.is_file(follow_symlinks=False):
                yield path
            else:
                raise _differs(N_("snapshot: {file}: is neither a file nor a folder"), str(path.relative_to(top)))


def _require_mode(path: Path, top: Path, found: os.stat_result, mode: int) -> None:
    if stat.S_IMODE(found.st_mode) != mode:
        raise _differs(N_("snapshot: {file}: its mode was changed"), str(path.relative_to(top)))
    if found.st_uid not in {0, os.geteuid()}:
        raise _differs(N_("snapshot: {file}: its owner was changed"), str(path.relative_to(top)))


def _verify_file(name: str, path: Path, file: _File) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as stream:
        _require_mode(
            path, path.parents[name.count("/")], os.fstat(descriptor), _EXECUTABLE if file.executable else _FILE
        )
        if hashlib.file_digest(stream, "sha256").hexdigest() != file.sha256:
            raise _differs(N_("snapshot: {file}: its bytes were changed"), name)


def _differs(message: str, name: str) -> VerificationError:
    hint = N_("find out who touched the state folder; once it is removed, the snapshot is made again")
    return VerificationError(message, hint=hint, file=name)
