"""The folder of a shim: what service and shim leave for one another, and for whoever comes after a crash.

shims/<shim id>/
    shim.json            who the process is (by rename)
    shim.log             what it says of itself
    control              its socket
    <attempt>/           one for each attempt
        order.json       written by the service before the shim is told
        begun            written by the shim, durable, before anything touches a host
        spool.jsonl      events in order
        result.json      by rename, last
    work/<number>/       private folder of one Ansible process
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import runner
from runner.engine.durable import create_mark, sync_folder, write_durably
from runner.engine.process import ProcessMark, works_in
from runner.errors import StorageError
from runner.model.document import JsonObject
from runner.model.order import Order, Result
from runner.model.run import AttemptKey
from runner.wire.documents import from_document, to_document
from runner.words import N_

_PRIVATE = 0o700
_WORK = "work"


@dataclass(frozen=True, slots=True)
class AttemptFolder:
    """The folder of one attempt."""

    path: Path

    @property
    def name(self) -> str:
        """What messages call the attempt."""
        return self.path.name

    @property
    def order(self) -> Path:
        """Where the order lies."""
        return self.path / "order.json"

    @property
    def begun(self) -> Path:
        """What proves that the attempt may have touched a host."""
        return self.path / "begun"

    @property
    def spool(self) -> Path:
        """Where events go."""
        return self.path / "spool.jsonl"

    @property
    def result(self) -> Path:
        """Where the end is told."""
        return self.path / "result.json"

    def create(self) -> None:
        """Make the folder durably; that it exists already is no mistake."""
        self.path.mkdir(mode=_PRIVATE, exist_ok=True)
        sync_folder(self.path.parent)

    def write_order(self, order: Order) -> None:
        """Leave an order for the shim."""
        self.create()
        write_durably(self.order, to_bytes(order))

    def read_order(self) -> Order:
        """The order the service left.

        Raises:
            StorageError: there is none, or it cannot be read.
        """
        return from_document(Order, _read_json(self.order))

    def mark_begun(self) -> None:
        """Record, durably and only once, that the attempt begins."""
        create_mark(self.begun)

    def has_begun(self) -> bool:
        """Whether the attempt may have touched a host."""
        return self.begun.exists()

    def find_result(self) -> Result | None:
        """How the attempt ended, or None while nobody has told."""
        return from_document(Result, _read_json(self.result)) if self.result.exists() else None


@dataclass(frozen=True, slots=True)
class AboutShim:
    """What a shim says of itself."""

    process: ProcessMark
    at: datetime
    """When it started (UTC)."""
    version: str
    """Release of Twokey it runs."""


@dataclass(frozen=True, slots=True)
class ShimFolder:
    """The folder of one shim."""

    path: Path

    @property
    def about(self) -> Path:
        """Who the process is."""
        return self.path / "shim.json"

    @property
    def log(self) -> Path:
        """Standard output and error of the process."""
        return self.path / "shim.log"

    def attempt(self, key: AttemptKey) -> AttemptFolder:
        """The folder of an attempt, made or not."""
        return self.named(f"{key.batch}-{key.step}.{key.role}-{key.number}")

    def named(self, name: str) -> AttemptFolder:
        """The folder of the attempt that messages call `name`."""
        if "/" in name or name in {"", ".", ".."}:
            raise StorageError(N_('shim folder: "{name}" names no attempt'), name=name)
        return AttemptFolder(self.path / name)

    def attempts(self) -> Iterator[AttemptFolder]:
        """Attempts that were ordered here."""
        for path in sorted(self.path.iterdir()):
            if path.is_dir() and path.name != _WORK and (path / "order.json").exists():
                yield AttemptFolder(path)

    def new_work(self) -> Path:
        """A new private folder for one Ansible process; whoever asked removes it."""
        parent = self.path / _WORK
        parent.mkdir(mode=_PRIVATE, exist_ok=True)
        return Path(tempfile.mkdtemp(dir=parent))

    def put_away_work(self) -> None:
        """Remove the private folders of processes that have ended; of a shim that has ended itself."""
        works = self.path / _WORK
        for work in works.iterdir() if works.is_dir() else ():
            if not works_in(work):
                shutil.rmtree(work, ignore_errors=True)

    def write_about(self, mark: ProcessMark, at: datetime) -> None:
        """Say who the process is."""
        write_durably(self.about, to_bytes(AboutShim(mark, at, runner.__version__)))

    def find_about(self) -> AboutShim | None:
        """Who the process is, or None when it never came so far."""
        return from_document(AboutShim, _read_json(self.about)) if self.about.exists() else None

    def listen(self) -> socket.socket:
        """A listening control socket; its path may be longer than a socket address can be."""
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        with self._short_path() as folder:
            listener.bind(f"{folder}/control")
        listener.listen(4)
        return listener

    def connect(self) -> socket.socket:
        """A connection to the control socket.

        Raises:
            OSError: nobody listens there.
        """
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        try:
            with self._short_path() as folder:
                connection.connect(f"{folder}/control")
        except OSError:
            connection.close()
            raise
        return connection

    @contextmanager
    def _short_path(self) -> Iterator[str]:
        """The folder by a path of few bytes: socket addresses have 107."""
        descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            yield f"/proc/self/fd/{descriptor}"
        finally:
            os.close(descriptor)


def to_bytes(value: object) -> bytes:
    """A value of the model as the bytes of a file."""
    return json.dumps(to_document(value), ensure_ascii=False, indent=1).encode() + b"\n"


def _read_json(path: Path) -> JsonObject:
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise StorageError(N_("{path}: cannot be read"), path=str(path)) from error
    if not isinstance(document, dict):
        raise StorageError(N_("{path}: cannot be read"), path=str(path))
    return document
