"""What some tests need of the machine, and what a skipped test says about it.

A test that cannot run here is marked with one of these, and is then named with its reason before the closing line of
pytest. There is no other place that skips.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
"""The test changes owners, mounts, or acts as several users."""

_CAP_SYS_ADMIN = 21


def _may_mount() -> bool:
    """Whether this process may mount; root inside a container may not."""
    status = Path("/proc/self/status").read_text("ascii")
    effective = next(line for line in status.splitlines() if line.startswith("CapEff:"))
    return bool(int(effective.split()[1], 16) >> _CAP_SYS_ADMIN & 1)


needs_mount = pytest.mark.skipif(not _may_mount(), reason="needs root that may mount: it fills a small file system")
"""The test mounts a small file system and fills it."""

needs_other_user = pytest.mark.skipif(
    os.geteuid() == 0, reason="needs a user who is not root: root may read everything"
)
"""The test shows that something is refused by file permissions."""


def needs_program(program: str, package: str) -> pytest.MarkDecorator:
    """Mark a test that starts `program`, which the Debian package `package` brings."""
    return pytest.mark.skipif(
        find_program(program) is None,
        reason=f"needs {program}: apt-get install -y --no-install-recommends {package}",
    )


def find_program(program: str) -> str | None:
    """Where a program lies; daemons are also looked for where only root's PATH reaches."""
    found = shutil.which(program)
    if found is None and (path := Path("/usr/sbin", program)).exists():
        return str(path)
    return found


needs_sshd = needs_program("sshd", "openssh-server")
"""The test starts an SSH server of its own on a private port."""

needs_tmux = needs_program("tmux", "tmux")
"""The test drives the terminal as a person does."""
