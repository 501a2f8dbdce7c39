"""Pinned host keys: a `known_hosts` file in OpenSSH's format, read strictly, and written for a plan's hosts.

Names stand in the clear, because people must be able to see which host a key belongs to. Patterns, hashed names and
certificate authorities are refused: a pin is one key of one host.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from runner.model.plan import Connection, Host
from runner.proof.encoding import from_base64
from runner.runbook.problems import Problem, say
from runner.runbook.yaml_source import decode_text
from runner.words import N_

STRONGEST_FIRST: Final = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp521",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp256",
    "ssh-rsa",
)
"""Types of host keys, the one that names a host first."""
SSH_PORT: Final = 22

_NAME = re.compile(r"(?:\[(?P<bracketed>[^\[\]\s]+)\]:(?P<port>[0-9]{1,5})|(?P<plain>[^\[\]\s]+))")
_FIELDS_OF_KEY: Final = 3


def parse_known_hosts(data: bytes, path: str) -> tuple[dict[str, tuple[str, ...]], tuple[Problem, ...]]:
    """Pinned keys by name (`name`, or `[name]:port`), and what is wrong with the file."""
    text, problems = decode_text(data, path)
    if text is None:
        return {}, problems
    pinned: dict[str, list[str]] = {}
    found: list[Problem] = []
    for number, line in enumerate(text.split("\n"), 1):
        fields = line.split()
        if not fields or fields[0].startswith("#"):
            continue
        message, what = _wrong(fields)
        if message:
            column = line.index(what) + 1 if what and what in line else 1
            found.append(Problem(path, number, column, say(message, what=what[:80])))
            continue
        for name in fields[0].split(","):
            keys = pinned.setdefault(_normal(name), [])
            key = f"{fields[1]} {fields[2]}"
            if key not in keys:
                keys.append(key)
    return {name: tuple(sorted(keys)) for name, keys in pinned.items()}, tuple(found)


def keys_of(pinned: Mapping[str, Sequence[str]], address: str, port: int, alias: str) -> tuple[str, ...]:
    """Keys pinned for a host: by its address as ssh would look it up, else by its name in the inventory."""
    return tuple(pinned.get(name_of(address, port)) or pinned.get(alias) or ())


def name_of(address: str, port: int) -> str:
    """How `known_hosts` names a host."""
    return address.lower() if port == SSH_PORT else f"[{address.lower()}]:{port}"


def identity_of(keys: Sequence[str]) -> str:
    """What a host is locked by: the fingerprint of its strongest pinned key."""
    strongest = min(keys, key=lambda key: (STRONGEST_FIRST.index(key.split(" ", 1)[0]), key))
    data = base64.b64decode(strongest.split(" ")[1])
    return "hostkey:SHA256:" + base64.b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")


def known_hosts_text(hosts: Iterable[Host]) -> str:
    """The `known_hosts` of a plan: its hosts' pinned keys and no other."""
    lines = {line for host in hosts if host.connection is Connection.SSH for line in _lines(host)}
    return "".join(f"{line}\n" for line in sorted(lines))


def ssh_config_text(hosts: Iterable[Host]) -> str:
    """What OpenSSH is told about a plan's hosts, so that their names lead where the plan says."""
    blocks = ["# Hosts of the plan; the keys they must show are in known_hosts."]
    for host in sorted(hosts, key=lambda one: one.name):
        if host.connection is not Connection.SSH:
            continue
        blocks += [f"Host {host.name}", f"    HostName {host.address}", f"    Port {host.port}"]
        if host.user:
            blocks.append(f"    User {host.user}")
    return "".join(f"{line}\n" for line in blocks)


def _lines(host: Host) -> Iterator[str]:
    return (f"{name_of(host.address, host.port)} {key}" for key in host.host_keys)


def _normal(name: str) -> str:
    """A name as it is looked up: port 22 needs no brackets, letters have no case."""
    found = _NAME.fullmatch(name)
    if found is None or found["plain"] is not None:
        return name.lower()
    return name_of(found["bracketed"], int(found["port"]))


def _wrong(fields: Sequence[str]) -> tuple[str, str]:
    """Message id of what is wrong with a line and what it is about; both empty when nothing is."""
    if fields[0].startswith("@"):
        return N_(
            '"{what}": certificate authorities and revocations are not supported; pin the key of each host'
        ), fields[0]
    if fields[0].startswith("|"):
        return N_("a hashed name; write the host's name in the clear, so that people can check it"), fields[0]
    if len(fields) < _FIELDS_OF_KEY:
        return N_("expected NAME TYPE KEY"), fields[0]
    for name in fields[0].split(","):
        if any(letter in name for letter in "*?!") or _NAME.fullmatch(name) is None:
            return N_('"{what}": expected the name of one host, or [NAME]:PORT'), name
    return _wrong_key(fields[1], fields[2])


def _wrong_key(kind: str, data: str) -> tuple[str, str]:
    if kind not in STRONGEST_FIRST:
        return N_('"{what}": not a type of host key that is trusted'), kind
    try:
        key = from_base64(data)
    except ValueError:
        return N_('"{what}": not base64'), data
    if not key.startswith(len(kind).to_bytes(4, "big") + kind.encode()):
        return N_('"{what}": not a key of the type named before it'), data
    return "", ""
