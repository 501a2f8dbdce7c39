"""What all screens of one person's sitting share; the app fills it in, screens read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from runner.errors import RunnerError, SignInError
from runner.wire.api import ServiceStatus
from tui.backend import Backend, Key
from tui.text import Present

_BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Sitting:
    """A person at a terminal."""

    backend: Backend
    remapped: Mapping[str, str] = field(default_factory=dict)
    """Keys by action, as remapped."""
    key_path: str = ""
    """Key file named at the start; offered where a key is chosen."""
    status: ServiceStatus | None = None
    """What the service said of itself; None until it was reached."""
    reached: bool = False
    """Whether the service is reached now."""
    lost: RunnerError | None = None
    """Why it is not reached."""
    lost_at: datetime | None = None
    """When what is shown was last known to be so; None while it is reached, or never was."""
    signed_out: SignInError | None = None
    """Why nothing is answered any more until the person has signed in again; what was read before stays."""
    key: Key | None = None
    """The person's own key; None until one was needed."""

    @property
    def present(self) -> Present:
        """What times are shown against."""
        if self.status is None:
            return Present(_BEFORE_ALL, "UTC")
        return Present(self.backend.now(), self.status.timezone)
