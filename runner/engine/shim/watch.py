"""Learning from the kernel that a file has grown, without looking again and again."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

_MODIFIED = 0x2
_MOST = 64 * 1024


class Watch:
    """Becomes readable for a selector when a file has been written to."""

    def __init__(self, path: Path) -> None:
        """Watch a file, which is created if it is not there yet.

        Raises:
            OSError: the kernel does not watch so many files.
        """
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600))
        libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor: int = libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
        if self._descriptor < 0:
            raise OSError(ctypes.get_errno(), "inotify_init1")
        if libc.inotify_add_watch(self._descriptor, os.fsencode(path), _MODIFIED) < 0:
            number = ctypes.get_errno()
            self.close()
            raise OSError(number, "inotify_add_watch")

    def fileno(self) -> int:
        """The descriptor a selector waits for."""
        return self._descriptor

    def drain(self) -> None:
        """Forget what has happened so far."""
        try:
            os.read(self._descriptor, _MOST)
        except BlockingIOError:
            return

    def close(self) -> None:
        """Watch no more."""
        os.close(self._descriptor)
