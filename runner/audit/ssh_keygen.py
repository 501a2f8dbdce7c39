"""The verifier of record for people's signatures: `ssh-keygen -Y verify`, with our own check of the same beside it."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from runner.errors import SignatureError, StorageError, UsageError
from runner.model.statement import StatementKind
from runner.proof.public_key import allowed_signers_line, parse_public_key
from runner.proof.sshsig import parse, verify_signature
from runner.proof.statement import namespace
from runner.words import N_

PATIENCE: Final = 10.0
"""Seconds `ssh-keygen` gets; it needs a few milliseconds."""
_SAID: Final = 200
"""Characters of what `ssh-keygen` says that an error repeats."""


class SshKeygen:
    """A `SignatureVerifier` (`runner.audit.ports`) that starts `ssh-keygen` for each signature."""

    def __init__(self, program: str = "ssh-keygen", patience: float = PATIENCE) -> None:
        self._program = program
        self._patience = patience

    def verify(self, kind: StatementKind, message: bytes, signature: str, person: str, key: str) -> None:
        """Check that `key` made this signature, for this person, in the namespace of this kind.

        Our own check comes first: it is the one that sees whether somebody touched a security key.

        Raises:
            SignatureError: malformed, by another key, in another namespace, without a touch, or not of this message.
            UsageError: there is no `ssh-keygen`, or person or key have no valid form.
            StorageError: there is no room for its temporary files.
        """
        public = parse_public_key(key)
        name = namespace(kind)
        verify_signature(parse(signature), public, name, message)
        allowed = allowed_signers_line(person, public, [name])
        try:
            with tempfile.TemporaryDirectory(prefix="twokey-verify-") as folder:
                signers, armored = Path(folder, "allowed_signers"), Path(folder, "signature")
                signers.write_text(allowed + "\n", encoding="utf-8")
                armored.write_text(signature, encoding="utf-8")
                self._start(person, name, signers, armored, message)
        except OSError as error:
            raise StorageError(
                N_("{place}: no temporary file could be written"),
                hint=N_("make room there, then try again"),
                place=tempfile.gettempdir(),
                reason=str(error),
            ) from error

    def _start(self, person: str, name: str, signers: Path, armored: Path, message: bytes) -> None:
        command = [self._program, "-Y", "verify", "-f", str(signers), "-I", person, "-n", name, "-s", str(armored)]
        environment = {"LC_ALL": "C", "PATH": os.environ.get("PATH", os.defpath)}
        try:
            done = subprocess.run(
                command, input=message, capture_output=True, timeout=self._patience, env=environment, check=False
            )
        except (FileNotFoundError, PermissionError) as error:
            raise UsageError(
                N_("{program}: cannot be started; signatures cannot be verified without it"),
                hint=N_("install it: apt-get install -y --no-install-recommends openssh-client"),
                program=self._program,
            ) from error
        except subprocess.TimeoutExpired as error:
            raise SignatureError(
                N_("{program}: did not answer within {seconds} s; the signature of {person} is not verified"),
                rule="signature:not-verified",
                program=self._program,
                seconds=int(self._patience),
                person=person,
            ) from error
        if done.returncode != 0:
            raise SignatureError(
                N_("signature of {person}: {program} refuses it: {said}"),
                rule="signature:invalid",
                person=person,
                program=self._program,
                said=(done.stderr or done.stdout).decode(errors="replace").strip()[:_SAID],
            )
