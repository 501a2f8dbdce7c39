"""What Ansible says beside the events of its plays: warnings, deprecations, errors.

Ansible writes them to its standard streams, from the main thread and from the one that reads its workers' answers,
each message in one piece. They become events; what is said before the play is let go waits for it.
"""

from __future__ import annotations

import io
import sys
from typing import Protocol, TextIO

_KINDS = {
    "[WARNING]: ": "warning",
    "[DEPRECATION WARNING]: ": "deprecation",
    "[ERROR]: ": "error",
}
_LONGEST = 65536
"""Characters without a line end that are kept together."""


class Listener(Protocol):
    """Who is told; the session."""

    def tell(self, event: str, /, **fields: object) -> None:
        """Append an event."""


class Talk:
    """Takes messages and turns them into events."""

    def __init__(self) -> None:
        self._session: Listener | None = None
        self._early: list[str] = []

    def say(self, message: str) -> None:
        """Take a message."""
        if self._session is None:
            self._early.append(message)
        elif text := message.strip():
            prefix = next((prefix for prefix in _KINDS if text.startswith(prefix)), "")
            self._session.tell(_KINDS.get(prefix, "output"), text=text.removeprefix(prefix))

    def begin(self, session: Listener) -> None:
        """Tell what was said so far, and from now on everything at once."""
        self._session = session
        early, self._early = self._early, []
        for message in early:
            self.say(message)

    def unheard(self) -> str:
        """What was said and never became an event."""
        return "".join(self._early)


class _Stream(io.TextIOWrapper):
    """A standard stream whose text is taken as messages; its descriptor stays what it was."""

    def __init__(self, stream: TextIO, talk: Talk) -> None:
        super().__init__(stream.buffer, encoding="utf-8", errors="backslashreplace", write_through=True)
        self._talk = talk
        self._open_line = ""

    def write(self, text: str, /) -> int:
        self._open_line += text
        if self._open_line.endswith("\n") or len(self._open_line) > _LONGEST:
            message, self._open_line = self._open_line, ""
            self._talk.say(message)
        return len(text)

    def flush(self) -> None:
        """Keep a line that is not at its end."""


def listen() -> Talk:
    """Take over the standard output and error of this process."""
    talk = Talk()
    sys.stdout = _Stream(sys.stdout, talk)
    sys.stderr = _Stream(sys.stderr, talk)
    return talk
