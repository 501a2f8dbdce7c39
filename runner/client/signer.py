"""Keys people sign with: a private key file, or a key in the ssh-agent; the key never leaves its place.

Makes SSHSIG signatures (OpenSSH PROTOCOL.sshsig) that `ssh-keygen -Y verify` accepts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final

import paramiko

from runner.errors import UsageError
from runner.proof.public_key import PublicKey, key_from_blob, parse_public_key
from runner.proof.sshsig import armor, signed_blob
from runner.words import N_

_HASH: Final = "sha512"
_RSA_ALGORITHM: Final = "rsa-sha2-512"
AskPassphrase = Callable[[str], str | None]
"""Given the key's path, answers its passphrase, or None when nobody can be asked."""


class Signer:
    """One person's key, ready to sign."""

    def __init__(self, key: paramiko.PKey, public: PublicKey) -> None:
        self._key = key
        self.public = public

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
        blob = signed_blob(namespace, message, _HASH)
        try:
            signature = self._key.sign_ssh_data(blob, algorithm)
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise UsageError(
                N_("key {fingerprint}: it does not sign: {reason}"), fingerprint=self.fingerprint, reason=str(error)
            ) from error
        raw = signature if isinstance(signature, bytes) else signature.asbytes()
        return armor(self.public.blob, namespace, _HASH, raw)


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
    return Signer(key, key_from_blob(key.asbytes()))


def signer_from_agent(fingerprints: Collection[str]) -> Signer:
    """The agent's key that belongs to one of the given fingerprints.

    Raises:
        UsageError: no agent, none of the keys in it, or more than one.
    """
    found = [signer for signer in _agent_signers() if signer.fingerprint in fingerprints]
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
    return found[0]


def _from_public_file(path: Path) -> Signer:
    try:
        wanted = parse_public_key(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from error
    for signer in _agent_signers():
        if signer.public.blob == wanted.blob:
            return signer
    raise UsageError(
        N_("key {path}: the ssh-agent does not hold its private half"), hint=N_("add it with ssh-add"), path=str(path)
    )


def _agent_signers() -> list[Signer]:
    signers = []
    for key in paramiko.Agent().get_keys():
        try:
            signers.append(Signer(key, key_from_blob(key.asbytes())))
        except UsageError:
            continue  # a kind of key nobody can sign with here
    return signers


def _load(path: Path, passphrase: str | None) -> paramiko.PKey:
    try:
        password = passphrase.encode() if passphrase is not None else None
        return paramiko.PKey.from_path(path, password)  # type: ignore[arg-type]  # cryptography below it wants bytes
    except OSError as error:
        raise _unreadable(path, error) from error
    except paramiko.PasswordRequiredException:
        raise
    except (paramiko.SSHException, ValueError, TypeError, IndexError) as error:
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
