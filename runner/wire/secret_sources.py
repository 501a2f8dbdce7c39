"""Shape of an environment's `secrets.yml`: where each secret comes from and which version is meant; never a value."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field

from runner.model.secret import CommandSource, EnvironmentSource
from runner.wire.fields import HostName, Label, Name, Shape, said, text_field
from runner.words import N_

KINDS: Final = ("vault", "environment", "command")
"""Keys of which a secret has exactly one."""
_MOST_ARGUMENTS: Final = 32

_FILE = text_field(
    r"(?![.])[A-Za-z0-9_.-]{1,128}", N_('got "{got}", expected the name of a file beside secrets.yml, without folders')
)
_VARIABLE = text_field(
    r"[A-Za-z_][A-Za-z0-9_]{0,127}", N_('got "{got}", expected the name of a variable of the service')
)


def _program(value: object) -> object:
    if isinstance(value, list) and value and isinstance(value[0], str):
        parts = value[0].split("/")
        if parts[0] or len(parts) == 1 or any(part in {"", ".", ".."} for part in parts[1:]):
            raise said(N_('got "{got}", expected the absolute path of a program'), got=value[0][:80])
    return value


class VaultShape(Shape):
    """A key of a file that ansible-vault has encrypted."""

    file: Annotated[str, _FILE[0], _FILE[1]]
    """Name of the file, beside secrets.yml."""
    key: Annotated[str, Field(min_length=1, max_length=128)]
    """Key at the top of the file."""


class SecretShape(Shape):
    """One secret: exactly one of vault, environment and command."""

    version: Label
    """Which version is meant; raise it when the value changes, and approvals of the old one are void."""
    vault: VaultShape | None = None
    """A file encrypted by ansible-vault."""
    environment: Annotated[str, _VARIABLE[0], _VARIABLE[1]] | None = None
    """A variable of the service."""
    command: Annotated[list[str], Field(min_length=1, max_length=_MOST_ARGUMENTS), BeforeValidator(_program)] | None = (
        None
    )
    """A program of the service's machine and its arguments; no shell, and no secret among them."""
    only_for: Annotated[Annotated[list[HostName], Field(min_length=1)] | None, Field(alias="for")] = None
    """Hosts and groups whose plays may get it; without it, all."""

    def kinds(self) -> tuple[str, ...]:
        """The sources that are given."""
        return tuple(kind for kind in KINDS if getattr(self, kind) is not None)

    def plain_source(self) -> EnvironmentSource | CommandSource | None:
        """The source, unless it is a vault file."""
        if self.environment is not None:
            return EnvironmentSource(self.environment)
        return CommandSource(tuple(self.command)) if self.command is not None else None


def _known_version(value: object) -> object:
    if value != "twokey/v1":
        raise said(N_('got "{got}", expected "twokey/v1"'), got=str(value)[:80])
    return value


class SecretsShape(Shape):
    """The secrets of an environment, by reference."""

    version_of_language: Annotated[Literal["twokey/v1"], BeforeValidator(_known_version), Field(alias="apiVersion")]
    """Version of the language."""
    kind: Literal["Secrets"]
    """What the document is."""
    secrets: dict[Name, SecretShape] = Field(default_factory=dict)
    """Secrets by name; a play finds the value in a variable of that name."""
