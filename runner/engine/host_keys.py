"""Pinned host keys for connections of remote steps: the plan's, never the user's known_hosts.

What else the connections need of paramiko is named here too, so that it is imported in one place beside Fabric.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import paramiko
from paramiko import Channel, SSHConfig

from runner.errors import RefusedError, UnreachableError
from runner.model.plan import Host
from runner.words import N_

if TYPE_CHECKING:
    from paramiko import BadHostKeyException, PKey, SSHClient

__all__ = ["LOST", "Channel", "SSHConfig", "fingerprint", "opening", "pin", "refusal_of"]

LOST: Final = (paramiko.SSHException, OSError, EOFError)
"""What paramiko raises when a connection breaks or no answer comes."""

_SSH_PORT = 22


@contextmanager
def opening(host: Host, user: str, close: Callable[[], object]) -> Iterator[None]:
    """Around the opening of a connection to a host: what goes wrong is told as what it means, the connection closed.

    Raises:
        RefusedError: the host is not the pinned one.
        UnreachableError: nobody answers in time, or lets us in.
    """
    try:
        yield
    except paramiko.BadHostKeyException as error:
        close()
        raise refusal_of(host, error) from error
    except paramiko.AuthenticationException as error:
        close()
        raise UnreachableError(N_("host {host}: does not let {user} in"), host=host.name, user=user) from error
    except LOST as error:
        close()
        raise UnreachableError(
            N_("host {host}: cannot be reached: {reason}"), host=host.name, reason=str(error) or type(error).__name__
        ) from error


def pin(client: SSHClient, host: Host) -> None:
    """Let a client accept exactly the pinned keys of a host, and no other key of anyone.

    Raises:
        RefusedError: the host has no pinned key that can be read.
    """
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    keys = client.get_host_keys()
    keys.clear()
    name = host.address if host.port == _SSH_PORT else f"[{host.address}]:{host.port}"
    for line in host.host_keys:
        kind, _, data = line.partition(" ")
        try:
            keys.add(name, kind, paramiko.PKey.from_type_string(kind, base64.b64decode(data)))
        except (ValueError, paramiko.SSHException, paramiko.pkey.UnknownKeyType):
            continue
    if keys.lookup(name) is None:
        raise RefusedError(
            N_("host {host}: no pinned host key that can be read"),
            rule="L7:host-key-missing",
            hint=N_("add its key to known_hosts of the inventory"),
            host=host.name,
        )


def refusal_of(host: Host, error: BadHostKeyException) -> RefusedError:
    """The refusal of a host that showed another key than the pinned one."""
    return RefusedError(
        N_("host {host}: shows host key {found}, expected {expected}"),
        rule="L7:host-key-changed",
        hint=N_("find out why before anything else; if the change is right, replace the key in known_hosts"),
        host=host.name,
        found=fingerprint(error.key),
        expected=fingerprint(error.expected_key),
    )


def fingerprint(key: PKey) -> str:
    """`SHA256:…`, as OpenSSH writes it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")
