"""Sessions over SSH through Fabric: pinned host keys, the service's own keys, nothing of anyone's configuration."""

from __future__ import annotations

import shlex
import time
from collections.abc import Sequence

import fabric

from runner.engine.host_keys import LOST, Channel, SSHConfig, opening, pin
from runner.engine.probes import Answer
from runner.engine.session import MOST_OUTPUT, LocalSession, Session
from runner.errors import UnreachableError
from runner.model.plan import Connection, Host
from runner.model.time import Clock
from runner.words import N_

_PIECE = 32 * 1024


class PinnedSessions:
    """Reaches hosts of a plan: by SSH, or as this machine itself."""

    def __init__(self, clock: Clock, identities: Sequence[str] = ()) -> None:
        """Reach hosts with an agent's keys and the user's own, or only with the given private keys.

        Args:
            clock: what clocks of hosts are compared with.
            identities: paths of private keys.
        """
        self._clock = clock
        self._identities = list(identities)

    def open(self, host: Host, seconds: float) -> Session:
        """A session with a host, proven to be the pinned one.

        Raises:
            RefusedError: the host is not the pinned one.
            UnreachableError: nobody answers in time, or lets us in.
        """
        if host.connection is Connection.LOCAL:
            return LocalSession(self._clock)
        connection = self._connection(host, seconds)
        pin(connection.client, host)
        with opening(host, connection.user, connection.client.close):
            connection.open()
        return SshSession(host, connection, self._clock)

    def _connection(self, host: Host, seconds: float) -> fabric.Connection:
        """A connection that knows no configuration but what is given here."""
        config = fabric.Config(lazy=True, ssh_config=SSHConfig())
        return fabric.Connection(
            host.address or host.name,
            user=host.user or None,
            port=host.port,
            config=config,
            connect_timeout=seconds,
            forward_agent=False,
            connect_kwargs={
                "banner_timeout": seconds,
                "auth_timeout": seconds,
                "channel_timeout": seconds,
                "allow_agent": not self._identities,
                "look_for_keys": not self._identities,
                "key_filename": self._identities,
            },
        )


class SshSession:
    """Asks a host over an open connection."""

    def __init__(self, host: Host, connection: fabric.Connection, clock: Clock) -> None:
        self._host = host
        self._connection = connection
        self._clock = clock

    def ask(self, command: Sequence[str], seconds: float) -> Answer:
        """Run a fixed command and wait for its answer.

        Raises:
            UnreachableError: the host did not answer in time, or the connection broke.
        """
        until = time.monotonic() + seconds
        try:
            with self._connection.create_session() as channel:
                channel.settimeout(seconds)
                asked = self._clock.now()
                channel.exec_command(shlex.join(command))
                output = _read(channel, until)
                answered = self._clock.now()
                channel.shutdown_write()
                if not channel.status_event.wait(max(0.0, until - time.monotonic())):
                    raise TimeoutError
                return Answer(channel.recv_exit_status(), output.decode(errors="replace"), asked, answered)
        except LOST as error:
            raise UnreachableError(
                N_("host {host}: {command}: no answer within {seconds} s"),
                host=self._host.name,
                command=command[0],
                seconds=int(seconds),
            ) from error

    def close(self) -> None:
        """Close the connection; a question in progress ends as unreachable."""
        self._connection.close()


def _read(channel: Channel, until: float) -> bytes:
    """Standard output up to its end, or as much of it as any probe needs."""
    output = b""
    while len(output) < MOST_OUTPUT:
        if (left := until - time.monotonic()) <= 0:
            raise TimeoutError
        channel.settimeout(left)
        if not (piece := channel.recv(_PIECE)):
            break
        output += piece
    return output
