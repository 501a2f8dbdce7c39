"""A plan: a request fully expanded and frozen, in three parts with a digest each.

*content* is the runbook and every file it can reach; *binding* the hosts, variables, parameters and window; *runtime*
the versions that will execute. The plan digest covers the three digests. Batches and steps are not a fourth part:
whoever holds the three parts can expand them again (`runner.rules.expansion`) and must get the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from runner.model.document import JsonObject, JsonValue
from runner.model.runbook import Risk, Runbook
from runner.model.time import Seconds, Window


@dataclass(frozen=True, slots=True)
class ContentFile:
    """One bound file; git modes only, so the executable bit is all that is kept of its mode."""

    path: str
    """Relative to the site, with forward slashes: `playbooks/postgres/upgrade.yml`."""
    sha256: str
    """Hex digest of its bytes."""
    size: int
    """Bytes."""
    executable: bool = False


@dataclass(frozen=True, slots=True)
class Content:
    """The runbook and everything it reaches, sorted by path."""

    runbook: str
    """Path of the runbook relative to the site."""
    files: tuple[ContentFile, ...]


class Connection(StrEnum):
    """How a host is reached."""

    SSH = "ssh"
    LOCAL = "local"


@dataclass(frozen=True, slots=True)
class Host:
    """A host of the plan, pinned."""

    name: str
    """Alias in the inventory."""
    connection: Connection
    identity: str
    """What is locked: digest of the pinned host key (`hostkey:SHA256:…`), or `local:<machine>` for this machine."""
    address: str = ""
    port: int = 22
    user: str = ""
    host_keys: tuple[str, ...] = ()
    """Pinned keys, each `type base64`, sorted."""
    variables: Mapping[str, JsonValue] = field(default_factory=dict)
    """The host's own variables as written (group variables stay with the group)."""


@dataclass(frozen=True, slots=True)
class Group:
    """An inventory group, cut down to the plan's hosts."""

    name: str
    hosts: tuple[str, ...]
    children: tuple[str, ...] = ()
    variables: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SecretRef:
    """A secret by reference and version; its value is never here."""

    name: str
    source: str
    version: str


@dataclass(frozen=True, slots=True)
class Binding:
    """What the content is applied to."""

    environment: str
    production: bool
    hosts: tuple[Host, ...]
    """Sorted by name."""
    groups: tuple[Group, ...]
    """Sorted by name; includes `all`."""
    batches: tuple[tuple[str, ...], ...]
    """Host names taken together, in order."""
    parameters: Mapping[str, JsonValue]
    """Every declared parameter with its value."""
    window: Window | None
    """None only for a runbook that does not need one."""
    secrets: tuple[SecretRef, ...] = ()
    raised_to: Risk | None = None
    """Risk class that whoever plans it wants at least; None: the one it has by itself."""

    def host(self, name: str) -> Host:
        """The host of that name; it must be one of the plan."""
        return next(host for host in self.hosts if host.name == name)


@dataclass(frozen=True, slots=True)
class Runtime:
    """The versions that execute."""

    twokey: str
    ansible_core: str
    ansible_runner: str
    python: str
    collections: tuple[str, ...] = ()
    """`namespace.name version`, sorted."""


class UnboundKind(StrEnum):
    """Why something is only known at run time."""

    OUTPUT = "output"
    LOOKUP = "lookup"
    SHEET = "sheet"


@dataclass(frozen=True, slots=True)
class Unbound:
    """Something the approver signs without knowing its value."""

    kind: UnboundKind
    place: str
    """`PATH:LINE` or step id."""
    what: str
    """The reference or lookup as written."""
    allowed: bool
    """Whether policy lets a plan with it be requested."""


@dataclass(frozen=True, slots=True)
class Digests:
    """Each `sha256:<hex>` over RFC 8785 bytes."""

    content: str
    binding: str
    runtime: str
    plan: str


class Role(StrEnum):
    """What one attempt of a step does; with the step's id it names the slot an attempt is numbered in."""

    DO = "do"
    VERIFY = "verify"
    SETTLE = "settle"
    SOAK = "soak"
    WRITES_OFF = "writes_off"
    ROLLBACK = "rollback"
    ROLLBACK_VERIFY = "rollback_verify"
    HEALTH = "health"
    """The play after all rollback; its step is the pseudo step `after_rollback`."""


@dataclass(frozen=True, slots=True)
class RiskRule:
    """A rule by which a plan has its risk class."""

    rule: str
    """Its name, for programs."""
    message: str
    """What it says (message id), filled with `facts`."""
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """The exact thing two people agree on."""

    digests: Digests
    content: Content
    binding: Binding
    runtime: Runtime
    runbook: Runbook
    """Parsed from the content's bytes."""
    risk: Risk
    risk_rules: tuple[RiskRule, ...]
    """Every rule that asks for this risk class."""
    unbound: tuple[Unbound, ...] = ()
    rollback_estimate: Seconds = Seconds(0)
    """Sum over the steps of one batch, or over the run when its scope is the run."""


@dataclass(frozen=True, slots=True)
class PlanDocument:
    """A plan as stored and sent: the three parts as JSON, their digests, and the runbook's source."""

    digests: Digests
    content: JsonObject
    binding: JsonObject
    runtime: JsonObject
    runbook_source: str
    unbound: tuple[Unbound, ...] = ()
    published: bool = True
