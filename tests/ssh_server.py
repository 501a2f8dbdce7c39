"""A real SSH server on a private port, with a host key and one authorized key of its own."""

from __future__ import annotations

import getpass
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from runner.model.plan import Connection, Host
from tests.needs import find_program
from tests.waiting import free_port, is_listening, wait_until


@dataclass(frozen=True)
class SshServer:
    """A running server and what is needed to be let in."""

    port: int
    host_key: str
    """`type base64`."""
    other_host_key: str
    """A second key it has, of another type."""
    identity: Path
    """Private key of the one user it lets in."""

    def host(self, name: str = "db1", *, keys: tuple[str, ...] | None = None) -> Host:
        """The server as a host of a plan."""
        pinned = (self.host_key,) if keys is None else keys
        return Host(
            name=name,
            connection=Connection.SSH,
            identity="hostkey:test",
            address="127.0.0.1",
            port=self.port,
            user=getpass.getuser(),
            host_keys=pinned,
        )


def make_key(path: Path, kind: str = "ed25519") -> str:
    """Make a key pair and return its public half, `type base64`."""
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", str(path)], check=True)
    return " ".join(path.with_name(path.name + ".pub").read_text("utf-8").split()[:2])


@contextmanager
def running_ssh_server(folder: Path) -> Iterator[SshServer]:
    """Start a server in a folder and end it again."""
    program = find_program("sshd")
    assert program is not None
    port = free_port()
    host_key = make_key(folder / "host_key")
    other = make_key(folder / "other_host_key", "ecdsa")
    (folder / "authorized_keys").write_text(make_key(folder / "identity") + "\n", "utf-8")
    config = folder / "sshd_config"
    config.write_text(
        f"""ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_key
HostKey {folder}/other_host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile {folder}/sshd.pid
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
""",
        "utf-8",
    )
    with (folder / "sshd.log").open("wb") as log:
        process = subprocess.Popen([program, "-D", "-e", "-f", str(config)], stdin=subprocess.DEVNULL, stderr=log)
    try:
        wait_until(lambda: is_listening(port) or process.poll() is not None, 10, "sshd to listen")
        assert process.poll() is None, (folder / "sshd.log").read_text("utf-8")
        yield SshServer(port, host_key, other, folder / "identity")
    finally:
        process.terminate()
        process.wait(10)
