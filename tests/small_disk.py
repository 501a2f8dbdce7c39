"""A real file system with little room, for tests of what happens when a disk is full."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def small_disk(folder: Path, size: str = "2m") -> Iterator[Path]:
    """Mount a file system of that size on a folder while the block lasts; needs root (`tests.needs.needs_mount`)."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Take all the room that is left.

    Returns:
        The file that holds it; remove it to make room again.
    """
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        chunk = 65536
        while chunk:
            try:
                file.write(b"\0" * chunk)
            except OSError:
                chunk //= 2
    return ballast


def make_read_only(folder: Path) -> None:
    """Let nobody write to a mounted file system any more."""
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
