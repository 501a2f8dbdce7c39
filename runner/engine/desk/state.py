"""The state directory: where everything of one installation lies, and the lock that keeps it to one process."""

from __future__ import annotations

import fcntl
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from runner.engine.durable import write_durably
from runner.errors import RefusedError, UsageError
from runner.model.document import JsonObject
from runner.model.site import Site
from runner.proof.canonical import parse_strict
from runner.words import N_

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class StateDirectory:
    """The paths inside a state directory."""

    root: Path

    @property
    def lock(self) -> Path:
        """Held by the service, or by a command that works without one."""
        return self.root / "lock"

    @property
    def site(self) -> Path:
        """Which site this state belongs to."""
        return self.root / "site.json"

    @property
    def service(self) -> Path:
        """What the running service says of its process."""
        return self.root / "service.json"

    @property
    def database(self) -> Path:
        """SQLite."""
        return self.root / "twokey.db"

    @property
    def content(self) -> Path:
        """Blobs by their SHA-256."""
        return self.root / "content"

    @property
    def snapshots(self) -> Path:
        """Read-only trees, one for each plan."""
        return self.root / "snapshots"

    @property
    def shims(self) -> Path:
        """Folders of step shims."""
        return self.root / "shims"

    @property
    def log(self) -> Path:
        """What the service writes for whoever looks after it."""
        return self.root / "service.log"


def make_state(root: Path) -> StateDirectory:
    """Make the state directory of a new site; it counts as founded once `name_site` has been called.

    Raises:
        UsageError: it cannot be made, belongs to somebody else, or holds a site's state already.
    """
    state = StateDirectory(root.absolute())
    try:
        state.root.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(state.root, error) from error
    _require_own(state.root)
    if state.database.exists() or state.site.exists():
        raise UsageError(
            N_("state directory {path}: it holds the state of a site already"),
            hint=N_("name another with --state DIR; a log is never begun anew over an old one"),
            path=str(state.root),
        )
    return state


def name_site(state: StateDirectory, site: Site) -> None:
    """Write down which site this state belongs to.

    Raises:
        StorageError: it cannot be written.
    """
    document = {"root": str(site.root), "name": site.name, "origin": site.origin}
    write_durably(state.site, json.dumps(document, ensure_ascii=False).encode())


def open_state(root: Path, site: Site) -> StateDirectory:
    """The state directory of a founded site.

    Raises:
        UsageError: there is none, it belongs to another user or site, or others may read it.
    """
    state = StateDirectory(root.absolute())
    _require_own(state.root)
    document = _read_document(state.site)
    if document is None or not state.database.exists():
        raise UsageError(
            N_("state directory {path}: no site was founded in it"),
            hint=N_("make one with: twokey init DIR --admin NAME=KEY.pub --admin NAME=KEY.pub"),
            path=str(state.root),
        )
    if document.get("origin") != site.origin:
        raise UsageError(
            N_("state directory {path}: belongs to log {got}, the site names {expected}"),
            path=str(state.root),
            got=str(document.get("origin")),
            expected=site.origin,
        )
    if document.get("root") != str(site.root):
        name_site(state, site)
    return state


@contextmanager
def hold(state: StateDirectory) -> Iterator[None]:
    """Be the one process that works on this state, for as long as the block lasts.

    Raises:
        RefusedError: another process is.
    """
    try:
        descriptor = os.open(state.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unusable(state.lock, error) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            running = read_service(state) or {}
            raise RefusedError(
                N_("state directory {path}: a service is working on it already (process {pid})"),
                rule="state:one-service",
                hint=N_("use it, or end it with: twokey serve --stop"),
                path=str(state.root),
                pid=str(running.get("pid", "?")),
            ) from error
        yield
    finally:
        os.close(descriptor)


def read_service(state: StateDirectory) -> JsonObject | None:
    """What the service, running or gone, last said of its process; None when it ended in order."""
    return _read_document(state.service)


def write_service(state: StateDirectory, document: JsonObject) -> None:
    """Say which process serves this state.

    Raises:
        StorageError: it cannot be written.
    """
    write_durably(state.service, json.dumps(document).encode())


def _read_document(path: Path) -> JsonObject | None:
    try:
        document = parse_strict(path.read_bytes())
    except (OSError, UsageError):
        return None
    return document if isinstance(document, dict) else None


def _require_own(root: Path) -> None:
    try:
        found = root.stat()
    except FileNotFoundError as error:
        raise UsageError(
            N_("state directory {path}: there is none"),
            hint=N_("make one with: twokey init DIR --admin NAME=KEY.pub --admin NAME=KEY.pub"),
            path=str(root),
        ) from error
    except OSError as error:
        raise _unusable(root, error) from error
    if not stat.S_ISDIR(found.st_mode):
        raise UsageError(N_("state directory {path}: is no directory"), path=str(root))
    if found.st_uid != os.geteuid():
        raise UsageError(
            N_("state directory {path}: belongs to another user"),
            hint=N_("only its owner works on it; name your own with --state DIR"),
            path=str(root),
        )
    if found.st_mode & _OTHERS:
        raise UsageError(
            N_("state directory {path}: others may look into it"),
            hint=N_("make it yours alone: chmod 700 {path}"),
            path=str(root),
        )


def _unusable(path: Path, error: OSError) -> UsageError:
    return UsageError(N_("state directory {path}: {reason}"), path=str(path), reason=error.strerror or str(error))
