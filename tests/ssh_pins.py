"""Host keys to pin: well-formed lines of `known_hosts` that belong to no machine."""

from __future__ import annotations

import base64
import hashlib
import struct


def pin(kind: str, *parts: bytes) -> str:
    """`type base64` of a key with these parts."""
    packed = b"".join(struct.pack(">I", len(part)) + part for part in (kind.encode(), *parts))
    return f"{kind} {base64.b64encode(packed).decode()}"


ED25519 = pin("ssh-ed25519", hashlib.sha256(b"one").digest())
OTHER = pin("ssh-ed25519", hashlib.sha256(b"two").digest())
ECDSA = pin("ecdsa-sha2-nistp256", b"nistp256", b"\x04" + hashlib.sha512(b"three").digest())
RSA = pin("ssh-rsa", b"\x01\x00\x01", b"\x00" + hashlib.sha512(b"four").digest() * 6)
