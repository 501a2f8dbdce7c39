"""Secrets: where a value comes from, and the value itself, which shows itself to nobody who does not ask."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, final

from runner.model.plan import SecretRef


@final
class SecretText:
    """A secret value; neither `repr` nor `str` shows it, and it cannot be pickled."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The value, for whoever must hand it on."""
        return self._text

    def __repr__(self) -> str:
        return "SecretText(…)"

    def __reduce__(self) -> str:
        raise TypeError("a secret is not written down")


Given = Mapping[str, SecretText]
"""Values by name, as one attempt gets them."""
NOTHING: Final[Given] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class VaultSource:
    """A key of a file beside the inventory that ansible-vault has encrypted."""

    file: str
    """Name of the file in the environment's folder."""
    key: str
    sha256: str
    """Digest of the encrypted bytes."""

    def __str__(self) -> str:
        return f"vault:{self.file}#{self.key}@sha256:{self.sha256}"


@dataclass(frozen=True, slots=True)
class EnvironmentSource:
    """A variable of the service's own environment."""

    variable: str

    def __str__(self) -> str:
        return f"environment:{self.variable}"


@dataclass(frozen=True, slots=True)
class CommandSource:
    """What a program of the service's machine prints."""

    argv: tuple[str, ...]

    def __str__(self) -> str:
        return f"command:{json.dumps(self.argv, ensure_ascii=False)}"


SecretSource = VaultSource | EnvironmentSource | CommandSource


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret as the inventory declares it."""

    name: str
    """Also the variable that a play finds it in."""
    source: SecretSource
    version: str
    hosts: frozenset[str] | None = None
    """Names of the hosts whose plays may get it; None: of every host."""

    @property
    def reference(self) -> SecretRef:
        """What a plan binds of it."""
        return SecretRef(self.name, str(self.source), self.version)
