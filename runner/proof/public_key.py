"""SSH public keys people sign with: which kinds are accepted, their fingerprints, and lines for `ssh-keygen`.

Accepted: Ed25519, ECDSA over the three NIST curves, RSA from 3072 bits, and the FIDO kinds of Ed25519 and ECDSA.
Certificates, DSA and `authorized_keys` options are refused: a key is registered by itself, with nothing attached.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers

from runner.errors import UsageError
from runner.proof.encoding import from_base64, to_base64
from runner.proof.ssh_wire import WireReader
from runner.words import N_

MAX_LINE: Final = 16 * 1024
"""Characters of a public key line."""
MIN_RSA_BITS: Final = 3072
"""Smallest RSA modulus accepted."""
MAX_RSA_BITS: Final = 16384
"""Largest RSA modulus accepted, as in OpenSSH."""

ED25519: Final = "ssh-ed25519"
RSA: Final = "ssh-rsa"
FIDO_ED25519: Final = "sk-ssh-ed25519@openssh.com"
FIDO_ECDSA: Final = "sk-ecdsa-sha2-nistp256@openssh.com"
CURVES: Final[dict[str, type[ec.EllipticCurve]]] = {
    "ecdsa-sha2-nistp256": ec.SECP256R1,
    "ecdsa-sha2-nistp384": ec.SECP384R1,
    "ecdsa-sha2-nistp521": ec.SECP521R1,
}
"""Key types of plain ECDSA and their curves."""
KEY_TYPES: Final = frozenset({ED25519, RSA, FIDO_ED25519, FIDO_ECDSA, *CURVES})
"""Every key type accepted."""
FIDO_TYPES: Final = frozenset({FIDO_ED25519, FIDO_ECDSA})
"""Key types held by a security key, whose signatures tell whether somebody touched it."""

_UNCOMPRESSED = 0x04
_ED25519_BYTES = 32
_SMALL_ORDER = frozenset(
    bytes.fromhex(point)
    for point in (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    )
)
"""Ed25519 points, sign bit cleared, for which anybody can make signatures."""
_LINE = re.compile(r"(?P<type>\S+)[ \t]+(?P<blob>\S+)(?:[ \t]+(?P<comment>[^\x00-\x1f\x7f]*))?")
_PRINCIPAL = re.compile(r'[^\s"\'#,*?!\\\x00-\x1f\x7f]+')
_NAMESPACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]*")

CryptoKey = Ed25519PublicKey | ec.EllipticCurvePublicKey | RSAPublicKey


class PublicKeyError(UsageError):
    """A public key is malformed, or of a kind that is not accepted."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key somebody signs with."""

    type: str
    """One of `KEY_TYPES`."""
    blob: bytes
    """The key in SSH's wire encoding."""
    comment: str = ""
    """What stood after the key on its line; proves nothing."""

    @property
    def fingerprint(self) -> str:
        """`SHA256:…` as `ssh-keygen -l` shows it."""
        return fingerprint(self.blob)

    @property
    def is_fido(self) -> bool:
        """Whether a security key holds the private half."""
        return self.type in FIDO_TYPES

    def to_line(self) -> str:
        """`type base64`, without the comment."""
        return f"{self.type} {to_base64(self.blob)}"


@dataclass(frozen=True, slots=True)
class KeyMaterial:
    """What a public key's blob holds, ready to verify with."""

    type: str
    key: CryptoKey
    application: bytes = b""
    """For a FIDO key: what it was enrolled for, usually `ssh:`."""


