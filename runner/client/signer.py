"""Keys people sign with: a private key file, or a key in the ssh-agent; the key never leaves its place.

Makes SSHSIG signatures (OpenSSH PROTOCOL.sshsig) that `ssh-keygen -Y verify` accepts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import paramiko
from paramiko.pkey import UnknownKeyType

from runner.errors import UsageError
from runner.proof.public_key import PublicKey, key_from_blob, parse_public_key
from runner.proof.sshsig import armor, signed_blob
from runner.words import N_, _

_HASH: Final = "sha512"
_RSA_ALGORITHM: Final = "rsa-sha2-512"
AskPassphrase = Callable[[str], str | None]
"""Given the key's path, answers its passphrase, or None when nobody can be asked."""
SignData = Callable[[bytes, str | None], bytes]
"""Signs bytes with an algorithm (None: the key's usual one); the signature in SSH's encoding."""


class Signer:
    """One person's key, ready to sign."""

    def __init__(self, public: PublicKey, sign: SignData) -> None:
        self.public = public
        self._sign = sign

    @property
    def fingerprint(self) -> str:
        """`SHA256:…` of the key."""
        return self.public.fingerprint

    def sign(self, namespace: str, message: bytes) -> str:
        """Armored SSHSIG over the message.

        Raises:
            UsageError: the agent refuses or is gone.
        """
        algorithm = _RSA_ALGORITHM if self.public.type == "ssh-rsa" else None
        try:
            signature = self._sign(signed_blob(namespace, message, _HASH), algorithm)
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise UsageError(
                N_("key {fingerprint}: it does not sign: {reason}"), fingerprint=self.fingerprint, reason=str(error)
            ) from error
        return armor(self.public.blob, namespace, _HASH, signature)


def signer_from_file(path: Path, ask: AskPassphrase) -> Signer:
    """The signer of a private key file; of a `.pub` file, the agent's key of that public half.

    Args:
        path: key file.
        ask: asked for the passphrase if the key has one.

    Raises:
        UsageError: unreadable, no key, an unsupported kind, or a wrong passphrase.
    """
    if path.suffix == ".pub":
        return _from_public_file(path)
    try:
        key = _load(path, None)
    except paramiko.PasswordRequiredException:
        passphrase = ask(str(path))
        if passphrase is None:
            raise UsageError(
                N_("key {path}: it has a passphrase and nobody can be asked for it"),
                hint=N_("give --passphrase-file, or add the key to an ssh-agent"),
                path=str(path),
            ) from None
        try:
            key = _load(path, passphrase)
        except (paramiko.SSHException, ValueError) as error:
            raise UsageError(N_("key {path}: wrong passphrase"), path=str(path)) from error
    return Signer(key_from_blob(key.asbytes()), lambda data, algorithm: _signature_of(key, data, algorithm))


def signer_from_agent(fingerprints: Collection[str]) -> Signer:
    """The agent's key that belongs to one of the given fingerprints.

    Raises:
        UsageError: no agent, none of the keys in it, or more than one.
    """
    found = [public for public in _agents_public_keys() if public.fingerprint in fingerprints]
    if not found:
        raise UsageError(
            N_("ssh-agent: it holds no key of anybody who may sign here"),
            hint=N_("name your key with --key FILE, or add it with ssh-add"),
        )
    if len(found) > 1:
        raise UsageError(
            N_("ssh-agent: it holds {count} keys of people who may sign here"),
            hint=N_("choose one with --key FILE.pub"),
            count=len(found),
        )
    return _agent_signer(found[0])


def agents_fingerprints() -> tuple[str, ...]:
    """Fingerprints of every key the agent holds.

    Raises:
        UsageError: no agent that could be asked.
    """
    return tuple(public.fingerprint for public in _agents_public_keys())


def _from_public_file(path: Path) -> Signer:
    try:
        wanted = parse_public_key(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from error
    if not any(public.blob == wanted.blob for public in _agents_public_keys()):
        raise UsageError(
            N_("key {path}: the ssh-agent does not hold its private half"),
            hint=N_("add it with ssh-add"),
            path=str(path),
        )
    return _agent_signer(wanted)


def _agent_signer(public: PublicKey) -> Signer:
    """A signer that asks the agent anew each time, so that no connection to it is kept."""

    def sign(data: bytes, algorithm: str | None) -> bytes:
        with _agent() as keys:
            key = next((key for key in keys if key.asbytes() == public.blob), None)
            if key is None:
                raise paramiko.SSHException(_("the ssh-agent no longer holds it"))
            return _signature_of(key, data, algorithm)

    return Signer(public, sign)


def _agents_public_keys() -> list[PublicKey]:
    found = []
    with _agent() as keys:
        for key in keys:
            with suppress(UsageError):  # a kind of key nobody can sign with here
                found.append(key_from_blob(key.asbytes()))
    return found


@contextmanager
def _agent() -> Iterator[Sequence[paramiko.AgentKey]]:
    """The keys of the agent, with a connection to it while the block lasts; none without an agent."""
    try:
        agent = paramiko.Agent()
    except (paramiko.SSHException, OSError) as error:
        raise UsageError(N_("ssh-agent: it cannot be asked: {reason}"), reason=str(error)) from error
    try:
        yield agent.get_keys()
    finally:
        agent.close()


def _signature_of(key: paramiko.PKey, data: bytes, algorithm: str | None) -> bytes:
    signature = key.sign_ssh_data(data, algorithm)
    return signature if isinstance(signature, bytes) else signature.asbytes()


def _load(path: Path, passphrase: str | None) -> paramiko.PKey:
    try:
        password = passphrase.encode() if passphrase is not None else None
        return paramiko.PKey.from_path(path, password)  # type: ignore[arg-type]  # cryptography below it wants bytes
    except OSError as error:
        raise _unreadable(path, error) from error
    except paramiko.PasswordRequiredException:
        raise
    except (paramiko.SSHException, UnknownKeyType, ValueError, TypeError, IndexError) as error:
        if passphrase is not None:
            raise
        if "encrypted" in str(error) or "assword" in str(error):
            raise paramiko.PasswordRequiredException(str(error)) from error
        raise UsageError(
            N_("key {path}: not a private key that can sign: {reason}"), path=str(path), reason=str(error)
        ) from error


def _unreadable(path: Path, error: Exception) -> UsageError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return UsageError(N_("key {path}: cannot be read: {reason}"), path=str(path), reason=reason)
