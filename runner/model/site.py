"""A site: the folder under git whose runbooks are served."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Site:
    """What `inventory/site.yml` says, and where it lies."""

    root: Path
    """Folder of the site (absolute)."""
    name: str
    environment: str
    """Folder of `inventory/` that is served."""
    production: bool
    origin: str
    """Name of the log (C2SP checkpoint origin)."""
    timezone: str
    """IANA name of the zone people read times in."""

    @property
    def runbooks(self) -> Path:
        """Folder of the runbooks."""
        return self.root / "runbooks"

    @property
    def playbooks(self) -> Path:
        """Folder of everything Ansible."""
        return self.root / "playbooks"

    @property
    def inventory(self) -> Path:
        """Folder of the environment served."""
        return self.root / "inventory" / self.environment