def fingerprint(blob: bytes) -> str:
    """`SHA256:…` of a public key's blob, as `ssh-keygen -l` shows it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode("ascii").rstrip("=")


def parse_public_key(line: str) -> PublicKey:
    """Read a line such as a `.pub` file holds: type, base64, and perhaps a comment.

    Raises:
        PublicKeyError: malformed, a certificate, with options, or of a kind or size that is not accepted.
    """
    match = _LINE.fullmatch(line.strip()) if len(line) <= MAX_LINE else None
    if match is None:
        raise PublicKeyError(
            N_('public key: expected one line "type base64 comment"'), hint=N_("give the file that ends in .pub")
        )
    if match["type"] not in KEY_TYPES:
        raise _unaccepted(match["type"], line)
    try:
        blob = from_base64(match["blob"])
    except ValueError as error:
        raise PublicKeyError(N_("public key: what follows {type} is not base64"), type=match["type"]) from error
    key = key_from_blob(blob, match["comment"] or "")
    if key.type != match["type"]:
        raise PublicKeyError(
            N_("public key: type mismatch (got {got}, expected {expected})"), got=key.type, expected=match["type"]
        )
    return key


def key_from_blob(blob: bytes, comment: str = "") -> PublicKey:
    """The key of a blob, which is checked to the last byte.

    Raises:
        PublicKeyError: malformed, or of a kind or size that is not accepted.
    """
    return PublicKey(read_material(blob).type, blob, comment)


def read_material(blob: bytes) -> KeyMaterial:
    """Take a public key's blob apart.

    Raises:
        PublicKeyError: malformed, or of a kind or size that is not accepted.
    """
    if len(blob) > MAX_LINE:
        raise PublicKeyError(
            N_("public key: got {size} bytes, expected at most {limit}"), size=len(blob), limit=MAX_LINE
        )
    reader = WireReader(blob, PublicKeyError)
    key_type = reader.text()
    if key_type not in KEY_TYPES:
        raise _unaccepted(key_type, "")
    key: CryptoKey
    if key_type in (ED25519, FIDO_ED25519):
        key = _ed25519(reader.string())
    elif key_type == RSA:
        key = _rsa(reader.positive(), reader.positive())
    else:
        key = _ecdsa(key_type.removeprefix("sk-").removesuffix("@openssh.com"), reader.text(), reader.string())
    application = reader.string() if key_type in FIDO_TYPES else b""
    reader.end()
    return KeyMaterial(key_type, key, application)


def allowed_signers_line(principal: str, key: PublicKey, namespaces: Iterable[str]) -> str:
    """A line of the allowed signers file of `ssh-keygen -Y verify`: this person, this key, these namespaces only.

    Raises:
        UsageError: the principal or a namespace could be read as a pattern, a list or an option; or no namespace.
    """
    if not _PRINCIPAL.fullmatch(principal):
        raise UsageError(N_('allowed signers: "{name}" cannot name a person'), name=principal)
    names = sorted(set(namespaces))
    for name in names:
        if not _NAMESPACE.fullmatch(name):
            raise UsageError(N_('allowed signers: "{name}" cannot be a namespace'), name=name)
    if not names:
        raise UsageError(N_("allowed signers: no namespace for {name}"), name=principal)
    return f'{principal} namespaces="{",".join(names)}" {key.to_line()}'


def _unaccepted(key_type: str, line: str) -> PublicKeyError:
    if "-cert-v01@" in key_type:
        return PublicKeyError(N_("public key: {type} is a certificate; expected a plain key"), type=key_type[:80])
    if not KEY_TYPES.isdisjoint(line.split()):
        return PublicKeyError(N_("public key: options before the key are not accepted"))
    return PublicKeyError(
        N_("public key: kind {type} is not accepted"),
        hint=N_("use Ed25519, ECDSA, RSA from 3072 bits, or a FIDO key"),
        type=key_type[:80],
    )


def _ed25519(point: bytes) -> Ed25519PublicKey:
    if len(point) != _ED25519_BYTES:
        raise PublicKeyError(
            N_("public key: Ed25519: got {got} bytes, expected {expected}"), got=len(point), expected=_ED25519_BYTES
        )
    if point[:-1] + bytes([point[-1] & 0x7F]) in _SMALL_ORDER:
        raise PublicKeyError(N_("public key: Ed25519: anybody could sign for this key"))
    return Ed25519PublicKey.from_public_bytes(point)


def _ecdsa(plain_type: str, curve_name: str, point: bytes) -> ec.EllipticCurvePublicKey:
    if plain_type != f"ecdsa-sha2-{curve_name}":
        raise PublicKeyError(
            N_("public key: curve {curve} does not belong to {type}"), curve=curve_name[:40], type=plain_type
        )
    if point[:1] != bytes([_UNCOMPRESSED]):
        raise PublicKeyError(N_("public key: ECDSA: expected an uncompressed point"))
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(CURVES[plain_type](), point)
    except ValueError as error:
        raise PublicKeyError(N_("public key: ECDSA: the point is not on {curve}"), curve=curve_name) from error


def _rsa(exponent: int, modulus: int) -> RSAPublicKey:
    bits = modulus.bit_length()
    if not MIN_RSA_BITS <= bits <= MAX_RSA_BITS:
        raise PublicKeyError(
            N_("public key: RSA of {bits} bits, expected {least} to {most}"),
            bits=bits,
            least=MIN_RSA_BITS,
            most=MAX_RSA_BITS,
        )
    try:
        return RSAPublicNumbers(exponent, modulus).public_key()
    except ValueError as error:
        raise PublicKeyError(N_("public key: RSA: unusable numbers")) from error
