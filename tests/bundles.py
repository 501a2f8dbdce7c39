"""Evidence bundles for tests, and taking them apart and putting them together again as a forger would."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

from runner.audit.archive import ArchiveWriter
from runner.audit.bundle import Subject, export
from tests.logs import LOG_KEY, LogWorld
from tests.stores import digest


def bundle_of(world: LogWorld, run: str = "BG-2026-0001/1") -> bytes:
    """The bundle of a run of a small world."""
    out = io.BytesIO()
    with world.store.reading() as transaction:
        subject = Subject(run, run.partition("/")[0], digest("1"))
        export(transaction.evidence, transaction.log, LOG_KEY.key, subject, out)
    return out.getvalue()


def members_of(archive: bytes) -> dict[str, bytes]:
    """Names and contents, in their order."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        found = {}
        for member in tar:
            content = tar.extractfile(member)
            found[member.name] = content.read() if content else b""
        return found


def archive_of(members: dict[str, bytes]) -> bytes:
    """An archive of these members, spelt as a bundle is."""
    out = io.BytesIO()
    writer = ArchiveWriter(out)
    for name, data in members.items():
        writer.add(name, data)
    writer.finish()
    return out.getvalue()


def written(folder: Path, archive: bytes) -> Path:
    path = folder / "bundle.tar"
    path.write_bytes(archive)
    return path
