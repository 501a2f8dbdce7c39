"""SSH keys in software for tests: every kind people may sign with, security keys included.

A `SoftwareKey` signs as an agent does: it takes the bytes to sign and returns the signature in SSH's wire encoding.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import lru_cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from runner.proof.public_key import PublicKey
from runner.proof.ssh_wire import wire_string

APPLICATION = b"ssh:"
PLAIN_KINDS = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa")
FIDO_KINDS = ("sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com")
KINDS = PLAIN_KINDS + FIDO_KINDS

_CURVES: dict[str, tuple[type[ec.EllipticCurve], hashes.HashAlgorithm]] = {
    "nistp256": (ec.SECP256R1, hashes.SHA256()),
    "nistp384": (ec.SECP384R1, hashes.SHA384()),
    "nistp521": (ec.SECP521R1, hashes.SHA512()),
}


@dataclass(frozen=True, slots=True)
class SoftwareKey:
    """A private key of one kind."""

    kind: str
    private: Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    flags: int = 1
    """What a security key tells about the signing; 1 means that somebody touched it."""
    counter: int = 7

    @property
    def public(self) -> PublicKey:
        fields = [self.kind.encode()]
        if isinstance(self.private, Ed25519PrivateKey):
            fields.append(self.private.public_key().public_bytes_raw())
        elif isinstance(self.private, rsa.RSAPrivateKey):
            numbers = self.private.public_key().public_numbers()
            fields += [mpint(numbers.e), mpint(numbers.n)]
        else:
            point = self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
            fields += [self._curve.encode(), point]
        if self.kind in FIDO_KINDS:
            fields.append(APPLICATION)
        return PublicKey(self.kind, b"".join(map(wire_string, fields)))

    def untouched(self) -> SoftwareKey:
        """The same security key when nobody touches it."""
        return replace(self, flags=0)

    def sign(self, data: bytes, rsa_algorithm: str = "rsa-sha2-512") -> bytes:
        """Sign as an agent does."""
        told = b""
        if self.kind in FIDO_KINDS:
            told = bytes([self.flags]) + self.counter.to_bytes(4, "big")
            data = hashlib.sha256(APPLICATION).digest() + told + hashlib.sha256(data).digest()
        algorithm = self.kind
        if isinstance(self.private, Ed25519PrivateKey):
            value = self.private.sign(data)
        elif isinstance(self.private, rsa.RSAPrivateKey):
            algorithm = rsa_algorithm
            hashed = hashes.SHA512() if algorithm == "rsa-sha2-512" else hashes.SHA256()
            value = self.private.sign(data, padding.PKCS1v15(), hashed)
        else:
            numbers = decode_dss_signature(self.private.sign(data, ec.ECDSA(_CURVES[self._curve][1])))
            value = b"".join(wire_string(mpint(number)) for number in numbers)
        return wire_string(algorithm.encode()) + wire_string(value) + told

    @property
    def _curve(self) -> str:
        return self.kind.removesuffix("@openssh.com").rpartition("-")[2]


def mpint(number: int) -> bytes:
    """A positive number as SSH writes it, without its length."""
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


@lru_cache(maxsize=32)
def software_key(kind: str, number: int = 0, bits: int = 3072) -> SoftwareKey:
    """A key of that kind, made once; `number` tells several apart."""
    if kind.endswith("ssh-rsa"):
        return SoftwareKey(kind, rsa.generate_private_key(65537, bits))
    if "ed25519" in kind:
        seed = hashlib.sha256(f"{kind} {number}".encode()).digest()
        return SoftwareKey(kind, Ed25519PrivateKey.from_private_bytes(seed))
    curve = _CURVES[kind.removesuffix("@openssh.com").rpartition("-")[2]][0]()
    return SoftwareKey(kind, ec.derive_private_key(1234567 + number, curve))
