"""People with real keys, and statements they have really signed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import count

from runner.model.document import JsonObject
from runner.model.people import KeyHolder
from runner.model.statement import Seen, SignedStatement, Statement, StatementKind
from runner.proof.sshsig import armor, signed_blob
from runner.proof.statement import namespace, statement_bytes
from runner.wire.documents import to_document
from tests.ssh_keys import SoftwareKey, software_key
from tests.stores import NOON, ORIGIN

_nonces = count(1)


@dataclass(frozen=True, slots=True)
class Signer:
    """Somebody with a private key."""

    name: str
    key: SoftwareKey

    @property
    def person(self) -> KeyHolder:
        return KeyHolder(self.name, self.key.public.to_line(), self.key.public.fingerprint)

    def sign(
        self,
        kind: StatementKind,
        subject: str,
        content: JsonObject | None = None,
        seen: Seen | None = None,
        origin: str = ORIGIN,
        terminal: str = "",
    ) -> SignedStatement:
        """A statement, signed as the person's client would."""
        said = Statement(
            kind=kind,
            origin=origin,
            person=self.name,
            key=self.key.public.fingerprint,
            subject=subject,
            content=content or {},
            at=NOON,
            nonce=f"{next(_nonces):032x}",
            seen=seen or Seen(0, ""),
            terminal=terminal,
        )
        data = statement_bytes(to_document(said))
        return SignedStatement(hashlib.sha256(data).hexdigest(), said, data, self.sign_bytes(kind, data))

    def sign_bytes(self, kind: StatementKind, data: bytes) -> str:
        """The armored signature over any bytes."""
        name = namespace(kind)
        return armor(self.key.public.blob, name, "sha512", self.key.sign(signed_blob(name, data)))


ANN = Signer("ann", software_key("ssh-ed25519", 1))
BOB = Signer("bob", software_key("ecdsa-sha2-nistp256", 2))
EVE = Signer("eve", software_key("ssh-ed25519", 3))
