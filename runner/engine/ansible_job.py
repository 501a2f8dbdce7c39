"""What the Ansible driver is asked to do, and what it says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from runner.errors import UsageError
from runner.words import N_


@dataclass(frozen=True, slots=True)
class AnsibleJob:
    """One playbook on one batch of hosts."""

    private_data_dir: Path
    """Empty folder of this attempt alone (0700); the driver fills it."""
    snapshot: Path
    """Root of the read-only tree that the play sees."""
    playbook: Path
    """Playbook inside the snapshot."""
    inventory: Path
    """Static inventory inside the snapshot, YAML or INI."""
    spool: Path
    """File that events are appended to; empty or absent."""
    limit: tuple[str, ...]
    """Names of the hosts of this batch; at least one."""
    check: bool = False
    """Check mode, with differences."""
    masks: tuple[str, ...] = ()
    """Values that are replaced before anything is written."""
    forks: int = 20
    """How many hosts Ansible works on at a time."""
    event_limit: int = 65536
    """Bytes of one event before it is cut."""
    hold_seconds: float = 600
    """How long a play holds when its events cannot be written."""
    known_hosts: Path | None = None
    """Pinned host keys; without it no host is reached over SSH."""
    ssh_config: Path | None = None
    """Further ssh settings of the snapshot; they cannot weaken ours."""
    ssh_key: Path | None = None
    """Private key to log in with; without it, what ssh finds by itself (agent, default keys)."""
    control_dir: Path | None = None
    """Folder of kept ssh connections, made by `runner.engine.ssh_sharing` for all attempts of a run; None ends them
    with the attempt."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables beyond those every play gets; names of Ansible's own settings are refused."""

    def __post_init__(self) -> None:
        if not self.limit:
            raise UsageError(N_("an Ansible job names no host"))
        if own := [name for name in self.environment if name.upper().startswith(("ANSIBLE_", "_ANSIBLE_"))]:
            raise UsageError(N_("{name} is a setting of Ansible and cannot be given to a play"), name=own[0])


class EndStatus(StrEnum):
    """How an Ansible process ended."""

    SUCCESSFUL = "successful"
    FAILED = "failed"
    """Ended by itself; a host failed or was unreachable, the playbook could not be used, or the play was broken off
    (`runner.engine.ansible_side.border.Exit` says why)."""
    CANCELED = "canceled"
    """Ended because the driver was asked to; in the middle of a task unless `AnsibleEnd.is_clean`."""
    TIMEOUT = "timeout"
    """Killed at its deadline."""
    UNSEEN = "unseen"
    """Gone without having said how it ended."""


@dataclass(frozen=True, slots=True)
class AnsibleEnd:
    """How an Ansible process ended."""

    status: EndStatus
    rc: int | None
    """Exit status, of Ansible or of the border; None when there is none to trust."""
    has_begun: bool
    """Whether the playbook was let go; otherwise nothing was read or run."""
    is_clean: bool
    """Whether the process ended by itself, with every event written and no host in the middle of a task."""
    argv: tuple[str, ...]
    """The command that really ran, as the kernel tells it; empty when it ended too early to be asked."""
    output: str
    """What the process left on its terminal instead of the spool, masked: why it ended before it began."""
