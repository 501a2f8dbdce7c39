"""Where a client sits, as the operating system says; the client itself is not asked.

The kernel names the process at the other end of the socket (SO_PEERCRED). The process's control group names its login
session; only root moves a process into one. systemd-logind, as root, has written down where the session was opened
from. Whatever is missing, differs, or could have been written by anybody else than root makes it no place at all.
utmp is not asked: on many systems any user may write an address of their choice into it.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from runner.rules.places import LOCAL, source_of

_SCOPE: Final = re.compile(r"/user\.slice/user-([0-9]+)\.slice/session-([a-z]?[0-9]+)\.scope")
_HIERARCHIES: Final = ("0::", "1:name=systemd:")
"""Lines of a process's control groups that systemd keeps: the unified one, and its own beside older ones."""
_ALIVE: Final = frozenset({"active", "online"})
_LONGEST: Final = 64 * 1024


class PlaceFinder(Protocol):
    """Says from where a process was begun."""

    def find(self, pid: int, user: int) -> str:
        """The source of a process's login session: an address, or a console; empty: none that is proven.

        Args:
            pid: the process at the other end of the connection, as the kernel says.
            user: its user id, likewise.
        """
        ...


class NoPlaces:
    """Knows of no place, as where no login sessions are kept."""

    def find(self, pid: int, user: int) -> str:  # noqa: ARG002 - as the Protocol has it
        """Nowhere."""
        return ""


@dataclass(frozen=True, slots=True)
class LoginSessions:
    """The login sessions of this machine, as systemd-logind keeps them."""

    processes: Path = Path("/proc")
    sessions: Path = Path("/run/systemd/sessions")
    owner: int = 0
    """Who must have written the sessions."""

    def find(self, pid: int, user: int) -> str:
        """The source of a process's login session; empty when anything about it is not as it must be."""
        if pid <= 0:
            return ""
        try:
            if (self.processes / str(pid)).stat().st_uid != user:
                return ""
            groups = (self.processes / str(pid) / "cgroup").read_text(encoding="ascii")
            session = _session_in(groups, user)
            said = _read(self.sessions / session, self.owner) if session else {}
        except (OSError, ValueError):
            return ""
        return _source_in(said, user, session)


def _session_in(groups: str, user: int) -> str:
    """The session of a process: its scope directly below its user's slice, which only root makes.

    A user may make groups of any name below their own manager (`user@N.service`); those are not looked at.
    """
    for line in groups.splitlines():
        for hierarchy in _HIERARCHIES:
            match = _SCOPE.fullmatch(line.removeprefix(hierarchy)) if line.startswith(hierarchy) else None
            if match is not None:
                return match[2] if int(match[1]) == user else ""
    return ""


def _read(path: Path, owner: int) -> dict[str, str]:
    """A session's file, if nobody else than its owner can have written it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_uid != owner or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            return {}
        text = file.read(_LONGEST).decode("utf-8")
    pairs = (line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))
    return {name: value.strip('"') for name, value in pairs}


def _source_in(said: dict[str, str], user: int, session: str) -> str:
    """Where a session was opened from; one that is closing, or of a program without a person, has no place."""
    whole = (said.get("UID"), said.get("SCOPE"), said.get("CLASS"))
    if whole != (str(user), f"session-{session}.scope", "user") or said.get("STATE") not in _ALIVE:
        return ""
    if said.get("REMOTE") == "1":
        source = source_of(said.get("REMOTE_HOST", ""))
        return "" if source.startswith(LOCAL) else source
    if said.get("REMOTE") == "0" and said.get("SEAT"):
        return source_of(LOCAL + said.get("TTY", ""))
    return ""
