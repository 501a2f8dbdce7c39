"""The secrets an environment declares, read from its `secrets.yml`, and what a plan binds of them: references only."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Final

from runner.errors import NotFoundError, UsageError
from runner.model.finding import DocumentPath, Finding
from runner.model.nearest import nearest
from runner.model.plan import SecretRef
from runner.model.runbook import Runbook, Targets
from runner.model.secret import Secret, SecretSource, VaultSource
from runner.model.site import Site
from runner.rules.secret_use import secrets_needed
from runner.rules.variables import refused_name
from runner.runbook.binding import members_of
from runner.runbook.closure import Reach
from runner.runbook.inventory import Inventory
from runner.runbook.loader import read_file, shown_path
from runner.runbook.placing import place_findings
from runner.runbook.problems import Problem, invalid, say
from runner.runbook.shape import fit
from runner.runbook.yaml_source import read_yaml
from runner.wire.secret_sources import KINDS, SecretShape, SecretsShape
from runner.words import N_

SECRETS_FILE: Final = "secrets.yml"
SECRETS_SCHEMA_FILE: Final = "inventory/secrets.schema.json"
"""Where a site keeps the JSON Schema of such files."""
_VAULT: Final = b"$ANSIBLE_VAULT;"
_TEMPLATE: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_TEXT: Final = re.compile(r"'[^']*'|\"[^\"]*\"")

Secrets = Mapping[str, Secret]


def load_secrets(site: Site, inventory: Inventory) -> Secrets:
    """What a site's environment declares; nothing when it has no such file.

    Raises:
        InvalidContentError: with every problem of the file.
    """
    path = site.inventory / SECRETS_FILE
    if not path.exists():
        return {}
    return parse_secrets(read_file(path), shown_path(path, site.root), site.inventory, inventory)


def parse_secrets(source: bytes, shown: str, folder: Path, inventory: Inventory) -> Secrets:
    """The secrets that a file's bytes declare.

    Args:
        source: the file's bytes.
        shown: how to name the file in problems.
        folder: where vault files lie.
        inventory: hosts and groups that it may name.

    Raises:
        InvalidContentError: with every problem of the file.
    """
    read = read_yaml(source, shown)
    if not read.readable:
        raise invalid(shown, read.problems)
    fitted = fit(read.value, SecretsShape)
    problems = [*read.problems, *place_findings(shown, read, fitted.findings)]
    if fitted.shape is None or problems:
        raise invalid(shown, problems)
    reader = _Reader(folder, inventory)
    secrets = {name: reader.secret(name, shape) for name, shape in fitted.shape.secrets.items()}
    problems += place_findings(shown, read, reader.findings)
    if problems:
        raise invalid(shown, problems)
    return {name: secret for name, secret in secrets.items() if secret is not None}


def bind_secrets(secrets: Secrets, runbook: Runbook, hosts: Collection[str]) -> tuple[SecretRef, ...]:
    """What a plan binds: the references its runbook names, sorted.

    Raises:
        NotFoundError: the environment declares no such secret.
        UsageError: a host of the plan may not get one.
    """
    return tuple(_bound(name, secrets, hosts) for name in secrets_needed(runbook))


def undeclared_uses(reach: Reach, secrets: Collection[str]) -> Iterator[Problem]:
    """Templates that use a secret of the environment which their runbook does not name."""
    hidden = set(secrets) - set(secrets_needed(reach.runbook))
    if not hidden:
        return
    names = re.compile(r"(?<![\w.])(?:" + "|".join(sorted(hidden)) + r")(?!\w)")
    for path, blob in sorted(reach.blobs.items()):
        if path == reach.content.runbook:
            continue
        text = blob.data.decode("utf-8", "replace")
        for template in _TEMPLATE.finditer(text):
            inside = _TEXT.sub(lambda found: " " * len(found[0]), template[0])
            for found in names.finditer(inside):
                offset = template.start() + found.start()
                line, column = text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)
                message = N_('"{name}" is a secret, and the runbook does not name it under "secrets"')
                yield Problem(path, line, column, say(message, name=found[0]))


def unknown_secrets(reach: Reach, secrets: Collection[str]) -> Iterator[Problem]:
    """Secrets a runbook names that the environment does not declare."""
    read = read_yaml(reach.source, reach.content.runbook)
    runbook = reach.runbook
    named: list[tuple[DocumentPath, str]] = [(("secrets", place), name) for place, name in enumerate(runbook.secrets)]
    for position, step in enumerate(runbook.steps):
        named += [(("steps", position, "secrets", place), name) for place, name in enumerate(step.secrets)]
    for path, name in named:
        if name not in secrets:
            near = nearest(name, secrets)
            message = N_('secret "{name}": the environment does not declare it')
            if near:
                message = N_('secret "{name}": the environment does not declare it (did you mean "{near}"?)')
            text = say(message, name=name, near=near)
            yield Problem(reach.content.runbook, *read.places.of_value(path), text)


def _bound(name: str, secrets: Secrets, hosts: Collection[str]) -> SecretRef:
    secret = secrets.get(name)
    if secret is None:
        near = nearest(name, secrets)
        raise NotFoundError(
            N_('secret "{name}": the environment does not declare it'),
            hint=N_('did you mean "{near}"?') if near else N_("declare it in {file}, beside the inventory"),
            name=name,
            near=near,
            file=SECRETS_FILE,
        )
    for host in sorted(hosts):
        if secret.hosts is not None and host not in secret.hosts:
            raise UsageError(N_('secret "{name}": is not for host "{host}"'), name=name, host=host)
    return secret.reference


class _Reader:
    """Turns shapes into secrets, collecting what is wrong."""

    def __init__(self, folder: Path, inventory: Inventory) -> None:
        self.findings: list[Finding] = []
        self._folder = folder
        self._inventory = inventory

    def secret(self, name: str, shape: SecretShape) -> Secret | None:
        """The secret of a name, or None when it has problems."""
        before = len(self.findings)
        if (reason := refused_name(name)) is not None:
            self.findings.append(Finding(("secrets", name), reason, {"name": name}, at_key=True))
        source = self._source(name, shape)
        hosts = self._hosts(name, shape)
        if source is None or len(self.findings) > before:
            return None
        return Secret(name, source, shape.version, hosts)

    def _source(self, name: str, shape: SecretShape) -> SecretSource | None:
        kinds = shape.kinds()
        if len(kinds) != 1:
            message = N_("a secret has exactly one of {kinds}")
            self.findings.append(Finding(("secrets", name), message, {"kinds": ", ".join(KINDS)}, at_key=True))
            return None
        if shape.vault is None:
            return shape.plain_source()
        path = self._folder / shape.vault.file
        place = ("secrets", name, "vault", "file")
        try:
            data = path.read_bytes() if path.is_file() and not path.is_symlink() else None
        except OSError:
            data = None
        if data is None:
            message = N_('"{file}": no such file can be read beside secrets.yml')
            self.findings.append(Finding(place, message, {"file": shape.vault.file}))
            return None
        if not data.startswith(_VAULT):
            message = N_('"{file}": is not encrypted; encrypt it: ansible-vault encrypt {file}')
            self.findings.append(Finding(place, message, {"file": shape.vault.file}))
            return None
        return VaultSource(shape.vault.file, shape.vault.key, hashlib.sha256(data).hexdigest())

    def _hosts(self, name: str, shape: SecretShape) -> frozenset[str] | None:
        if shape.only_for is None:
            return None
        hosts = {host.name for host in self._inventory.hosts}
        groups = {group.name for group in self._inventory.groups}
        found: set[str] = set()
        for position, wanted in enumerate(shape.only_for):
            if wanted in hosts:
                found.add(wanted)
            elif wanted in groups:
                found |= set(self._members(wanted))
            else:
                near = nearest(wanted, hosts | groups)
                message = N_('"{name}": no such host or group')
                if near:
                    message = N_('"{name}": no such host or group (did you mean "{near}"?)')
                place = ("secrets", name, "for", position)
                self.findings.append(Finding(place, message, {"name": wanted, "near": near}))
        return frozenset(found)

    def _members(self, group: str) -> tuple[str, ...]:
        try:
            return members_of(self._inventory, Targets(group=group))
        except UsageError:
            return ()
