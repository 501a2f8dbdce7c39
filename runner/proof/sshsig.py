"""SSHSIG, the format of `ssh-keygen -Y sign`: what a key signs, its armor, strict parsing, and a second verification.

The verifier of record is `ssh-keygen -Y verify`, called in a layer above. `verify_signature` is our own check beside
it and what a reader of an evidence bundle can run without OpenSSH. It is stricter than the format: one version, one
spelling of base64 and numbers, nothing in the reserved field, and for FIDO keys a touch, without which `ssh-keygen`
would accept the signature.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from runner.errors import SignatureError, UsageError
from runner.proof.encoding import from_base64, to_base64
from runner.proof.public_key import RSA, KeyMaterial, PublicKey, key_from_blob, read_material
from runner.proof.ssh_wire import WireReader, wire_string
from runner.words import N_

MAX_ARMOR: Final = 16 * 1024
"""Characters of an armored signature."""
USER_PRESENT: Final = 0x01
"""FIDO flag: somebody touched the key."""

_BEGIN = "-----BEGIN SSH SIGNATURE-----"
_END = "-----END SSH SIGNATURE-----"
_ARMOR = re.compile(rf"{_BEGIN}\n(?P<lines>(?:[A-Za-z0-9+/=]+\n)+){_END}\n?")
_NAMESPACE = re.compile(r"[!-~]+")
_LINE_LENGTH = 70
_MAGIC = b"SSHSIG"
_VERSION = 1
_MESSAGE_HASHES = {"sha256": hashlib.sha256, "sha512": hashlib.sha512}
_RSA_HASHES: dict[str, hashes.HashAlgorithm] = {"rsa-sha2-256": hashes.SHA256(), "rsa-sha2-512": hashes.SHA512()}
_CURVE_HASHES: dict[str, hashes.HashAlgorithm] = {
    "secp256r1": hashes.SHA256(),
    "secp384r1": hashes.SHA384(),
    "secp521r1": hashes.SHA512(),
}


@dataclass(frozen=True, slots=True)
class SshSignature:
    """An SSHSIG signature as parsed; nothing in it is verified."""

    key: PublicKey
    """The key that claims to have signed."""
    namespace: str
    hash_algorithm: str
    """How the message was hashed: `sha256` or `sha512`."""
    blob: bytes
    """The signature in SSH's wire encoding, as an agent returns it."""
    algorithm: str
    """Signature algorithm named in the blob; the key's type, except for RSA."""
    value: bytes
    """The raw signature inside the blob."""
    flags: int = 0
    """For a FIDO key: what the security key says about the signing; 0 for others."""
    counter: int = 0
    """For a FIDO key: how often it has signed; 0 for others."""


def signed_blob(namespace: str, message: bytes, hash_algorithm: str = "sha512") -> bytes:
    """What the key signs: the message's hash bound to a namespace.

    Raises:
        UsageError: no namespace, or an unknown hash.
    """
    _require_namespace(namespace)
    if hash_algorithm not in _MESSAGE_HASHES:
        raise UsageError(N_("signature: hash {name} is not accepted"), name=hash_algorithm)
    hashed = _MESSAGE_HASHES[hash_algorithm](message).digest()
    fields = (namespace.encode("ascii"), b"", hash_algorithm.encode("ascii"), hashed)
    return _MAGIC + b"".join(map(wire_string, fields))


def armor(public_key_blob: bytes, namespace: str, hash_algorithm: str, signature_blob: bytes) -> str:
    """The signature as text, exactly as `ssh-keygen -Y sign` writes it.

    Raises:
        UsageError: no namespace.
    """
    _require_namespace(namespace)
    fields = (public_key_blob, namespace.encode("ascii"), b"", hash_algorithm.encode("ascii"), signature_blob)
    encoded = to_base64(_MAGIC + _VERSION.to_bytes(4, "big") + b"".join(map(wire_string, fields)))
    lines = [encoded[at : at + _LINE_LENGTH] for at in range(0, len(encoded), _LINE_LENGTH)]
    return "\n".join([_BEGIN, *lines, _END, ""])


def parse(armored: str) -> SshSignature:
    """Take an armored signature apart without verifying it.

    Raises:
        SignatureError: not an SSHSIG signature of an accepted key.
    """
    try:
        return _parse(armored)
    except UsageError as error:
        raise SignatureError(error.message, rule="signature:malformed", hint=error.hint, **error.facts) from error


def user_present(signature: SshSignature) -> bool:
    """Whether a security key vouches that somebody touched it; False for keys that cannot tell."""
    return signature.key.is_fido and bool(signature.flags & USER_PRESENT)


