"""The stage of the demo: two people's keys, their commands, and what they are shown."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from runner.cli.output import put, tell
from runner.errors import RunFailedError, UsageError
from runner.model.document import JsonObject
from runner.proof.canonical import parse_strict
from runner.words import N_, _, current_language

A: Final = "duty-a"
B: Final = "duty-b"
PEOPLE: Final = (A, B)
_MARK: Final = "made-by-twokey-demo"


class Stage:
    """A folder to play in, and the means to act as either person there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.site = folder / "site"
        self.state = folder / "state"
        self.app = folder / "app"
        self.port = 0
        self._chapter = 0

    def clear(self) -> None:
        """Begin with an empty folder; end what an earlier demo left running.

        Raises:
            UsageError: the folder holds something else.
        """
        if self.folder.exists() and any(self.folder.iterdir()):
            if not (self.folder / _MARK).exists():
                raise UsageError(
                    N_("{folder}: not empty, and not made by the demo"),
                    hint=N_("name another with --folder DIR"),
                    folder=str(self.folder),
                )
            self.stop()
            _remove(self.folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / _MARK).write_text("")
        self.port = _free_port()
        for person in PEOPLE:
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", person, "-f", str(self.key(person))], check=True
            )

    def stop(self) -> None:
        """Stop service and application, if they run."""
        if self.state.exists():
            self.command(None, "serve", "--stop", check=False)
        supervisor = self.app / "bin" / "supervise.py"
        if supervisor.exists():
            subprocess.run([sys.executable, str(supervisor), "stop", str(self.app)], check=False)

    def key(self, person: str) -> Path:
        """A person's private key."""
        return self.folder / f"{person}.key"

    def chapter(self, title: str) -> None:
        """A headline."""
        self._chapter += 1
        put()
        put(f"── {self._chapter}. {title} " + "─" * 20, "strong")

    def say(self, text: str) -> None:
        """One sentence of the story."""
        put(text)

    def show(self, person: str | None, *words: str) -> str:
        """Run a command as a person and let its output be read; the output."""
        result = self.command(person, *words)
        for line in result.stdout.splitlines():
            put(f"   │ {line}", "faint")
        return result.stdout

    def ask(self, person: str | None, *words: str) -> JsonObject:
        """Run a command as a person; what it answers, as JSON."""
        return self._answer(self.command(person, *words, more=("--json",)))

    def look(self, *words: str) -> JsonObject:
        """What a command answers, as JSON, without telling that it was asked: for the checks of the story."""
        return self._answer(self.command(None, *words, more=("--json",), is_told=False))

    def command(
        self, person: str | None, *words: str, check: bool = True, more: tuple[str, ...] = (), is_told: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run `twokey` as a person; what was typed is told, but for `more`.

        Raises:
            RunFailedError: it did not end with 0, and that was not expected.
        """
        options = ["--state", str(self.state)] + (["--key", str(self.key(person))] if person else [])
        shown = " ".join(word if word.isascii() and " " not in word else f"'{word}'" for word in words)
        if is_told:
            tell(f"   {person} $ twokey {shown}" if person else f"   $ twokey {shown}")
        result = subprocess.run(
            [sys.executable, "-m", "runner.cli.main", "--lang", current_language(), *options, *words, *more],
            check=False,
            text=True,
            capture_output=True,
            stdin=subprocess.DEVNULL,
        )
        if check and result.returncode:
            for line in (result.stdout + result.stderr).splitlines():
                tell(f"   ! {line}")
            raise RunFailedError(
                N_("demo: this command ended with {code}: twokey {words}"), code=result.returncode, words=shown
            )
        return result

    @staticmethod
    def _answer(result: subprocess.CompletedProcess[str]) -> JsonObject:
        document = parse_strict(result.stdout.encode())
        return document if isinstance(document, dict) else {}

    def health(self) -> JsonObject:
        """What the application says of itself, asked over its own port."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=5)
        with connection:
            connection.sendall(b"GET /health HTTP/1.0\r\n\r\n")
            answer = b""
            while part := connection.recv(4096):
                answer += part
        document = json.loads(answer.partition(b"\r\n\r\n")[2])
        return document if isinstance(document, dict) else {}

    def kill_service(self) -> int:
        """Kill -9 the service; its process id."""
        pid = int(json.loads((self.state / "service.json").read_text())["pid"])
        os.kill(pid, signal.SIGKILL)
        return pid

    def wait_until(self, holds: Callable[[], bool], what: str, seconds: float) -> None:
        """Wait for something outside this program.

        Raises:
            RunFailedError: it does not happen in time.
        """
        give_up = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > give_up:
                raise RunFailedError(N_("demo: this did not happen in {seconds} s: {what}"), seconds=seconds, what=what)
            time.sleep(0.02)  # noqa: TID251 - another process acts; there is no event to wait for

    def fail_unless(self, holds: bool, what: str) -> None:  # noqa: FBT001 - reads as a sentence where it is called
        """A claim the demo makes must be true.

        Raises:
            RunFailedError: it is not.
        """
        if not holds:
            raise RunFailedError(N_("demo: this was to hold and does not: {what}"), what=what)
        put(_("   ✓ {what}").format(what=what), "good")


def _remove(folder: Path) -> None:
    """Remove a tree of which parts are read-only."""
    for path in folder.rglob("*"):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o700)
    shutil.rmtree(folder)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
