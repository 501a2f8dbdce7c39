"""From a reference to a value, in the service and at the last moment: what is not exactly what was bound is not given.

Values go to the shim of the attempt and are kept nowhere here. A failure names reference and reason, never a value.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from runner.engine.secret_command import LONGEST, ask_program
from runner.engine.vault import decrypt
from runner.errors import RunnerError, UsageError
from runner.model.plan import SecretRef
from runner.model.secret import CommandSource, EnvironmentSource, Given, Secret, SecretText, VaultSource
from runner.proof.canonical import digest
from runner.runbook.yaml_source import read_yaml
from runner.words import N_

_log = logging.getLogger(__name__)

SHORTEST: Final = 6
"""Characters below which a value cannot be masked without tearing holes into everything else."""
PASSWORD_FILE: Final = "TWOKEY_VAULT_PASSWORD_FILE"  # noqa: S105 - the name of a variable
CREDENTIALS: Final = "CREDENTIALS_DIRECTORY"
"""Variables of the service: a file with the vault password; the folder where systemd puts `vault_password`."""
_CREDENTIAL: Final = "vault_password"

Give = Callable[[Sequence[SecretRef]], Given]
"""Gives the values of references.

Raises:
    UsageError: one of them cannot be given.
"""


def give_nothing(wanted: Sequence[SecretRef]) -> Given:
    """Give what a service without secrets can: nothing, to whoever needs nothing.

    Raises:
        UsageError: something is wanted.
    """
    if wanted:
        raise UsageError(N_("secret {name}: this environment declares none"), name=wanted[0].name)
    return {}


@dataclass(frozen=True, slots=True)
class Checked:
    """Whether a secret can be given now."""

    reference: SecretRef
    problem: str = ""
    """Why not; empty when it can."""


class SecretGiver:
    """Gives the secrets of one environment."""

    def __init__(
        self, folder: Path, declared: Callable[[], Mapping[str, Secret]], environment: Mapping[str, str]
    ) -> None:
        """Make a giver.

        Args:
            folder: folder of the environment, where its vault files lie.
            declared: what the environment declares now.
            environment: the service's own variables.
        """
        self._folder = folder
        self._declared = declared
        self._environment = environment

    def give(self, wanted: Sequence[SecretRef]) -> Given:
        """The values of what a plan has bound.

        Raises:
            UsageError: one is declared differently now, or cannot be resolved; nothing is given.
        """
        if not wanted:
            return {}
        declared = self._declared()
        return {reference.name: self._give_one(reference, declared.get(reference.name)) for reference in wanted}

    def check(self) -> tuple[Checked, ...]:
        """Every declared secret, resolved and forgotten.

        Raises:
            InvalidContentError: what the environment declares has problems.
        """
        return tuple(self._check_one(secret) for _, secret in sorted(self._declared().items()))

    def _check_one(self, secret: Secret) -> Checked:
        try:
            self._value(secret)
        except RunnerError as error:
            return Checked(secret.reference, str(error))
        return Checked(secret.reference)

    def _give_one(self, reference: SecretRef, secret: Secret | None) -> SecretText:
        try:
            return self._value(_same(reference, secret))
        except UsageError as error:
            _log.warning("secret %s is not given: %s", reference.name, error)
            raise UsageError(
                N_("secret {name} ({source}, version {version}): {why}"),
                name=reference.name,
                source=reference.source,
                version=reference.version,
                why=str(error),
            ) from error

    def _value(self, secret: Secret) -> SecretText:
        source = secret.source
        if isinstance(source, VaultSource):
            return SecretText(_usable(self._from_vault(source)))
        if isinstance(source, EnvironmentSource):
            found = self._environment.get(source.variable)
            if found is None:
                raise UsageError(N_("the service has no variable of this name"))
            return SecretText(_usable(found))
        return SecretText(_usable(_text(_printed(source, self._environment))))

    def _from_vault(self, source: VaultSource) -> str:
        data = _read(self._folder / source.file)
        if digest(data) != f"sha256:{source.sha256}":
            raise UsageError(N_("its file is not the one that was bound"))
        text = decrypt(data, self._password())
        read = read_yaml(text, source.file)
        value = read.value.get(source.key) if isinstance(read.value, dict) else None
        if read.problems or not isinstance(value, str):
            raise UsageError(N_("its file, once decrypted, is no YAML with this key and a text"))
        return value

    def _password(self) -> bytes:
        """The vault password, read anew each time.

        Raises:
            UsageError: the service was given none.
        """
        path = self._environment.get(PASSWORD_FILE)
        if path is None and (folder := self._environment.get(CREDENTIALS)):
            path = str(Path(folder) / _CREDENTIAL)
        if path is None:
            raise UsageError(
                N_("the service has no vault password; name its file in {variable}, or load a credential {credential}"),
                variable=PASSWORD_FILE,
                credential=_CREDENTIAL,
            )
        password = _read(Path(path)).strip()
        if not password:
            raise UsageError(N_("the file with the vault password is empty"))
        return password


def _same(reference: SecretRef, secret: Secret | None) -> Secret:
    if secret is None or secret.reference != reference:
        raise UsageError(N_("it is declared differently now than in the plan"))
    return secret


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(
            N_("{path}: cannot be read: {why}"), path=path.name, why=error.strerror or str(error)
        ) from error


def _printed(source: CommandSource, environment: Mapping[str, str]) -> bytes:
    printed = ask_program(source.argv, environment)
    return printed[:-1] if printed.endswith(b"\n") else printed


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError(N_("it is no text in UTF-8")) from None


def _usable(text: str) -> str:
    """The value, when it can be given to a play and masked in everything it says.

    Raises:
        UsageError: it is too short or too long to be masked, or holds what no text holds.
    """
    if len(text.strip()) < SHORTEST:
        raise UsageError(N_("it is shorter than {limit} characters, too short to be masked"), limit=SHORTEST)
    if len(text.encode("utf-8", "surrogateescape")) > LONGEST:
        raise UsageError(N_("it is longer than {limit} bytes"), limit=LONGEST)
    if "\0" in text or (not text.isprintable() and any(ord(letter) in range(0xD800, 0xE000) for letter in text)):
        raise UsageError(N_("it is no text in UTF-8"))
    return text
