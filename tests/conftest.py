"""What holds for every test: a world of its own, and nothing left behind."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import hypothesis
import pytest

from tests.waiting import is_running, wait_until

_MARK = "LC_TWOKEY_TEST_SESSION"
"""Environment variable by which a process that a test session started is known again."""

_FOREIGN = ("ANSIBLE_", "GIT_", "LC_", "SSH_", "TWOKEY_", "XDG_")
"""Variables of the person who runs the tests; no test may depend on them."""

_SECONDS_TO_END = 15.0

hypothesis.settings.register_profile(
    "twokey",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("twokey")


@pytest.fixture(scope="session", autouse=True)
def _own_world() -> Iterator[None]:
    """Give a session its own home, folders and language; fail when a process outlives it."""
    # Whoever runs the tests in the background may ignore interrupts, and every command they start would inherit that.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    home = Path(tempfile.mkdtemp(prefix="twokey-home-"))
    mark = uuid.uuid4().hex
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(_FOREIGN)]:
            patch.delenv(name)
        for name, folder in {
            "HOME": "",
            "XDG_STATE_HOME": "state",
            "XDG_CONFIG_HOME": "config",
            "XDG_CACHE_HOME": "cache",
            "XDG_RUNTIME_DIR": "run",
        }.items():
            (home / folder).mkdir(mode=0o700, exist_ok=True)
            patch.setenv(name, str(home / folder))
        for name, value in {
            "LANG": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "Test",
            "GIT_AUTHOR_EMAIL": "test@localhost",
            "GIT_COMMITTER_NAME": "Test",
            "GIT_COMMITTER_EMAIL": "test@localhost",
            _MARK: mark,
        }.items():
            patch.setenv(name, value)
        yield
        _require_nothing_left(mark)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """An empty folder with a short path: the path of a socket has no more than 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="tk"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def awkward_folder(tmp_path: Path) -> Path:
    """An empty folder whose path holds a space and Chinese characters."""
    folder = tmp_path / "two keys 双人"
    folder.mkdir()
    return folder


def _require_nothing_left(mark: str) -> None:
    try:
        wait_until(lambda: not _marked(mark), _SECONDS_TO_END, "the processes that the tests started to end")
    except TimeoutError as error:
        left = _marked(mark)
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        told = "; ".join(f"{pid}: {command}" for pid, command in left.items())
        error.add_note(f"left behind (and ended now): {told}")
        raise


def _marked(mark: str) -> dict[int, str]:
    """Processes other than this one that carry the mark in their environment, with their command lines."""
    wanted = f"{_MARK}={mark}".encode()
    marked: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with suppress(OSError):
            if wanted in (entry / "environ").read_bytes().split(b"\0") and is_running(int(entry.name)):
                marked[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return marked