def require_user_present(signature: SshSignature) -> None:
    """Refuse a FIDO signature made without a touch; other keys cannot tell and pass.

    Raises:
        SignatureError: nobody touched the security key.
    """
    if signature.key.is_fido and not user_present(signature):
        raise SignatureError(
            N_("signature: nobody touched the security key {fingerprint}"),
            rule="signature:nobody-present",
            fingerprint=signature.key.fingerprint,
        )


def verify_signature(signature: SshSignature, key: PublicKey, namespace: str, message: bytes) -> None:
    """Check that `key` signed `message` in `namespace`, with a touch where the key can tell.

    Raises:
        SignatureError: another key or namespace, nobody present, or the signature does not fit the message.
    """
    if signature.key.blob != key.blob:
        raise SignatureError(
            N_("signature: key mismatch (got {got}, expected {expected})"),
            rule="signature:other-key",
            got=signature.key.fingerprint,
            expected=key.fingerprint,
        )
    if signature.namespace != namespace:
        raise SignatureError(
            N_("signature: namespace mismatch (got {got}, expected {expected})"),
            rule="signature:other-namespace",
            got=signature.namespace,
            expected=namespace,
        )
    require_user_present(signature)
    material = read_material(key.blob)
    signed = signed_blob(namespace, message, signature.hash_algorithm)
    if key.is_fido:
        signed = _fido_blob(material.application, signature.flags, signature.counter, signed)
    try:
        _verify_value(material, signature, signed)
    except (InvalidSignature, UsageError) as error:
        raise SignatureError(
            N_("signature: does not fit what was signed (key {fingerprint})"),
            rule="signature:invalid",
            fingerprint=key.fingerprint,
        ) from error


def _require_namespace(namespace: str) -> None:
    if not _NAMESPACE.fullmatch(namespace):
        raise UsageError(N_('signature: "{namespace}" cannot be a namespace'), namespace=namespace)


def _parse(armored: str) -> SshSignature:
    reader = WireReader(_unarmor(armored), UsageError)
    if reader.raw(len(_MAGIC)) != _MAGIC or reader.uint32() != _VERSION:
        raise UsageError(N_("signature: expected SSHSIG version 1"))
    key = key_from_blob(reader.string())
    namespace = reader.text()
    reserved = reader.string()
    hash_algorithm = reader.text()
    blob = reader.string()
    reader.end()
    if not namespace or reserved or hash_algorithm not in _MESSAGE_HASHES:
        raise UsageError(N_("signature: expected a namespace, an empty reserved field, and sha256 or sha512"))
    reader = WireReader(blob, UsageError)
    algorithm = reader.text()
    value = reader.string()
    flags, counter = (reader.byte(), reader.uint32()) if key.is_fido else (0, 0)
    reader.end()
    if algorithm not in (_RSA_HASHES if key.type == RSA else {key.type}):
        raise UsageError(
            N_("signature: algorithm {name} does not belong to {type}"), name=algorithm[:80], type=key.type
        )
    return SshSignature(key, namespace, hash_algorithm, blob, algorithm, value, flags, counter)


def _unarmor(armored: str) -> bytes:
    match = _ARMOR.fullmatch(armored) if len(armored) <= MAX_ARMOR else None
    if match is None:
        raise UsageError(N_("signature: expected an armored SSH signature"))
    try:
        return from_base64(match["lines"].replace("\n", ""))
    except ValueError as error:
        raise UsageError(N_("signature: its armor is not base64")) from error


def _fido_blob(application: bytes, flags: int, counter: int, signed: bytes) -> bytes:
    """What a security key puts its signature to (OpenSSH PROTOCOL.u2f)."""
    told = bytes([flags]) + counter.to_bytes(4, "big")
    return hashlib.sha256(application).digest() + told + hashlib.sha256(signed).digest()


def _verify_value(material: KeyMaterial, signature: SshSignature, signed: bytes) -> None:
    if isinstance(material.key, Ed25519PublicKey):
        material.key.verify(signature.value, signed)
    elif isinstance(material.key, RSAPublicKey):
        material.key.verify(signature.value, signed, padding.PKCS1v15(), _RSA_HASHES[signature.algorithm])
    else:
        reader = WireReader(signature.value, UsageError)
        value = encode_dss_signature(reader.positive(), reader.positive())
        reader.end()
        material.key.verify(value, signed, ec.ECDSA(_CURVE_HASHES[material.key.curve.name]))
